import type { Kind } from './vocabulary.ts';

// The fields that rules ask about, as dotted paths from `{event, profile}`.

/** Texts, with the kind of value that each takes. */
export const TEXTS: [field: string, kind: Kind][] = [
  ['event.channel', 'channel'],
  ['event.order.currency', 'currency'],
  ['event.order.payment.method', 'method'],
  ['event.order.top_category', 'category'],
  ['event.order.top_brand', 'brand'],
  ['event.order.shipping_address.country', 'country'],
  ['event.order.shipping_address.city', 'city'],
  ['event.context.locale', 'locale'],
  ['event.context.device.type', 'device'],
  ['event.context.device.os', 'os'],
  ['event.context.campaign.source', 'source'],
  ['event.context.campaign.medium', 'medium'],
  ['event.order.coupon', 'coupon'],
  ['profile.gender', 'gender'],
  ['profile.country', 'country'],
  ['profile.city', 'city'],
  ['profile.plan', 'plan'],
  ['profile.tier', 'tier'],
  ['profile.lifecycle', 'lifecycle'],
  ['profile.favorite_category', 'category'],
  ['profile.favorite_brand', 'brand'],
  ['profile.preferred_store', 'store'],
  ['profile.preferred_color', 'color'],
  ['profile.clothing_size', 'size'],
  ['profile.acquisition_source', 'source'],
];
export const BOOLEANS = ['profile.push_enabled', 'profile.email_consent', 'profile.sms_consent'];
export const NUMBERS =
  'event.order.total event.order.subtotal event.order.discount event.order.item_count event.order.payment.installments profile.age profile.orders_count profile.ltv profile.aov profile.sessions_30d profile.emails_opened_30d profile.emails_clicked_30d profile.loyalty_points profile.churn_score profile.purchase_score profile.nps profile.last_order_at profile.last_seen_at profile.created_at'.split(
    ' ',
  );
export const PREFIXES: [field: string, prefixes: string[]][] = [
  ['event.context.campaign.name', ['spring', 'summer', 'bf-2025', 'xmas', 'winback', 'vip-']],
  ['event.order.coupon', ['WELC', 'BF', 'VIP', 'SUM', 'LOYAL']],
  ['profile.city', ['Ber', 'Mun', 'Par', 'Lon', 'San', 'Mad']],
  ['profile.acquisition_campaign', ['spring', 'summer', 'bf', 'xmas']],
  ['event.order.shipping_address.zip', ['10', '2', '35', '8', '99']],
];
/** What not every event or profile has. */
export const OPTIONAL = [
  'event.order.coupon',
  'event.context.campaign',
  'event.order.gift_message',
  'profile.company',
  'profile.referrer_id',
];
