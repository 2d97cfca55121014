import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { PropertyTree } from '../../../core/audience/event-condition.ts';
import type { OutcomeRow } from '../../../core/delivery/outcome.ts';
import type { EventRow } from '../../../core/event/event.ts';
import { campaignReportOf, campaignReportQuery } from '../../../core/measurement/campaign-report.ts';
import {
  type VariantsAsked,
  variantCountsOf,
  variantCountsQuery,
  variantFigures,
} from '../../../core/measurement/variants-sql.ts';
import { armAt, bucketOf } from '../../../core/strategy/assignment.ts';
import type { AmountCount } from '../../../core/strategy/experiment/amount-tests.ts';
import type { ExperimentInput } from '../../../core/strategy/experiment/campaign-experiment.ts';
import { seededBy } from '../../../core/strategy/experiment/random.ts';
import { createLake, type Lake } from '../lake.ts';
import { amountCount } from '../strategy/experiment/amounts.ts';

const NOW = Date.parse('2026-03-15T12:00:00Z');
const HOUR = 3_600_000;
let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());
beforeEach(() => {
  lake.events([]);
  lake.identities([]);
  lake.outcomes(outcomes);
});

type Metric = Exclude<ExperimentInput['metric'], string>;
const variants = [
  { name: 'A', percent: 50 },
  { name: 'B', percent: 50 },
];
const asked = (metric: Metric): VariantsAsked => ({
  ...{ planId: "c'1", runId: "r'1", startedMs: NOW, variants },
  experiment: { metric, minimumSample: 1, minimumHours: 1, defaultVariant: 'A', testPercent: 60 },
});
const people = Array.from({ length: 40 }, (_, n) => `p'${n}`);
/** As the snapshot puts them: A, B, or -1 for whoever waits. */
const armOf = (id: string) => armAt([30, 30], bucketOf("variants/c'1", id));
/** The tenth and every tenth person has none: the channel refused them. */
const isSent = (n: number) => n % 10 !== 9;
const outcomes = people.map(
  (profile_id, n): OutcomeRow => ({
    ...{ outcome_id: profile_id, plan_kind: 'campaign', plan_id: "c'1", run_id: "r'1", profile_id, channel: 'email' },
    ...{ outcome: isSent(n) ? 'sent' : 'failed', reason: isSent(n) ? '' : 'opted-out', final: true },
    ...{ at_ms: NOW + HOUR, message_id: '', event_id: '' },
  }),
);
let made = 0;
const event = (profile_id: string, properties: object | string, more: Partial<EventRow> = {}): EventRow => {
  made += 1;
  const time_ms = more.time_ms ?? NOW + 2 * HOUR;
  return {
    ...{ id: `e${made}`, type: 'purchase', profile_id, source: 'shop', time_ms, received_ms: time_ms },
    ...{ properties: typeof properties === 'string' ? properties : JSON.stringify(properties), ...more },
  };
};
const bought = (n: number, properties: object | string, more: Partial<EventRow> = {}) =>
  event(`p'${n}`, properties, more);

const counts = async (metric: Metric) => {
  const split = asked(metric);
  const found = variantCountsOf(await lake.query(variantCountsQuery(split)), split) as AmountCount[];
  // The report counts the same, and nothing else of it changes.
  const rows = await lake.query(campaignReportQuery([{ runId: "r'1", startedMs: NOW }], { variants: split }));
  expectSame(variantCountsOf(rows, split) as AmountCount[], found);
  expect(campaignReportOf(rows)).toMatchObject({ recipients: people.length, moved: {} });
  return found;
};
/** `amountsOf`: what somebody counts with; undefined: nothing. */
const expected = (amountOf: (n: number) => number | undefined) =>
  [0, 1].map((arm) => {
    const own = people.flatMap((id, n) => (armOf(id) === arm && isSent(n) ? [n] : []));
    const amounts = own.flatMap((n) => amountOf(n) ?? []);
    return amountCount('AB'.charAt(arm), own.length, amounts);
  });
const expectSame = (found: readonly AmountCount[], twin: readonly AmountCount[]) => {
  expect(found.map(({ name, people, successes }) => ({ name, people, successes }))).toEqual(
    twin.map(({ name, people, successes }) => ({ name, people, successes })),
  );
  found.forEach(({ sum, variance }, n) => {
    expect(sum).toBeCloseTo(twin[n]?.sum ?? 0, 6);
    expect(variance / Math.max(1e-9, twin[n]?.variance ?? 0)).toBeCloseTo(twin[n]?.variance ? 1 : 0, 9);
  });
};

test('the amounts of each person are added; an event that came twice adds once, by its first copy', async () => {
  const twice = bought(3, { total: 7 });
  lake.events([
    ...people.flatMap((_, n) => (n % 3 === 0 ? [bought(n, { total: 10 + n }), bought(n, { total: 0.25 })] : [])),
    twice,
    twice,
    { ...twice, properties: '{"total":900}', received_ms: twice.received_ms + HOUR },
  ]);
  expectSame(
    await counts({ event: 'purchase', sum: 'total' }),
    expected((n) => (n % 3 === 0 ? 10.25 + n + (n === 3 ? 7 : 0) : undefined)),
  );
});

