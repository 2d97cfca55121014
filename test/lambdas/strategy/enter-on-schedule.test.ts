import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { entryRun } from '../../../core/strategy/journey/entry-outcome.ts';
import type { JourneySeries } from '../../../core/strategy/journey/journey-series.ts';
import { pausedLive, resumedLive, stoppedLive } from '../../../core/strategy/journey/live-decisions.ts';
import type { LiveJourney } from '../../../core/strategy/journey/live-journey.ts';
import type { ParticipantsMessage } from '../../../core/strategy/journey/participants-message.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts').definitions>;
let prepare: typeof import('../../../lambdas/strategy/prepare-entering.ts').handler;
let tell: typeof import('../../../lambdas/strategy/tell-members.ts').handler;
let counts: ReturnType<typeof import('../../../lambdas/adapters/entry-counts.ts').entryCounts>;

const files = new Map<string, Buffer>();
const s3 = createServer((request, response) => {
  const body = files.get(decodeURIComponent(String(request.url)));
  response.writeHead(body ? 200 : 404).end(body);
});

beforeAll(async () => {
  tables = await startTables();
  await new Promise<void>((resolve) => s3.listen(0, '127.0.0.1', resolve));
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(s3.address() as AddressInfo).port}`;
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  prepare = (await import('../../../lambdas/strategy/prepare-entering.ts')).handler;
  tell = (await import('../../../lambdas/strategy/tell-members.ts')).handler;
  counts = (await import('../../../lambdas/adapters/entry-counts.ts')).entryCounts('ledger');
});
afterAll(async () => {
  s3.close();
  await tables.stop();
});
beforeEach(() => {
  tables.asked.length = 0;
  tables.control.fail = () => undefined;
});

const HOUR = 3_600_000;
const DUE = Math.floor((Date.now() - HOUR) / 60_000) * 60_000;
const clock = new Date(DUE).toISOString();
const daily = { every: 'day' as const, time: clock.slice(11, 16), timeZone: 'UTC', from: clock.slice(0, 10) };

/** A journey that runs, whose time was an hour ago. */
const start = async (id: string, change: Partial<JourneySeries> = {}): Promise<void> => {
  const series: JourneySeries = {
    ...{ schedule: daily, chain: 1, sinceMs: DUE - HOUR, next: { atMs: DUE, number: 1, date: daily.from } },
    ...{ times: 0, skipped: 0, ...change },
  };
  const live: LiveJourney = {
    ...{ id, version: 1, name: 'Daily', state: 'live', sinceMs: DUE - HOUR, current: 'h', inside: 'finish' },
    ...{ versions: [], maxLatenessMs: 24 * HOUR, patterns: {}, series },
  };
  await defs.put('live-journey', id, live, 0, 1);
  const entry = { by: 'schedule', schedule: daily, audience: { list: 'regulars' }, maxLatenessMs: 24 * HOUR };
  await defs.put('journey-version', `${id}@h`, { journeyId: id, hash: 'h', entry }, 0, 1);
};
const read = async (id: string) => (await defs.get<LiveJourney>('live-journey', id))!.body;
const change = async (id: string, decide: (live: LiveJourney) => ReturnType<typeof stoppedLive>) => {
  const decision = decide(await read(id));
  if (decision.kind !== 'change') throw new Error(decision.kind);
  await defs.put('live-journey', id, decision.live, decision.live.version - 1, 1);
};
const pause = (id: string) => change(id, (live) => pausedLive(live, 'otto', 'why', Date.now()));
const resume = (id: string) => change(id, (live) => resumedLive(live, Date.now()));

/** As Athena does; gives the address of the manifest. */
const unload = (id: string, people: readonly string[]): string => {
  const rows = people.map((profile_id) => `${JSON.stringify({ profile_id })}\n`).join('');
  files.set(`/work/refreshes/${id}/0.gz`, gzipSync(rows));
  files.set(`/work/athena/${id}.csv`, Buffer.from(`s3://work/refreshes/${id}/0.gz\n`));
  return `s3://work/athena/${id}.csv`;
};
const enough = { getRemainingTimeInMillis: () => 600_000 };
/** Time for so many pages. */
const timeFor = (pages: number) => {
  let asked = 0;
  return { getRemainingTimeInMillis: () => (asked++ < pages ? 600_000 : 0) };
};
type Told = Extract<ParticipantsMessage, { kind: 'stimuli' }>;
/** The messages that reached the queue, in order. */
const told = (): Told[] =>
  tables.asked
    .filter(({ action }) => action === 'SendMessageBatch')
    .flatMap(({ input }) => (input.Entries as { MessageBody: string }[]).map((one) => JSON.parse(one.MessageBody)));
