import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LEAD_LATENESS_MS, type LeadState } from '../../../core/audience/lead.ts';
import { mergeLead } from '../../../core/audience/lead-decisions.ts';
import { halfLifeMsOf, type LeadRule } from '../../../core/audience/lead-model.ts';
import { scoreAt } from '../../../core/audience/lead-score.ts';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import { afterEvents, DAY, event, model, NOW, pricing, view } from './lead-world.ts';

const scoreOf = (state: LeadState | undefined, atMs: number) => scoreAt(state as LeadState, atMs);

/** The twin: from the whole list of events, the first copy of each, by the definition. */
type Happened = { event: AcceptedEvent; rules: readonly LeadRule[]; atMs: number };
const twinScore = (halfLifeDays: number, happened: readonly Happened[], nowMs: number): number => {
  const first = new Map<string, Happened>();
  for (const one of happened) if (!first.has(one.event.id)) first.set(one.event.id, one);
  const counted = [...first.values()]
    .map((one) => ({ ...one, timeMs: Math.min(one.event.timeMs, one.event.receivedMs) }))
    .filter(({ timeMs, atMs }) => timeMs >= atMs - LEAD_LATENESS_MS);
  const rules = new Set(counted.flatMap((one) => one.rules));
  let sum = 0;
  for (const rule of rules) {
    const times = counted.filter((one) => one.rules.includes(rule)).map(({ timeMs }) => timeMs);
    const perDay = new Map<number, number>();
    let all = 0;
    for (const timeMs of times.sort((a, b) => a - b)) {
      const day = Math.floor(timeMs / DAY);
      const n = perDay.get(day) ?? 0;
      if (n >= (rule.capPerDay ?? Number.POSITIVE_INFINITY) || all >= (rule.maxTimes ?? Number.POSITIVE_INFINITY))
        continue;
      perDay.set(day, n + 1);
      all += 1;
      sum += rule.points * 2 ** (-Math.max(0, nowMs - timeMs) / halfLifeMsOf({ halfLifeDays }, rule));
    }
  }
  return sum;
};

const RULES: LeadRule[] = [
  view,
  { ...pricing, halfLifeDays: 3 },
  { ...view, label: 'Daily', capPerDay: 2 },
  { ...view, label: 'Thrice', points: -7, maxTimes: 3 },
  { ...view, label: 'Both', capPerDay: 1, maxTimes: 4, halfLifeDays: 40 },
];
const scoring = model({ rules: RULES });
const happening = fc.record({
  id: fc.integer({ min: 0, max: 30 }),
  /** Days from NOW at which it arrives, and days before that when it happened. */
  arrives: fc.double({ min: 0, max: 60, noNaN: true }),
  late: fc.double({ min: -1, max: 8, noNaN: true }),
  rules: fc.subarray(RULES, { minLength: 1 }),
});
type Happening = { id: number; arrives: number; late: number; rules: LeadRule[] };
const listOf = (happenings: readonly Happening[]): Happened[] => {
  const known = new Map<number, Happened>();
  return happenings
    .toSorted((a, b) => a.arrives - b.arrives)
    .map(({ id, arrives, late, rules }) => {
      const atMs = NOW + Math.floor(arrives * DAY);
      const happened = known.get(id) ?? {
        event: event(atMs - Math.floor(late * DAY), { id: `p${id}`, receivedMs: atMs }),
        rules,
        atMs,
      };
      known.set(id, happened);
      return { ...happened, atMs };
    });
};

/** All arrive at one moment, so that none of them is too late. */
const inWeek = (one: Happening) => ({ ...one, arrives: 8, late: Math.max(0, Math.min(6.9, one.late)) });

describe('against a twin that reckons from the whole list of events', () => {
  test('late, repeated and disordered events over two months: the same score at any time', () => {
    fc.assert(
      fc.property(
        fc.array(happening, { minLength: 1, maxLength: 40 }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (happenings, laterDays) => {
          const list = listOf(happenings);
          const state = afterEvents(scoring, list);
          const nowMs = Math.max(...list.map(({ atMs }) => atMs)) + Math.floor(laterDays * DAY);
          const score = state ? scoreAt(state, nowMs) : 0;
          expect(score).toBeCloseTo(twinScore(scoring.halfLifeDays, list, nowMs), 6);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('the order in which events of a week arrive makes no difference', () => {
    fc.assert(
      fc.property(
        fc.array(happening, { minLength: 1, maxLength: 30 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (happenings, random) => {
          const list = listOf(happenings.map(inWeek));
          const draws = random[Symbol.iterator]();
          const shuffled = list.map((one) => ({ one, at: draws.next().value as number })).sort((a, b) => a.at - b.at);
          // The first copy of an event is the one that counts, so all copies are alike here.
          const [a, b] = [
            afterEvents(scoring, list),
            afterEvents(
              scoring,
              shuffled.map(({ one }) => one),
            ),
          ];
          expect(scoreOf(a, NOW + 9 * DAY)).toBeCloseTo(scoreOf(b, NOW + 9 * DAY), 8);
          expect(a?.kept).toEqual(b?.kept);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('a lead that was made of two ids is the lead of both lists, each event once', () => {
    const list = fc.array(happening, { minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(list, list, list, (mine, theirs, shared) => {
        // Caps of both together are exact while the events are kept one by one, so all happened within a week.
        const within = (some: typeof mine, idFrom: number) =>
          listOf(some.map((one) => inWeek({ ...one, id: one.id + idFrom })));
        const both = within(shared, 200);
        const [own, anonymous] = [
          [...within(mine, 0), ...both],
          [...within(theirs, 100), ...both],
        ];
        const person = { alias: 'phone', profileId: 'ada' };
        const from = afterEvents(scoring, anonymous) as LeadState;
        const { state } = mergeLead(scoring, afterEvents(scoring, own), from, person, NOW + 8 * DAY);
        const twin = twinScore(scoring.halfLifeDays, [...own, ...anonymous], NOW + 9 * DAY);
        expect(scoreOf(state, NOW + 9 * DAY)).toBeCloseTo(twin, 6);
        expect(mergeLead(scoring, state, from, person, NOW + 8 * DAY)).toEqual({});
      }),
      { numRuns: 200 },
    );
  });

  test('sums of what is folded are merged too, once', () => {
    const plain = model({ rules: [view] });
    const own = afterEvents(plain, [
      { event: event(NOW - 40 * DAY), rules: [view] },
      { event: event(NOW - 20 * DAY), rules: [view] },
    ]);
    const from = afterEvents(plain, [
      { event: event(NOW - 30 * DAY), rules: [view] },
      { event: event(NOW - 1), rules: [view] },
    ]);
    const { state } = mergeLead(plain, own, from as LeadState, { alias: 'phone', profileId: 'ada' }, NOW);
    expect(scoreOf(state, NOW)).toBeCloseTo(2 / 16 + 2 / 4 + 2 / 8 + 2, 6);
  });
});
