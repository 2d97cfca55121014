import type { SeenEvent } from '../event-predicate.ts';
import type { LiveSegment } from './live-segment.ts';
import { PROFILE_CHANGED } from './membership-change.ts';
import { asksAbout, concerns, type Watched, watchedOf } from './watched.ts';

/** A live segment that reacts at once, ready to be asked. */
export type AtOnce = { live: LiveSegment; watched: readonly Watched[]; asks: ReturnType<typeof asksAbout> };

/** The live segments in force. What they ask of events is looked up by type: an event that none wants costs one look. */
export type LiveSet = {
  /** Whether an event of this type may change who is in some segment. */
  wants(eventType: string): boolean;
  /** Those that look at the event: all of them at a change of the profile. */
  concernedBy(event: Pick<SeenEvent, 'type' | 'properties'>): AtOnce[];
  get(id: string): AtOnce | undefined;
  versionOf(id: string): number;
  /** Takes in definitions as they now are; those that this release cannot carry out are left out and named. */
  apply(changed: readonly LiveSegment[]): { id: string; error: string }[];
};

export const liveSet = (): LiveSet => {
  const versions = new Map<string, number>();
  const inForce = new Map<string, AtOnce>();
  let byType = new Map<string, AtOnce[]>();

  const apply: LiveSet['apply'] = (changed) => {
    const faults: { id: string; error: string }[] = [];
    for (const live of changed) {
      if (live.version <= (versions.get(live.id) ?? 0)) continue;
      versions.set(live.id, live.version);
      inForce.delete(live.id);
      try {
        const ready = atOnce(live);
        if (ready) inForce.set(live.id, ready);
      } catch (error) {
        faults.push({ id: live.id, error: String(error) });
      }
    }
    byType = new Map();
    for (const one of inForce.values()) {
      for (const type of new Set(one.watched.map(({ pattern }) => pattern.event))) {
        byType.set(type, [...(byType.get(type) ?? []), one]);
      }
    }
    return faults;
  };

  return {
    wants: (type) => byType.has(type) || (type === PROFILE_CHANGED && inForce.size > 0),
    concernedBy: (event) => {
      if (event.type === PROFILE_CHANGED) return [...inForce.values()];
      const asking = byType.get(event.type) ?? [];
      return asking.filter(({ watched }) => watched.some(({ pattern }) => concerns(pattern, event)));
    },
    get: (id) => inForce.get(id),
    versionOf: (id) => versions.get(id) ?? 0,
    apply,
  };
};

/** Undefined for one that is off, or follows its schedule only. */
export const atOnce = (live: LiveSegment): AtOnce | undefined =>
  live.state === 'off' || !live.atOnce
    ? undefined
    : { live, watched: watchedOf(live.segment), asks: asksAbout(live.segment) };
