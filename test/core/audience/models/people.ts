import type { Facts } from '../../../../core/audience/models/facts.ts';

/** Facts of somebody at the fit's own instant; what is not said is nothing. */
export const facts = (profileId: string, more: Partial<Facts> = {}): Facts => ({
  profileId,
  part: 'now',
  purchases: 1,
  firstMs: 0,
  lastMs: 0,
  amount: 0,
  recent: 0,
  earlier: 0,
  later: 0,
  was: [],
  seed: false,
  traits: {},
  ...more,
});
