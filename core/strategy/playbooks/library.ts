import type { Playbook } from '../playbook/playbook.ts';
import { backInStock } from './back-in-stock.ts';
import { couponExpiry } from './coupon-expiry.ts';
import { paymentReminder } from './payment-reminder.ts';
import { priceDrop } from './price-drop.ts';
import { reviewRequest } from './review-request.ts';
import { spendThreshold } from './spend-threshold.ts';
import { winBack } from './win-back.ts';

/** The strategy library, in the order of a customer's life. A new playbook is one file and one line here. */
export const playbooks: readonly Playbook[] = [
  paymentReminder,
  couponExpiry,
  priceDrop,
  backInStock,
  reviewRequest,
  spendThreshold,
  winBack,
];

export const playbookById = (id: string): Playbook | undefined => playbooks.find((playbook) => playbook.id === id);
