import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { EventCondition, SequenceCondition } from '../../../core/audience/event-condition.ts';
import { eventHolds, historyOf, type SeenEvent, sequenceHolds } from '../../../core/audience/event-predicate.ts';

// The predicate against what the page says, tried out in every way there is.

const NOW = 1_000;
const DAY = 86_400_000;
const event = fc.record({ type: fc.constantFrom('a', 'b', 'c'), timeMs: fc.integer({ min: NOW - 12, max: NOW + 2 }) });
const seen = (events: readonly { type: string; timeMs: number }[]): SeenEvent[] =>
  events.map((one, n) => ({ id: `e${n}`, source: 's', receivedMs: n, properties: {}, ...one }));
/** Some milliseconds, as days. */
const length = fc.integer({ min: 0, max: 8 }).map((ms) => ms / DAY);

/** Every choice of one event for each step. */
const choices = (steps: readonly string[], events: readonly SeenEvent[]): SeenEvent[][] =>
  steps.reduce<SeenEvent[][]>(
    (ways, type) => ways.flatMap((way) => events.filter((one) => one.type === type).map((one) => [...way, one])),
    [[]],
  );

it('a sequence is any choice of events that are in order and near enough', () => {
  let held = 0;
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 3, maxLength: 9 }),
      fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 2, maxLength: 4 }),
      fc.option(length, { nil: undefined }),
      fc.option(length, { nil: undefined }),
      (told, steps, withinDays, days) => {
        const events = seen(told);
        const condition: SequenceCondition = {
          sequence: steps.map((type) => ({ event: type })),
          ...(withinDays !== undefined && { withinDays }),
          ...(days !== undefined && { within: { days } }),
        };
        const inWindow = events.filter(
          ({ timeMs }) => timeMs <= NOW && (days === undefined || timeMs >= NOW - Math.round(days * DAY)),
        );
        const expected = choices(steps, inWindow).some((way) => {
          const times = way.map(({ timeMs }) => timeMs);
          const [first = 0, last = 0] = [times[0], times.at(-1)];
          const isNear = withinDays === undefined || last - first <= Math.round(withinDays * DAY);
          return isNear && times.every((time, n) => n === 0 || time > (times[n - 1] ?? 0));
        });
        held += Number(expected);
        expect(sequenceHolds(condition, historyOf(events), NOW)).toBe(expected);
      },
    ),
    { numRuns: 1_500 },
  );
  expect(held).toBeGreaterThan(50);
});

it('one without another is an event whose time is over, with none of the other kind in it', () => {
  let held = 0;
  fc.assert(
    fc.property(fc.array(event, { maxLength: 8 }), length, fc.constantFrom('a', 'b'), (told, withinDays, other) => {
      const events = seen(told);
      const condition: EventCondition = { event: 'a', without: { event: other, withinDays } };
      const lengthMs = Math.round(withinDays * DAY);
      const after = (at: number) =>
        events.filter(({ type, timeMs }) => type === other && timeMs > at && timeMs <= at + lengthMs && timeMs <= NOW);
      const expected = events.some(
        ({ type, timeMs }) => type === 'a' && timeMs + lengthMs <= NOW && after(timeMs).length === 0,
      );
      held += Number(expected);
      expect(eventHolds(condition, historyOf(events), NOW)).toBe(expected);
    }),
    { numRuns: 500 },
  );
  expect(held).toBeGreaterThan(50);
});

it('a hundred thousand events of one person are not too many arguments', () => {
  const events = seen(Array.from({ length: 150_000 }, (_, n) => ({ type: 'a', timeMs: NOW - (n % 50) })));
  const history = historyOf(events);
  expect(eventHolds({ event: 'a', first: { withinDays: 1 } }, history, NOW)).toBe(true);
  expect(eventHolds({ event: 'a', max: { property: 'x', is: { atLeast: 0 } } }, history, NOW)).toBe(false);
});
