import type { Playbook } from '../playbook/playbook.ts';
import { activation } from './activation.ts';
import { backInStock } from './back-in-stock.ts';
import { birthday } from './birthday.ts';
import { browseAbandonment } from './browse-abandonment.ts';
import { cartAbandonment } from './cart-abandonment.ts';
import { churnRescue } from './churn-rescue.ts';
import { couponExpiry } from './coupon-expiry.ts';
import { leadNurturing } from './lead-nurturing.ts';
import { paymentReminder } from './payment-reminder.ts';
import { postPurchase } from './post-purchase.ts';
import { priceDrop } from './price-drop.ts';
import { repurchase } from './repurchase.ts';
import { reviewRequest } from './review-request.ts';
import { spendThreshold } from './spend-threshold.ts';
import { sunset } from './sunset.ts';
import { welcome } from './welcome.ts';
import { winBack } from './win-back.ts';

/** The strategy library, in the order of a customer's life. A new playbook is one file and one line here. */
export const playbooks: readonly Playbook[] = [
  leadNurturing,
  welcome,
  activation,
  browseAbandonment,
  cartAbandonment,
  paymentReminder,
  couponExpiry,
  priceDrop,
  backInStock,
  postPurchase,
  reviewRequest,
  repurchase,
  spendThreshold,
  birthday,
  churnRescue,
  winBack,
  sunset,
];

export const playbookById = (id: string): Playbook | undefined => playbooks.find((playbook) => playbook.id === id);
