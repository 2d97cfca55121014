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
import type { ExperimentInput } from '../../../core/strategy/experiment/campaign-experiment.ts';
import { createLake, type Lake } from '../lake.ts';

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
});

const variants = [
  { name: 'A', percent: 50 },
  { name: 'B', percent: 50 },
];
const experiment: ExperimentInput = {
  ...{ metric: 'clicked' as const, minimumSample: 1, minimumHours: 1, defaultVariant: 'A', testPercent: 60 },
};
const asked = (metric: ExperimentInput['metric']): VariantsAsked => ({
  ...{ planId: "c'1", runId: "r'1", startedMs: NOW, variants, experiment: { ...experiment, metric } },
});
const people = Array.from({ length: 40 }, (_, n) => `p'${n}`);
/** As the snapshot puts them: A, B, or -1 for whoever waits. */
const armOf = (id: string) => armAt([30, 30], bucketOf("variants/c'1", id));

const row = (profile_id: string, more: Partial<OutcomeRow>): OutcomeRow => ({
  ...{
    outcome_id: `${profile_id}#${more.outcome}#${more.reason}`,
    plan_kind: 'campaign',
    plan_id: "c'1",
    run_id: "r'1",
  },
  ...{ profile_id, channel: 'email', outcome: 'sent', reason: '', final: true, at_ms: NOW + HOUR, message_id: '' },
  ...{ event_id: '', ...more },
});
/** The tenth and every tenth person has none: the channel refused them. */
const isSent = (n: number) => n % 10 !== 9;
const sent = people.map((id, n) => row(id, isSent(n) ? {} : { outcome: 'failed', reason: 'opted-out' }));
const event = (profile_id: string, time_ms: number, more: Partial<EventRow> = {}): EventRow => ({
  ...{ id: `${profile_id}${time_ms}`, type: 'purchase', profile_id, source: 'shop', time_ms, received_ms: time_ms },
  ...{ properties: '{}', ...more },
});

const counts = async (metric: ExperimentInput['metric']) => {
  const found = variantCountsOf(await lake.query(variantCountsQuery(asked(metric))), { variants });
  // The report counts the same.
  const rows = await lake.query(campaignReportQuery([{ runId: "r'1", startedMs: NOW }], { variants: asked(metric) }));
  expect(variantCountsOf(rows, { variants })).toEqual(found);
  expect(campaignReportOf(rows).recipients).toBe(people.length);
  return found;
};
const expected = (succeeds: (n: number) => boolean) =>
  [0, 1].map((arm) => {
    const own = people.map((id, n) => ({ id, n })).filter(({ id, n }) => armOf(id) === arm && isSent(n));
    return { name: 'AB'.charAt(arm), people: own.length, successes: own.filter(({ n }) => succeeds(n)).length };
  });

test('people who clicked or opened, machines left out, each once; whoever waits for the decision is in no variant', async () => {
  const clicks = people.flatMap((id, n) => [
    ...(n % 2 ? [row(id, { outcome: 'clicked', reason: '|https://a.example/', final: false })] : []),
    ...(n % 3 ? [row(id, { outcome: 'opened', reason: '', final: false })] : []),
    ...(n % 4 ? [] : [row(id, { outcome: 'clicked', reason: 'scanner|https://a.example/', final: false })]),
  ]);
  lake.outcomes([...sent, ...sent.map((one) => ({ ...one, at_ms: one.at_ms + 5 })), ...clicks]);
  expect(people.some((id) => armOf(id) === -1)).toBe(true);
  expect(await counts('clicked')).toEqual(expected((n) => n % 2 === 1));
  expect(await counts('opened')).toEqual(expected((n) => n % 2 === 1 || n % 3 > 0));
});

test('people of whom the event came after it was sent, also as those they were not known to be yet', async () => {
  lake.outcomes(sent);
  lake.identities([{ alias: 'laptop', profile_id: "p'2", at_ms: NOW }]);
  lake.events([
    ...people.flatMap((id, n) => (n % 5 === 0 ? [event(id, NOW + 2 * HOUR), event(id, NOW + 3 * HOUR)] : [])),
    event("p'1", NOW),
    event("p'3", NOW + 2 * HOUR, { type: 'visit' }),
    event('anonymous:laptop', NOW + HOUR),
  ]);
  expect(await counts({ event: 'purchase' })).toEqual(expected((n) => n % 5 === 0 || n === 2));
});

test('people of whom an event came that meets conditions; of one that came twice the first copy says', async () => {
  lake.outcomes(sent);
  const bought = (n: number, more: object) => event(`p'${n}`, NOW + 2 * HOUR, { properties: JSON.stringify(more) });
  const [large, own, sale] = [
    { total: 50, tags: ['own'] },
    { total: 49.9, tags: ['own'] },
    { total: 90, kind: "s'ale" },
  ];
  lake.events([
    ...people.map((_, n) => bought(n, n % 3 === 0 ? large : n % 3 === 1 ? own : sale)),
    { ...bought(1, large), received_ms: NOW + 3 * HOUR },
    { ...bought(2, large), time_ms: NOW - HOUR, id: 'before' },
  ]);
  const metric = (...where: PropertyTree[]) => ({ event: 'purchase', where });
  expect(await counts(metric({ property: 'total', atLeast: 50 }))).toEqual(expected((n) => n % 3 !== 1));
  const either: PropertyTree = {
    any: [
      { property: 'kind', equals: "s'ale" },
      { property: 'total', lessThan: 50 },
    ],
  };
  expect(await counts(metric(either))).toEqual(expected((n) => n % 3 !== 0));
  expect(await counts(metric(either, { not: { property: 'kind', exists: true } }))).toEqual(
    expected((n) => n % 3 === 1),
  );
  const tagged: PropertyTree = { property: 'tags', anyItem: { equals: 'own' } };
  expect(await counts(metric(tagged, { property: 'total', atLeast: 50 }))).toEqual(expected((n) => n % 3 === 0));
  expect(await counts(metric())).toEqual(expected(() => true));
});

test('variants that have not got the people that their shares ask for are told', () => {
  const count = (channel: string, outcomes: number) => ({
    outcome: 'variant',
    channel,
    reason: 'people',
    outcomes: `${outcomes}`,
  });
  const inputs = variants.map((one) => ({ ...one, templateId: 't' }));
  const ratio = (a: number, b: number) =>
    variantFigures([count('A', a), count('B', b)], { variants: inputs }).sampleRatio;
  expect(ratio(400, 200)).toMatchObject({ isMismatch: true });
  expect(ratio(210, 200)).toMatchObject({ isMismatch: false });
  expect(ratio(2, 0)).toBeUndefined();
});

test('what the report says: figures of each variant, and what was decided', async () => {
  lake.outcomes(sent);
  const rows = await lake.query(variantCountsQuery(asked('clicked')));
  const inputs = variants.map((one) => ({ ...one, templateId: 't' }));
  const run = { runId: 'r', startedMs: 1 };
  expect(variantFigures(rows, { variants: inputs, run })).toMatchObject({
    variants: expected(() => false).map((one) => ({ ...one, rate: 0, pBest: expect.any(Number) })),
  });
  const decision = { atMs: 1, variant: 'A', because: 'no-winner' as const, figures: [] };
  expect(variantFigures(rows, { variants: inputs, run: { ...run, decision } })).toMatchObject({ decision });
  expect(variantFigures(rows, {})).toEqual({});
});