test('an event without a number there adds nothing, and neither does one from before it was sent or of another type', async () => {
  lake.identities([{ alias: 'laptop', profile_id: "p'2", at_ms: NOW }]);
  lake.events([
    bought(0, {}),
    bought(1, { order: { total: '50' } }),
    event('anonymous:laptop', { order: { total: 20 } }),
    bought(3, { order: { total: null } }),
    bought(4, { order: { total: [5] } }),
    bought(5, { order: { total: 1e12 } }),
    bought(6, { order: { total: -3.5 } }),
    bought(7, { order: { total: 0 } }),
    bought(8, { order: { total: 8 } }, { time_ms: NOW }),
    bought(10, { order: { total: 8 } }, { type: 'refund' }),
    bought(11, { order: { total: 4 } }),
    bought(11, { order: { total: 'more' } }),
    bought(12, { total: 12 }),
  ]);
  const amounts: Record<number, number> = { 2: 20, 6: -3.5, 7: 0, 11: 4 };
  expectSame(
    await counts({ event: 'purchase', sum: 'order.total' }),
    expected((n) => amounts[n]),
  );
});

test('only events that meet the conditions add, and a person counts for at most so much', async () => {
  lake.events(
    people.flatMap((_, n) => [
      bought(n, { total: 10 * n, kind: n % 2 ? "s'ale" : 'full' }),
      bought(n, { total: 30, kind: "s'ale" }),
    ]),
  );
  const where: PropertyTree[] = [{ property: 'kind', equals: "s'ale" }];
  const total = (n: number) => 30 + (n % 2 ? 10 * n : 0);
  expectSame(await counts({ event: 'purchase', sum: 'total', where }), expected(total));
  expectSame(
    await counts({ event: 'purchase', sum: 'total', where, upTo: 99.5 }),
    expected((n) => Math.min(99.5, total(n))),
  );
});

test('whatever comes, in whatever order, it counts as its twin does', async () => {
  const random = seededBy('amounts');
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const rows = Array.from({ length: 500 }, () => {
    const value = pick<unknown>([
      random() * 100,
      9.99,
      Math.exp(12 * random()),
      -5,
      0.1,
      '7',
      null,
      true,
      undefined,
      2e12,
    ]);
    const time_ms = NOW + pick([-HOUR, HOUR, HOUR + 1, 3 * HOUR, 30 * HOUR]);
    return event(pick(people), { total: value, tier: pick([1, 2]) }, { time_ms, id: `x${Math.floor(random() * 450)}` });
  });
  const first = new Map<string, EventRow>();
  for (const row of rows) {
    const known = first.get(row.id);
    if (!known || row.received_ms < known.received_ms) first.set(row.id, row);
  }
  // Copies that arrive together are told apart by nothing that a twin could know.
  const isClear = ({ id, received_ms }: EventRow) =>
    rows.filter((row) => row.id === id && row.received_ms === received_ms).length === 1;
  const unclear = new Set([...first.values()].filter((row) => !isClear(row)).map(({ id }) => id));
  lake.events(rows.filter(({ id }) => !unclear.has(id)));
  const counted = [...first.values()].flatMap(({ id, profile_id, time_ms, properties }) => {
    const { total, tier } = JSON.parse(properties) as { total?: unknown; tier: number };
    const isAmount = typeof total === 'number' && Math.abs(total) < 1e12;
    return isAmount && tier === 2 && time_ms >= NOW + HOUR && !unclear.has(id) ? [{ profile_id, total }] : [];
  });
  expect(counted.length).toBeGreaterThan(20);
  const amountOf = (upTo: number) => (n: number) => {
    const own = counted.filter(({ profile_id }) => profile_id === `p'${n}`);
    const sum = own.reduce((all, { total }) => all + Math.round(total * 1e6), 0) / 1e6;
    return own.length > 0 ? Math.min(upTo, sum) : undefined;
  };
  const metric = { event: 'purchase', sum: 'total', where: [{ property: 'tier', equals: 2 }] };
  expectSame(await counts(metric), expected(amountOf(Number.POSITIVE_INFINITY)));
  expectSame(await counts({ ...metric, upTo: 60 }), expected(amountOf(60)));
});

test('what the report says: people, amounts and figures of each variant, also of those that nobody has got', async () => {
  lake.events(people.flatMap((_, n) => (n % 2 ? [bought(n, { total: n })] : [])));
  const split = asked({ event: 'purchase', sum: 'total' });
  const rows = await lake.query(variantCountsQuery(split));
  const inputs = [...variants, { name: 'C', percent: 1 }].map((one) => ({ ...one, templateId: 't' }));
  const run = { runId: 'r', startedMs: 1 };
  const shown = variantFigures(rows, { variants: inputs, experiment: split.experiment!, run });
  const twin = expected((n) => (n % 2 ? n : undefined));
  expect(shown.variants).toMatchObject([
    ...twin.map(({ name, people, successes, sum }) => ({ name, people, successes, sum, mean: sum / people })),
    { name: 'C', people: 0, successes: 0, sum: 0, mean: 0, standardDeviation: 0 },
  ]);
  expect(variantFigures([], { variants: inputs, experiment: split.experiment!, run }).variants).toHaveLength(3);
});
