import fc from 'fast-check';
import type { SeenEvent } from '../../../../core/audience/event-predicate.ts';
import type { LiveSegment } from '../../../../core/audience/live/live-segment.ts';
import { currentMembership, decided, type Membership } from '../../../../core/audience/live/membership.ts';
import { changeEvent } from '../../../../core/audience/live/membership-change.ts';
import { remember } from '../../../../core/audience/live/memory.ts';
import { obstacles, watchedOf } from '../../../../core/audience/live/watched.ts';
import type { Profile } from '../../../../core/audience/profile.ts';
import type { ResolvedSegment } from '../../../../core/audience/segment.ts';
import type { Person } from '../../../../core/audience/segment-predicate.ts';
import type { AcceptedEvent } from '../../../../core/event/event.ts';
import { eventWithCopies, person } from '../person-arbitrary.ts';
import { CONSENTS, LISTS, NOW_MS, segments } from '../segment-arbitrary.ts';

const DAY_MS = 86_400_000;

/** Generated segments that can be decided at once. */
export const decidable: fc.Arbitrary<ResolvedSegment> = segments.filter((one) => obstacles(one).length === 0);

/** Who somebody is, beside what they did. */
export type Known = Omit<Person, 'events'>;
/** What happens to one person, each at the time at which Herald hears of it. */
export type Happening = { atMs: number } & ({ event: SeenEvent } | { known: Known } | { look: true });

const soon = fc.constantFrom(0, 1, 90, 3_600_000, 5 * 3_600_000);
const arrivals = fc
  .array(fc.tuple(eventWithCopies, fc.array(soon, { minLength: 3, maxLength: 3 })), { maxLength: 14 })
  .map((all) =>
    all.flatMap(([{ type, source, timeMs, properties, delayMs, copies, shiftMs }, lags], n) =>
      Array.from({ length: copies + 1 }, (_, copy): Happening => {
        // Nobody's clock is ahead by more than a day; a copy is sent again within one, with a time of its own or not.
        const receivedMs = Math.max(timeMs - DAY_MS / 2, timeMs) + delayMs + copy * 1_800_000;
        const event = { id: `e${n}`, source, type, timeMs: timeMs + copy * shiftMs, receivedMs };
        const seen = { ...event, properties: JSON.parse(JSON.stringify(properties)) as Record<string, unknown> };
        // Queues deliver what arrived first not always first.
        return { atMs: receivedMs + (lags[copy] ?? 0), event: seen };
      }),
    ),
  );

const pick = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
const changes = fc
  .array(
    fc.tuple(
      person,
      fc.subarray(LISTS),
      fc.dictionary(fc.constantFrom(...CONSENTS), fc.boolean()),
      fc.integer({ min: NOW_MS - 40 * DAY_MS, max: NOW_MS + DAY_MS }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) =>
    all.map(([{ versions }, lists, consents, atMs], n): Happening => {
      const profile = { profileId: 'ada', version: n + 1, updatedMs: 0, ...pick(versions[0] ?? {}) } as Profile;
      return { atMs, known: { profile, consents, lists: new Set(lists) } };
    }),
  );
/** Moments at which somebody compares, also long after all has happened. */
const looks = fc
  .array(fc.integer({ min: NOW_MS - 40 * DAY_MS, max: NOW_MS + 60 * DAY_MS }), { maxLength: 12 })
  .map((all) => all.map((atMs): Happening => ({ atMs, look: true })));

export const history: fc.Arbitrary<Happening[]> = fc
  .tuple(arrivals, changes, looks)
  .map((parts) => parts.flat().sort((a, b) => a.atMs - b.atMs));

export const liveOf = (segment: ResolvedSegment): LiveSegment => ({
  ...{ id: 's1', version: 1, name: 'Segment', state: 'live', stateMs: 0, segment, epoch: 1, atOnce: true },
  ...{ refresh: 'daily', announceFirst: false, author: 'mia', chain: 1, dueMs: 0 },
});

/** The at-once path for one person, with a clock that rings whatever timer it sets. Everything may be shown twice. */
export const atOncePath = (segment: ResolvedSegment) => {
  const live = liveOf(segment);
  const watched = watchedOf(segment);
  const told: AcceptedEvent[] = [];
  let stored: Membership = currentMembership(undefined, live);
  let known: Known | undefined;

  const settle = (events: readonly SeenEvent[], nowMs: number) => {
    const { pending: _told, ...rest } = stored;
    const next = decided(
      { ...rest, memory: remember(rest.memory, watched, events, nowMs) },
      live,
      watched,
      known,
      nowMs,
    );
    if (next.pending?.announced) told.push(changeEvent(live, 'ada', next.pending));
    stored = next;
  };
  return {
    told,
    membership: () => stored,
    /** All timers until then ring. */
    advance(toMs: number) {
      for (let rings = 0; stored.lookMs !== undefined && stored.lookMs <= toMs; rings += 1) {
        if (rings > 5_000) throw new Error('A timer sets itself for ever');
        const { lookMs, ...rest } = stored;
        stored = rest;
        settle([], lookMs);
      }
    },
    happens(what: Happening) {
      this.advance(what.atMs);
      if ('look' in what) return;
      if ('known' in what) known = what.known;
      const events = 'event' in what ? [what.event] : [];
      settle(events, what.atMs);
      settle(events, what.atMs);
    },
  };
};
