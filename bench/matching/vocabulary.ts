export type Random = () => number;

const numbered = (count: number, name: (n: number) => string) => Array.from({ length: count }, (_, n) => name(n));
const cycled = (names: string, n: number) => names.split(' ')[n % names.split(' ').length];

/** The values that texts of events, profiles and rules take, the frequent ones first. */
const VALUES = {
  country: 'DE US FR GB ES IT NL PL SE AT CH BE DK NO FI PT IE CZ GR HU'.split(' '),
  city: numbered(120, (n) => `${cycled('Ber Mun Par Lon New San Mad Rom Ams War', n)}ville-${n}`),
  plan: 'free starter pro business enterprise'.split(' '),
  currency: 'EUR USD GBP PLN SEK CHF'.split(' '),
  method: 'card paypal klarna sepa applepay giftcard'.split(' '),
  device: 'mobile desktop tablet'.split(' '),
  os: 'ios android windows macos linux'.split(' '),
  locale: 'de-DE en-US fr-FR en-GB es-ES it-IT nl-NL pl-PL'.split(' '),
  source: 'google newsletter facebook instagram direct affiliate tiktok bing'.split(' '),
  medium: 'cpc email social organic referral'.split(' '),
  campaign: numbered(60, (n) => `${cycled('spring summer bf xmas winback vip', n)}-2025-${String(n).padStart(3, '0')}`),
  category: numbered(40, (n) => `cat-${n}`),
  brand: numbered(50, (n) => `brand-${n}`),
  coupon: numbered(30, (n) => `${cycled('WELCOME BF VIP SUMMER LOYAL', n)}${10 + n}`),
  tier: 'bronze silver gold platinum'.split(' '),
  gender: 'f m x'.split(' '),
  channel: 'web app pos'.split(' '),
  lifecycle: 'new active at_risk lapsed churned'.split(' '),
  store: numbered(25, (n) => `store-${n}`),
  color: 'black white red blue green'.split(' '),
  size: 'xs s m l xl'.split(' '),
};
export type Kind = keyof typeof VALUES;

/** Cumulative shares of `count` values of which the n-th is 1/n^0.9 as frequent as the first: few are common, many rare. */
const zipfShares = (count: number): number[] => {
  const weights = Array.from({ length: count }, (_, n) => 1 / (n + 1) ** 0.9);
  const total = weights.reduce((sum, weight) => sum + weight);
  let share = 0;
  return weights.map((weight) => {
    share += weight / total;
    return share;
  });
};
const SHARES = Object.fromEntries(
  Object.entries(VALUES).map(([kind, values]) => [kind, zipfShares(values.length)]),
) as Record<Kind, number[]>;

/** One value of the kind, by its share. Takes one number from `random`. */
export const draw = (random: Random, kind: Kind): string => {
  const at = random();
  const found = SHARES[kind].findIndex((share) => share >= at);
  return VALUES[kind].at(found)!;
};

/** One item of the list, each as likely. */
export const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)]!;
/** A whole number from 0 to `count` - 1; counts above 2^31 wrap round, as they did when the workload was first measured. */
export const below = (random: Random, count: number): number => (random() * count) | 0;
