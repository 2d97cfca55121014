import type { LeadModel } from '../../core/audience/lead-model.ts';
import { type LeadModelSet, leadModelSet } from '../../core/audience/lead-model-set.ts';
import type { TriggerFault } from '../../core/event/trigger-fault.ts';
import { cached } from '../adapters/cache.ts';
import type { Definitions, Stored } from '../adapters/definitions.ts';

/** As for triggers (active-triggers.ts): a change acts within so long and the second of a request. */
const MAX_AGE_MS = 5_000;
/** Changes are looked for from so long before the last look on; see active-triggers.ts. */
const OVERLAP_MS = 60_000;
/** Nobody promises how far the index of changes is behind at worst, so now and then all models are read: they are few. */
const RECONCILE_EVERY_MS = 15 * 60_000;

/**
 * The lead models, at most some seconds old. Throws when it cannot tell what has changed: then events wait rather than be
 * scored by yesterday's rules.
 */
export const activeLeadModels = (
  defs: Definitions,
  report: (faults: readonly TriggerFault[], nowMs: number) => void,
) => {
  const models = new Map<string, LeadModel>();
  let set: LeadModelSet | undefined;
  let lookedMs = 0;
  let readMs = 0;

  const changedModels = async (nowMs: number): Promise<Stored<LeadModel>[]> => {
    if (set && nowMs - readMs < RECONCILE_EVERY_MS) {
      const isKnown = (id: string, version: number) => version <= (models.get(id)?.version ?? 0);
      return defs.changedSince<LeadModel>('lead-model', lookedMs - OVERLAP_MS, isKnown);
    }
    const all = await defs.all<LeadModel>('lead-model');
    readMs = nowMs;
    return all;
  };
  const refresh = async (): Promise<LeadModelSet> => {
    const nowMs = Date.now();
    const changed = (await changedModels(nowMs)).filter(({ id, version }) => version > (models.get(id)?.version ?? 0));
    for (const { id, version, body } of changed) models.set(id, { ...body, id, version });
    lookedMs = nowMs;
    if (set && changed.length === 0) return set;
    const made = leadModelSet([...models.values()]);
    set = made.set;
    if (made.faults.length > 0) report(made.faults, nowMs);
    return set;
  };
  const fresh = cached(MAX_AGE_MS, refresh);
  return (): Promise<LeadModelSet> => fresh('all');
};
