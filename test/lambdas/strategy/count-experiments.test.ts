import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { experimentsIn, type JourneyExperiment } from '../../../core/strategy/experiment/journey-experiment.ts';
import type { JourneyNode } from '../../../core/strategy/journey/journey-node.ts';
import type { JourneyVersion } from '../../../core/strategy/journey/journey-version.ts';
import { published } from '../../../core/strategy/journey/live-decisions.ts';
import type { LiveJourney } from '../../../core/strategy/journey/live-journey.ts';
import { resultSet, startAthena } from '../fake-athena.ts';
import { startTables } from '../tables.ts';
import { compiled, welcome } from './walk-world.ts';

const START = Date.UTC(2026, 10, 18, 12);
const DAY = 86_400_000;
let tables: Awaited<ReturnType<typeof startTables>>;
let athena: Awaited<ReturnType<typeof startAthena>>;
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts').definitions>;
let sharesInForce: typeof import('../../../lambdas/adapters/journey-experiments.ts').sharesInForce;
let experimentsOf: typeof import('../../../lambdas/strategy/experiments-of.ts').experimentsOf;
let count: typeof import('../../../lambdas/strategy/count-experiments.ts').handler;

/** What Athena is asked, and what it finds by node: people and successes of each arm, whose time was over `settled`. `down`: a node of which it fails. */
const lake = {
  asked: [] as string[],
  down: '',
  settled: false,
  found: {} as Record<string, Record<string, [people: number, successes: number]>>,
};

const answer = (action: string, input: Record<string, unknown>): object => {
  const node = (sql: string) => /node = '([^']+)'/.exec(sql)?.[1] ?? '';
  if (action === 'StartQueryExecution') {
    lake.asked.push(String(input.QueryString));
    return { QueryExecutionId: node(String(input.QueryString)) };
  }
  const id = String(input.QueryExecutionId);
  if (action === 'GetQueryExecution')
    return {
      QueryExecution: { Status: { State: lake.down === id ? 'FAILED' : 'SUCCEEDED', StateChangeReason: 'so' } },
    };
  const rows = Object.entries(lake.found[id] ?? {}).flatMap(([arm, [people, successes]]) => [
    [arm, null, 'success', `${lake.settled}`, `${successes}`],
    [arm, null, 'failure', `${lake.settled}`, `${people - successes}`],
  ]);
  return resultSet([['arm', 'round', 'fate', 'settled', 'people'], ...rows]);
};

