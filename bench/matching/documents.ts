import type { Profile } from '../../core/audience/profile.ts';
import type { Facts } from '../../core/event/evaluate.ts';
import { seededRandom } from '../../local/random.ts';
import { below, draw, pick, type Random } from './vocabulary.ts';

/** An event as an app sends it, about 800 bytes of JSON in 31 values, and the person's profile, 1.4 KB in 41. */
export type Pair = {
  event: Record<string, unknown> & { type: string; ts: number };
  profile: Profile['attributes'];
};

/**
 * What engines are given: `{event, profile}` to those from npm, the same values as `facts` to Herald. Parsed from texts,
 * as a Lambda has them.
 */
export type Document = Pair & { facts: Facts };
export type DocumentText = { event: string; profile: string };

const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => below(random, 16).toString(16)).join('');
const cents = (amount: number) => Math.round(amount * 100) / 100;
/** Log-normal by Box and Muller; takes two numbers from `random`. 6.283185 is how the measured workload wrote 2π. */
const logNormal = (random: Random, mu: number, sigma: number): number =>
  Math.exp(mu + sigma * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(6.283185 * random()));

const USER_AGENT =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148';
const NOTES =
  ' Prefers delivery to a pick-up point on weekdays after 17:00, asked twice about carbon-neutral shipping, and had one late parcel in the spring campaign (voucher sent). Eligible for the early-access list; do not contact by phone. Household of two, buys gifts for family in November and December; likes restock alerts. Last agent: M. Schuster, ticket closed with a 5-star rating.';
const MAIL_HOSTS = ['gmail.com', 'web.de', 'outlook.com', 'acme.io'];

/**
 * The n-th order and its buyer. The numbers are taken from `random` in the order in which the members are written, so
 * that order is part of the workload.
 */
const makePair = (random: Random, n: number): Pair => {
  const total = cents(logNormal(random, 4, 0.9));
  const items = 1 + below(random, 6);
  const country = draw(random, 'country');
  const order: Record<string, unknown> = {
    id: `ord_${hex(random, 12)}`,
    total,
    subtotal: cents(total * 0.78),
    tax: cents(total * 0.19),
    shipping: cents(random() * 12),
    discount: cents(random() < 0.5 ? 0 : total * random() * 0.3),
    currency: draw(random, 'currency'),
    item_count: items,
    payment: { method: draw(random, 'method'), installments: 1 + below(random, 4) },
    top_category: draw(random, 'category'),
    top_brand: draw(random, 'brand'),
    shipping_address: { country, city: draw(random, 'city'), zip: String(10_000 + below(random, 89_999)) },
  };
  if (random() < 0.35) order.coupon = draw(random, 'coupon');
  if (random() < 0.1) order.gift_message = 'Happy birthday!';
  const page = `https://shop.example.com/checkout/thanks?o=${hex(random, 12)}`;
  const ip = `10.${below(random, 255)}.${below(random, 255)}.${below(random, 255)}`;
  const locale = draw(random, 'locale');
  const device = { type: draw(random, 'device'), os: draw(random, 'os') };
  const context: Record<string, unknown> = { user_agent: USER_AGENT, page, ip, locale, device };
  if (random() < 0.6) {
    context.campaign = {
      source: draw(random, 'source'),
      medium: draw(random, 'medium'),
      name: draw(random, 'campaign'),
    };
  }
  const ts = 1_760_000_000_000 + n * 1_000;
  const event = {
    id: `evt_${hex(random, 24)}`,
    type: 'order.placed',
    version: 1,
    ts,
    user_id: `usr_${hex(random, 12)}`,
    session_id: `ses_${hex(random, 16)}`,
    channel: draw(random, 'channel'),
    order,
    context,
  };
  return { event, profile: makeProfile(random, n, { id: event.user_id, ts, country, locale }) };
};

type Buyer = { id: string; ts: number; country: string; locale: string };

const makeProfile = (random: Random, n: number, { id, ts, country, locale }: Buyer): Pair['profile'] => {
  const orders = Math.floor(logNormal(random, 1.2, 1));
  const ltv = cents(orders * logNormal(random, 4, 0.7));
  const profile: Pair['profile'] = {
    id,
    email: `user${n}.${hex(random, 5)}@${pick(random, MAIL_HOSTS)}`,
    phone: `+49${below(random, 1e10)}`,
    first_name: 'Alexandra',
    last_name: `Muster-${hex(random, 4)}`,
    gender: draw(random, 'gender'),
    age: 18 + below(random, 60),
    country,
    city: draw(random, 'city'),
    locale,
    timezone: 'Europe/Berlin',
    plan: draw(random, 'plan'),
    tier: draw(random, 'tier'),
    lifecycle: draw(random, 'lifecycle'),
    created_at: 1_600_000_000_000 + below(random, 1.5e11),
    last_seen_at: ts - below(random, 9e9),
    last_order_at: ts - below(random, 9e9),
    orders_count: orders,
    ltv,
    aov: orders ? cents(ltv / orders) : 0,
    refunds_count: below(random, 3),
    sessions_30d: Math.floor(logNormal(random, 1.5, 1)),
    emails_sent_30d: below(random, 20),
    emails_opened_30d: below(random, 12),
    emails_clicked_30d: below(random, 5),
    push_enabled: random() < 0.4,
    email_consent: random() < 0.8,
    sms_consent: random() < 0.3,
    loyalty_points: Math.floor(logNormal(random, 5, 1.2)),
    churn_score: cents(random()),
    purchase_score: cents(random()),
    favorite_category: draw(random, 'category'),
    favorite_brand: draw(random, 'brand'),
    preferred_store: draw(random, 'store'),
    preferred_color: draw(random, 'color'),
    clothing_size: draw(random, 'size'),
    acquisition_source: draw(random, 'source'),
    acquisition_campaign: draw(random, 'campaign'),
    nps: below(random, 11),
    tags: [draw(random, 'tier'), draw(random, 'category'), draw(random, 'source')],
    notes: `Imported from the legacy CRM during migration wave 3; verified by support. ${hex(random, 40)}${NOTES}`,
  };
  if (random() < 0.3) profile.company = `Company ${hex(random, 4)}`;
  if (random() < 0.25) profile.referrer_id = `usr_${hex(random, 12)}`;
  return profile;
};

/** Orders with their buyers, the same for the same seed. */
export const makePairs = (count = 512, seed = 7): Pair[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, n) => makePair(random, n));
};

export const textOf = ({ event, profile }: Pair): DocumentText => ({
  event: JSON.stringify(event),
  profile: JSON.stringify(profile),
});

export const documentOf = (text: DocumentText): Document => {
  const event = JSON.parse(text.event) as Pair['event'];
  const profile = JSON.parse(text.profile) as Pair['profile'];
  const { type, ts: timeMs } = event;
  // An app names the type and the time beside the properties; parsed again, so that engines share no object.
  const { type: _, ts: __, ...properties } = JSON.parse(text.event) as Pair['event'];
  return { event, profile, facts: { event: { type, timeMs, properties }, profile: { attributes: profile } } };
};