const names = (messages: readonly Told[]) => messages.flatMap(({ people }) => people.map((one) => one.profileId));
const crowd = Array.from({ length: 4_500 }, (_, n) => `p${n}`);
const next = { name: expect.any(String), dueAt: new Date(DUE + 24 * HOUR).toISOString() };

describe('a time of the schedule', () => {
  test('is looked up as of when it began, told to all by one event, and followed by the next', async () => {
    await start('a');
    const taken = await prepare({ journeyId: 'a', chain: 1 });
    if (taken.step !== 'take') throw new Error(taken.step);
    expect(taken.sql).toContain(`TO '${taken.folder}' WITH (format = 'JSON'`);
    expect(taken.sql).toContain('list_members');
    expect(taken.folder).toMatch(/^s3:\/\/work\/refreshes\/a\//);
    const { last } = (await read('a')).series!;
    expect(last).toMatchObject({ dueMs: DUE, attempt: 1, beginMs: expect.any(Number) });

    const manifest = unload('a', ['ada', 'bob']);
    expect(await tell({ journeyId: 'a', chain: 1, manifest }, enough)).toMatchObject({ done: true });
    const event = { id: `a-${DUE}`, timeMs: last?.beginMs, source: 'herald' };
    expect(told()).toMatchObject([
      {
        people: ['ada', 'bob'].map((profileId) => ({
          ...{ profileId, journeyId: 'a', stimuli: [{ kind: 'enter', isAsked: true, event }] },
        })),
        counted: { run: entryRun('a', last!), number: 0 },
      },
    ]);
    expect((await read('a')).series).toMatchObject({ times: 1, last: { people: 2, isDone: true } });
    expect(await prepare({ journeyId: 'a', chain: 1 })).toEqual({ step: 'wake', next });
  });

  test('a crash at any point: what is asked again has the same answer, and nothing begins twice', async () => {
    await start('b');
    const first = await prepare({ journeyId: 'b', chain: 1 });
    const again = await prepare({ journeyId: 'b', chain: 1 });
    // But for the folder, which each attempt has of its own.
    const sqlOf = (one: object) => ('sql' in one ? String(one.sql).replace(/refreshes\S+/, '') : '');
    expect(sqlOf(again)).toBe(sqlOf(first));
    const manifest = unload('b', crowd);
    const task = { journeyId: 'b', chain: 1, manifest };
    await tell(task, enough);
    const whole = told();
    expect(names(whole)).toEqual(crowd);
    expect(new Set(whole.map(({ counted }) => counted?.number)).size).toBe(whole.length);

    // The queue refuses the n-th call; what follows is done again from the beginning.
    for (const dies of [1, 2, 5]) {
      await start(`b${dies}`);
      await prepare({ journeyId: `b${dies}`, chain: 1 });
      tables.asked.length = 0;
      let calls = 0;
      tables.control.fail = ({ action }) =>
        action === 'SendMessageBatch' && ++calls === dies ? 'InvalidMessageContents' : undefined;
      const own = { ...task, journeyId: `b${dies}` };
      await expect(tell(own, enough)).rejects.toThrow();
      tables.control.fail = () => undefined;
      expect((await read(`b${dies}`)).series?.last).not.toHaveProperty('isDone');
      await tell(own, enough);
      const byNumber = new Map(told().map((one) => [one.counted?.number, one]));
      expect([...byNumber.values()].flatMap((one) => names([one])).sort()).toEqual([...crowd].sort());
      for (const one of told()) expect(byNumber.get(one.counted?.number)).toEqual(one);
    }
    // After the end: nothing more.
    tables.asked.length = 0;
    expect(await tell(task, enough)).toMatchObject({ done: true });
    expect(told()).toEqual([]);
  });

  test('too many for one invocation: the next one goes on at the page', async () => {
    await start('c');
    await prepare({ journeyId: 'c', chain: 1 });
    const task = { journeyId: 'c', chain: 1, manifest: unload('c', crowd) };
    const first = await tell(task, timeFor(1));
    expect(first).toEqual({ done: false, from: 1 });
    expect(await tell({ ...task, ...first }, enough)).toMatchObject({ done: true });
    expect(names(told())).toEqual(crowd);
    expect((await read('c')).series?.last).toMatchObject({ people: 4_500, isDone: true });
  });

  test('nobody is in the audience: the query wrote no file', async () => {
    await start('d');
    await prepare({ journeyId: 'd', chain: 1 });
    expect(await tell({ journeyId: 'd', chain: 1, manifest: '' }, enough)).toMatchObject({ done: true });
    expect((await read('d')).series?.last).toMatchObject({ people: 0, isDone: true });
    expect(told()).toEqual([]);
  });

  test('what failed is written down, and the next time is waited for', async () => {
    await start('e');
    await prepare({ journeyId: 'e', chain: 1 });
    const failure = { Error: 'Athena', Cause: 'no such table' };
    expect(await prepare({ journeyId: 'e', chain: 1, failure })).toEqual({ step: 'wake', next });
    expect((await read('e')).series?.last).toMatchObject({ problem: 'Athena: no such table', isDone: true });
  });
});

describe('a pause', () => {
  test('in the middle of the members ends the chain; the next one tells the same members again, under another count', async () => {
    await start('p');
    await prepare({ journeyId: 'p', chain: 1 });
    const manifest = unload('p', crowd);
    expect(await tell({ journeyId: 'p', chain: 1, manifest }, timeFor(1))).toMatchObject({ done: false });
    await pause('p');
    expect(await tell({ journeyId: 'p', chain: 1, manifest, from: 1 }, enough)).toMatchObject({ done: true });
    expect(names(told())).toEqual(crowd.slice(0, 2_000));
    expect(await prepare({ journeyId: 'p', chain: 1 })).toEqual({ step: 'nothing' });

    await resume('p');
    expect(await prepare({ journeyId: 'p', chain: 1 })).toEqual({ step: 'nothing' });
    const { chain, last } = (await read('p')).series!;
    expect(await prepare({ journeyId: 'p', chain })).toEqual({ step: 'tell', manifest });
    const before = told();
    tables.asked.length = 0;
    expect(await tell({ journeyId: 'p', chain, manifest }, enough)).toMatchObject({ done: true });
    expect(names(told())).toEqual(crowd);
    expect(told()[0]?.people).toEqual(before[0]?.people);
    expect(told()[0]?.counted?.run).toBe(entryRun('p', last!));
    expect(told()[0]?.counted?.run).not.toBe(before[0]?.counted?.run);
  });

  test('before the members are known: the next chain looks them up, as of when the time began', async () => {
    await start('q');
    const first = await prepare({ journeyId: 'q', chain: 1 });
    await pause('q');
    await resume('q');
    const { chain } = (await read('q')).series!;
    const sqlOf = (one: object) => ('sql' in one ? String(one.sql).replace(/refreshes\S+/, '') : 'none');
    expect(sqlOf(await prepare({ journeyId: 'q', chain }))).toBe(sqlOf(first));
  });

  test('a stop ends the chain for good', async () => {
    await start('r');
    await change('r', (live) => stoppedLive(live, 'over'));
    expect(await prepare({ journeyId: 'r', chain: 1 })).toEqual({ step: 'nothing' });
    expect(await prepare({ journeyId: 'gone', chain: 1 })).toEqual({ step: 'nothing' });
  });
});

test('what became of them is counted by message, each once, over items', async () => {
  const run = 'entries-x-1-1';
  for (const number of [0, 1, 1, 2_000, 0]) await counts.count({ run, number }, { entered: 2, 'held-out': 1 }, 1);
  await counts.count({ run, number: 3 }, {}, 1);
  await counts.count({ run, number: 3 }, { entered: 9 }, 1);
  expect(await counts.countsOf(run)).toEqual({ entered: 6, 'held-out': 3 });
  expect(await counts.countsOf('entries-x-1-2')).toEqual({});
});