beforeAll(async () => {
  tables = await startTables();
  athena = await startAthena(answer);
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  ({ sharesInForce } = await import('../../../lambdas/adapters/journey-experiments.ts'));
  ({ experimentsOf } = await import('../../../lambdas/strategy/experiments-of.ts'));
  ({ handler: count } = await import('../../../lambdas/strategy/count-experiments.ts'));
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterAll(async () => {
  vi.useRealTimers();
  await athena.stop();
  await tables.stop();
});
beforeEach(() => {
  vi.setSystemTime(START + 8 * DAY);
  Object.assign(lake, { asked: [], down: '', settled: false, found: {} });
});

const experiment = (next: string, change: object = {}): JourneyNode =>
  ({
    kind: 'experiment',
    arms: [
      { name: 'A', percent: 50, next },
      { name: 'B', percent: 50, next },
    ],
    ...{ goal: 'order', method: 'fixed', minimumSample: 100, minimumDays: 7, default: 'A', ...change },
  }) as JourneyNode;

/** A journey that runs since START, of these nodes. */
const runs = async (nodes: Record<string, JourneyNode>, id: string) => {
  const version: JourneyVersion = {
    ...compiled(
      welcome({
        start: Object.keys(nodes)[0]!,
        nodes: { ...nodes, end: { kind: 'exit' } },
        goals: [{ name: 'order', event: { eventType: 'ordered' } }],
      }),
    ),
    journeyId: id,
  };
  await defs.put('journey-version', `${id}@${version.hash}`, version, 0, START);
  const decision = published(undefined, version, 'finish', START);
  if (decision.kind !== 'change') throw new Error('It was not published');
  await defs.put('live-journey', id, decision.live, 0, START);
  return { version, live: decision.live };
};
const experimentOf = async ({ version }: { version: JourneyVersion }, node: string) => {
  const own = experimentsIn(version).find((one) => one.id === node);
  return (await defs.get<JourneyExperiment>('journey-experiment', `${version.journeyId}/${node}/${own?.key}`))?.body;
};
const end = async ({ live }: { live: LiveJourney }) =>
  defs.put('live-journey', live.id, { ...live, state: 'stopped' }, 1, START);
const winner = { A: [4_000, 400], B: [4_000, 560] } as Record<string, [number, number]>;

test('decides once, however often it runs; whoever comes then takes the winner, and everybody can read why', async () => {
  const journey = await runs({ x: experiment('end') }, 'once');
  lake.found = { x: winner };
  expect(await sharesInForce(defs)(journey.version, ['x'])).toEqual({});
  expect(await experimentsOf(defs, journey.version, journey.live)).toMatchObject([
    { node: 'x', startedMs: START, text: expect.stringMatching(/^Nobody has been counted yet/) },
  ]);
  expect(await Promise.all([count(), count()])).toHaveLength(2);
  expect(await count()).toEqual({ counted: 0 });
  const decided = await experimentOf(journey, 'x');
  expect(decided).toMatchObject({ startedMs: START, decision: { atMs: START + 8 * DAY, arm: 'B', because: 'winner' } });
  const { x } = await sharesInForce(defs)(journey.version, ['x', 'other']);
  expect(x).toMatchObject({ percents: [0, 100], why: expect.stringMatching(/^“B” was decided for/) });
  expect(await experimentsOf(defs, journey.version, journey.live)).toMatchObject([
    {
      ...{ node: 'x', goal: 'order', method: 'fixed', countedMs: START + 8 * DAY, decision: { arm: 'B' } },
      arms: [
        { name: 'A', assigned: 4_000, people: 4_000, successes: 400, rate: 0.1, share: 0 },
        { name: 'B', share: 100 },
      ],
      sampleRatio: { isMismatch: false },
    },
  ]);

  // What is found later does not matter any more, and costs no query.
  lake.asked = [];
  vi.setSystemTime(START + 9 * DAY);
  expect(await count()).toEqual({ counted: 0 });
  expect(lake.asked).toEqual([]);
  expect(await experimentOf(journey, 'x')).toEqual(decided);
  await end(journey);
});

test('a bandit gets other shares each day, and those who come are told by which', async () => {
  const journey = await runs({ x: experiment('end', { method: 'bandit' }) }, 'bandit');
  lake.found = { x: { A: [500, 45], B: [500, 55] } };
  expect(await count()).toEqual({ counted: 1 });
  expect(await count()).toEqual({ counted: 0 });
  const { x } = await sharesInForce(defs)(journey.version, ['x']);
  expect(x?.why).toMatch(/^round 1, by what the arms had achieved at 2026-11-26/);
  expect(x?.percents[1]).toBeGreaterThan(60);
  vi.setSystemTime(START + 9 * DAY);
  lake.found = { x: { A: [1_000, 120], B: [1_000, 110] } };
  await count();
  expect((await sharesInForce(defs)(journey.version, ['x'])).x?.why).toMatch(/^round 2/);
  await end(journey);
});

test('one that fails keeps no other waiting, and is made good by the repeat; what was counted is left alone', async () => {
  const bad = await runs({ bad: experiment('good'), good: experiment('end') }, 'bad');
  const other = await runs({ other: experiment('end') }, 'other');
  lake.found = { bad: winner, good: winner, other: winner };
  lake.down = 'bad';
  await expect(count()).rejects.toThrow('Query bad is failed: so');
  expect(await experimentOf(other, 'other')).toMatchObject({ decision: { arm: 'B' } });
  expect(await experimentOf(bad, 'bad')).toBeUndefined();
  lake.down = '';
  lake.asked = [];
  expect(await count()).toEqual({ counted: 2 });
  expect(lake.asked).toHaveLength(2);
  expect(await experimentOf(bad, 'good')).toMatchObject({ decision: { arm: 'B' } });
  await end(bad);
  await end(other);
});

test('who is counted for good is not looked for again, however often it is counted, and after days that were missed', async () => {
  const journey = await runs({ x: experiment('end', { minimumDays: 60 }) }, 'settled');
  const few = { A: [60, 6], B: [40, 4] } as Record<string, [number, number]>;
  const people = async () =>
    (await experimentOf(journey, 'x'))?.arms.map(({ people, successes }) => [people, successes]);
  Object.assign(lake, { settled: true, found: { x: few } });
  vi.setSystemTime(START + 80 * DAY);
  await Promise.all([count(), count()]);
  expect(await people()).toEqual([
    [60, 6],
    [40, 4],
  ]);
  expect(await count()).toEqual({ counted: 0 });
  // Five days are missed: those whose time is not over for good are found each time.
  vi.setSystemTime(START + 85 * DAY);
  Object.assign(lake, { asked: [], settled: false });
  await count();
  expect(await people()).toEqual([
    [120, 12],
    [80, 8],
  ]);
  const since = START + 73 * DAY;
  expect(lake.asked[0]).toContain(`over_ms > ${since}`);
  expect(lake.asked[0]).toContain(`dt >= '${new Date(since - 61 * DAY).toISOString().slice(0, 10)}'`);
  vi.setSystemTime(START + 86 * DAY);
  lake.found = {};
  await count();
  expect(await people()).toEqual([
    [60, 6],
    [40, 4],
  ]);
  await end(journey);
});

test('another version goes on with what it has not changed, and begins anew with what it has', async () => {
  const first = await runs({ same: experiment('x'), x: experiment('end') }, 'edited');
  lake.found = { same: { A: [500, 50], B: [500, 55] }, x: winner };
  await count();
  const nodes = { same: experiment('x'), x: experiment('end', { minimumSample: 50 }) };
  const version = {
    ...compiled(
      welcome({
        start: 'same',
        nodes: { ...nodes, end: { kind: 'exit' } },
        goals: [{ name: 'order', event: { eventType: 'ordered' } }],
      }),
    ),
    journeyId: 'edited',
  };
  await defs.put('journey-version', `edited@${version.hash}`, version, 0, START);
  const again = published(first.live, version, 'finish', START + 9 * DAY);
  if (again.kind !== 'change') throw new Error('It was not published');
  await defs.put('live-journey', 'edited', again.live, 1, START);

  vi.setSystemTime(START + 9 * DAY + 1);
  lake.asked = [];
  expect(await count()).toEqual({ counted: 2 });
  const next = { version, live: again.live };
  expect(await experimentOf(next, 'same')).toMatchObject({ startedMs: START, countedMs: START + 9 * DAY + 1 });
  expect(await experimentOf(next, 'x')).toMatchObject({ startedMs: START + 9 * DAY });
  expect((await experimentOf(next, 'x'))?.decision).toBeUndefined();
  const [same, x] = ['same', 'x'].map((node) => lake.asked.find((sql) => sql.includes(`node = '${node}'`)) ?? '');
  expect(same).toContain(`IN ('${first.version.hash}', '${version.hash}')`);
  expect(x).toContain(`version IN ('${version.hash}')`);
  // Whoever finishes the old version takes what was decided in it.
  const shares = sharesInForce(defs);
  expect((await shares(first.version, ['same', 'x'])).x?.percents).toEqual([0, 100]);
  expect(await shares(version, ['same', 'x'])).toEqual({});
});

test('those who came before a version that goes on with it count, too, when every count had failed until then', async () => {
  const first = await runs({ late: experiment('end') }, 'late');
  lake.down = 'late';
  await expect(count()).rejects.toThrow();
  const { hash, ...content } = first.version;
  const version = { ...content, hash: `${hash}2` };
  await defs.put('journey-version', `late@${version.hash}`, version, 0, START);
  const again = published(first.live, version, 'finish', START + 9 * DAY);
  if (again.kind !== 'change') throw new Error('It was not published');
  await defs.put('live-journey', 'late', again.live, 1, START);
  vi.setSystemTime(START + 10 * DAY);
  Object.assign(lake, { asked: [], down: '' });
  await count();
  expect(lake.asked.find((sql) => sql.includes("node = 'late'"))).toContain(`over_ms > ${START - DAY}`);
  expect(await experimentOf({ version }, 'late')).toMatchObject({ startedMs: START });
});

test('those who came in a version that the journey has forgotten count on', async () => {
  const runsFor = (name: string) => ({
    ...compiled(
      welcome({
        ...{ name, start: 'kept', longest: { days: 7 } },
        nodes: { kept: experiment('end'), end: { kind: 'exit' } },
        goals: [{ name: 'order', event: { eventType: 'ordered' } }],
      }),
    ),
    journeyId: 'kept',
  });
  let live: LiveJourney | undefined;
  const hashes: string[] = [];
  for (const [n, day] of [0, 9, 40].entries()) {
    const version = runsFor(`Number ${n}`);
    hashes.push(version.hash);
    await defs.put('journey-version', `kept@${version.hash}`, version, 0, START);
    const decision = published(live, version, 'finish', START + day * DAY);
    if (decision.kind !== 'change') throw new Error('It was not published');
    live = decision.live;
    await defs.put('live-journey', 'kept', live, n, START);
    vi.setSystemTime(START + day * DAY + DAY);
    lake.asked = [];
    await count();
  }
  expect(live?.versions.map(({ hash }) => hash)).toEqual(hashes.slice(1));
  expect(lake.asked.join()).toContain(`IN (${hashes.map((hash) => `'${hash}'`).join(', ')})`);
});
