import type { ProfileInput } from '../profile.ts';
import { behaviourOf } from './behaviour.ts';
import { clusterName, clusterOf } from './clusters.ts';
import type { Facts } from './facts.ts';
import { likeness } from './lookalike.ts';
import type { Parameters } from './model.ts';
import { bandOf, propensityOf } from './propensity.ts';
import { rfmScores, rfmSegment } from './rfm.ts';

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
