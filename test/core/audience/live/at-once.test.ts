import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SeenEvent } from '../../../../core/audience/event-predicate.ts';
import { ENTERED, LEFT } from '../../../../core/audience/live/membership-change.ts';
import { isComplete, MAX_MEMORY_BYTES } from '../../../../core/audience/live/memory.ts';
import { watchedOf } from '../../../../core/audience/live/watched.ts';
import type { ResolvedSegment } from '../../../../core/audience/segment.ts';
import { isMember } from '../../../../core/audience/segment-predicate.ts';
import { atOncePath, decidable, type Happening, history, type Known } from './person-history.ts';

/** The plain twin: everything that was heard of, asked of the predicate anew each time. */
const plainTwin = () => {
  const events: SeenEvent[] = [];
  let known: Known | undefined;
  return {
    happens(what: Happening) {
      if ('event' in what) events.push(what.event);
      if ('known' in what) known = what.known;
    },
    answer: (segment: Parameters<typeof isMember>[0], nowMs: number) =>
      known !== undefined && isMember(segment, { ...known, events }, nowMs),
  };
};

test('what is decided as things happen is at every instant what the predicate says over the whole history', () => {
  let flips = 0;
  let compared = 0;
  fc.assert(
    fc.property(decidable, history, (segment, happenings) => {
      const path = atOncePath(segment);
      const twin = plainTwin();
      for (const what of happenings) {
        path.happens(what);
        twin.happens(what);
        const shown = `${JSON.stringify(segment)} at ${what.atMs}`;
        expect(path.membership().member, shown).toBe(twin.answer(segment, what.atMs));
        compared += 1;
      }
      const types = path.told.map(({ type }) => type);
      expect(types).toEqual(types.map((_, n) => (n % 2 === 0 ? ENTERED : LEFT)));
      expect(new Set(path.told.map(({ id }) => id)).size).toBe(types.length);
      const times = path.told.map(({ timeMs }) => timeMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      flips += types.length;
    }),
    { numRuns: 400 },
  );
  // The generators must make people enter and leave, else the agreement says nothing.
  expect(flips).toBeGreaterThan(100);
  expect(compared).toBeGreaterThan(4_000);
});

const DAY_MS = 86_400_000;
/** Segments that read a long text of each event, and people who do a lot. */
const wordy = fc
  .tuple(fc.constantFrom(1, 3, 7), fc.integer({ min: 1, max: 14 }), fc.boolean(), fc.constantFrom(undefined, 2, 6))
  .map(([days, atLeast, negated, ever]): ResolvedSegment => {
    const about = { event: 'visit', where: [{ property: 'page', exists: true }] };
    const within: ResolvedSegment = { ...about, count: { atLeast }, within: { days } };
    const often: ResolvedSegment[] = ever === undefined ? [] : [{ ...about, count: { moreThan: ever } }];
    return { all: [negated ? { not: within } : within, ...often] };
  });
const busyPerson = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 12 * DAY_MS }), fc.constantFrom(0, 60_000, DAY_MS)), {
    minLength: 20,
    maxLength: 40,
  })
  .map((all): Happening[] => [
    {
      atMs: 0,
      known: {
        profile: { profileId: 'ada', version: 1, updatedMs: 0, attributes: {} },
        consents: {},
        lists: new Set(),
      },
    },
    ...all
      .map(([timeMs, lateMs], n): Happening => {
        const event = { id: `e${n}`, source: 'shop', type: 'visit', timeMs, receivedMs: timeMs + lateMs };
        return { atMs: timeMs + lateMs, event: { ...event, properties: { page: `${n}`.padEnd(700, '/') } } };
      })
      .sort((a, b) => a.atMs - b.atMs),
    ...[13, 15, 18, 25].map((days): Happening => ({ atMs: days * DAY_MS, look: true })),
  ]);

test('somebody who does more than is remembered is decided again, rightly, once that has aged', () => {
  let forgot = 0;
  let healed = 0;
  fc.assert(
    fc.property(wordy, busyPerson, (segment, happenings) => {
      const watched = watchedOf(segment);
      const path = atOncePath(segment);
      const twin = plainTwin();
      let wasLost = false;
      for (const what of happenings) {
        path.happens(what);
        twin.happens(what);
        const { memory, member } = path.membership();
        expect(Buffer.byteLength(JSON.stringify(memory.events))).toBeLessThanOrEqual(MAX_MEMORY_BYTES);
        if (isComplete(memory, watched, what.atMs)) {
          if (wasLost) healed += 1;
          expect(member, `${JSON.stringify(segment)} at ${what.atMs}`).toBe(twin.answer(segment, what.atMs));
        } else wasLost = true;
      }
      if (wasLost) forgot += 1;
    }),
    { numRuns: 200 },
  );
  expect(forgot).toBeGreaterThan(20);
  expect(healed).toBeGreaterThan(20);
});
