import { UnknownSnapshot } from '../../core/event/matcher/snapshot.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import type { TriggerFault } from '../../core/event/trigger-fault.ts';
import { MANY_CHANGES, openTriggerSet, type TriggerSet } from '../../core/event/trigger-set.ts';
import { cached } from '../adapters/cache.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { isMissing, readObject } from '../adapters/objects.ts';

/** A trigger that is activated, changed or paused acts within this time and the second of a request. */
const MAX_AGE_MS = 5_000;
/**
 * Changes are looked for from so long before the last look on: a writer stamps its request's beginning, and is done 15 s
 * later at most; the index of changes follows within a second or so.
 */
const OVERLAP_MS = 60_000;
/** Nobody promises how far the index is behind at worst, so now and then the look goes back much further. */
const RECONCILE_EVERY_MS = 15 * 60_000;
const RECONCILE_MS = 60 * 60_000;
/** Key of the snapshot in the work bucket. There is one, which is written anew. */
export const SNAPSHOT_KEY = 'triggers/current.bin';

/**
 * The triggers in force, at most some seconds old. A new environment reads the snapshot that compile-triggers wrote, then
 * only what has changed since; without a snapshot it reads all triggers. Throws when it cannot tell what has changed: then
 * events wait rather than meet triggers of yesterday.
 */
export const activeTriggers = (
  defs: Definitions,
  bucket: string,
  report: (faults: readonly TriggerFault[], nowMs: number) => void,
) => {
  let set: TriggerSet | undefined;
  let readMs = 0;
  let lookedMs = 0;
  let reconciledMs = Date.now();

  const read = async (): Promise<TriggerSet> => {
    try {
      const response = await readObject(bucket, SNAPSHOT_KEY);
      return openTriggerSet(new Uint8Array(await response.arrayBuffer()));
    } catch (error) {
      // A release may read what the one before it wrote, until compile-triggers has run once.
      if (!isMissing(error) && !(error instanceof UnknownSnapshot)) throw error;
      return openTriggerSet();
    }
  };
  const refresh = async (): Promise<TriggerSet> => {
    const nowMs = Date.now();
    const many = set !== undefined && set.changes() > MANY_CHANGES && nowMs - readMs > OVERLAP_MS;
    if (!set || many) {
      const fresh = await read();
      readMs = nowMs;
      if (!set || fresh.asOfMs > set.asOfMs) {
        if (fresh.asOfMs === 0) report(fresh.apply((await defs.all<Trigger>('trigger')).map(triggerOf)), nowMs);
        lookedMs = fresh.asOfMs || nowMs;
        set = fresh;
      }
    }
    const current = set;
    const isKnown = (id: string, version: number) => version <= current.versionOf(id);
    const reconciles = nowMs - reconciledMs >= RECONCILE_EVERY_MS;
    const backMs = reconciles ? RECONCILE_MS : OVERLAP_MS;
    const changed = await defs.changedSince<Trigger>('trigger', lookedMs - backMs, isKnown);
    report(current.apply(changed.map(triggerOf)), nowMs);
    lookedMs = Math.max(lookedMs, nowMs);
    if (reconciles) reconciledMs = nowMs;
    return current;
  };
  const fresh = cached(MAX_AGE_MS, refresh);
  return (): Promise<TriggerSet> => fresh('all');
};

export const triggerOf = ({ id, version, body }: { id: string; version: number; body: Trigger }): Trigger => ({
  ...body,
  id,
  version,
});
