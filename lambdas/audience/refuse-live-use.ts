import type { Definitions } from '../adapters/definitions.ts';
import { Problem } from '../middleware/problem.ts';
import { listeningPlans } from './listening-plans.ts';

/** Throws `in-use` when plans in force, or submitted, listen to the segment: its rule is changed by an approval then. */
export const refuseLiveUse = async (defs: Definitions, segmentId: string): Promise<void> => {
  const plans = await listeningPlans(defs, segmentId);
  if (plans.length === 0) return;
  const named = plans.slice(0, 10).map(({ name }) => `“${name}”`);
  throw new Problem(
    'in-use',
    `What is in force, or submitted, listens to it: ${named.join(', ')}. Submit the new rule for approval, or write another segment`,
  );
};
