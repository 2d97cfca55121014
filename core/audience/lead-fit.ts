import { type Facts, holds } from '../event/evaluate.ts';
import { round2, type Share } from './lead.ts';
import type { LeadModel } from './lead-model.ts';
import type { Profile } from './profile.ts';

/** What the profile gives to the score. Dates are judged as of `nowMs`. */
export const fitOf = ({ fit = [] }: Pick<LeadModel, 'fit'>, profile: Profile | undefined, nowMs: number): Share[] => {
  const facts: Facts = { event: { type: '', timeMs: nowMs, properties: {} }, ...(profile && { profile }) };
  return fit
    .filter(({ where }) => where.every((one) => holds(one, facts)))
    .map(({ label, points }) => ({ label, points: round2(points) }));
};
