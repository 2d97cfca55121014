import { planVersionId } from '../../core/strategy/plan-hash.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { type Definitions, VersionConflict } from './definitions.ts';

/** Stores a frozen plan. Its id is its content's hash, so that one that exists already is the same one. */
export const storePlanVersion = async (defs: Definitions, plan: PlanVersion, nowMs: number): Promise<void> => {
  try {
    await defs.put('plan-version', planVersionId(plan.planId, plan.hash), plan, 0, nowMs);
  } catch (error) {
    if (!(error instanceof VersionConflict)) throw error;
  }
};

/** The frozen plan. It never changes, so a caller may keep it for ever. Undefined when it is not there. */
export const findPlanVersion = async (
  defs: Definitions,
  planId: string,
  hash: string,
): Promise<PlanVersion | undefined> => (await defs.get<PlanVersion>('plan-version', planVersionId(planId, hash)))?.body;

/** The same of a plan that its caller cannot do without: throws when it is not there. */
export const loadPlanVersion = async (defs: Definitions, planId: string, hash: string): Promise<PlanVersion> => {
  const plan = await findPlanVersion(defs, planId, hash);
  if (!plan) throw new Error(`No plan version ${planVersionId(planId, hash)}`);
  return plan;
};
