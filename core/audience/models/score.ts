import type { ProfileInput } from '../profile.ts';
import { behaviourOf } from './behaviour.ts';
import { clusterName, clusterOf, MAX_CLUSTERS } from './clusters.ts';
import type { Facts } from './facts.ts';
import { likeness } from './lookalike.ts';
import type { Parameters } from './model.ts';
import { BANDS, bandOf, propensityOf } from './propensity.ts';
import { RFM_SEGMENTS, rfmScores, rfmSegment } from './rfm.ts';

export const LIKE_THE_SEED = 'similar';

/**
 * The person's values of the model's attributes, in the order of attributesOf(); null where they have none: whoever never
 * bought has no place among buyers, and a lookalike marks only those it was made for.
 */
export const valuesOf = (parameters: Parameters, facts: Facts, cutMs: number): (string | number | null)[] => {
  if (parameters.type === 'lookalike') {
    return [!facts.seed && likeness(parameters, facts, cutMs) >= parameters.threshold ? LIKE_THE_SEED : null];
  }
  if (facts.purchases === 0) return parameters.type === 'rfm' ? [null, null, null, null] : [null];
  if (parameters.type === 'rfm') {
    const scores = rfmScores(parameters.cuts, facts);
    return [rfmSegment(scores), scores.recency, scores.frequency, scores.monetary];
  }
  if (parameters.type === 'clusters') return [clusterName(clusterOf(parameters, behaviourOf(facts, cutMs)))];
  return [bandOf(propensityOf(parameters, facts, cutMs), parameters)];
};

/** What a transition begins with where the person's value is none that the model gives: somebody wrote it by hand. */
export const OTHER = 'other';

/** The person's value of the first attribute, as transitions name it: of few, whatever there is in profiles. */
export const cameFrom = (parameters: Parameters, was: string | undefined): string | undefined =>
  was === undefined || firstValues(parameters).includes(was) ? was : OTHER;

const firstValues = (parameters: Parameters): readonly string[] => {
  if (parameters.type === 'rfm') return RFM_SEGMENTS;
  if (parameters.type === 'propensity') return BANDS;
  if (parameters.type === 'lookalike') return [LIKE_THE_SEED];
  // An earlier version may have had more clusters than this one.
  return Array.from({ length: MAX_CLUSTERS }, (_, n) => clusterName(n));
};

/** What is to be merged into the person's profile; undefined when they have all these values already. */
export const attributeChange = (
  attributes: readonly string[],
  was: readonly (string | undefined)[],
  values: readonly (string | number | null)[],
): NonNullable<ProfileInput['attributes']> | undefined => {
  const changed = attributes.flatMap((name, n): [string, string | number | null][] => {
    const value = values[n] ?? null;
    return (value === null ? undefined : String(value)) === was[n] ? [] : [[name, value]];
  });
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
};
