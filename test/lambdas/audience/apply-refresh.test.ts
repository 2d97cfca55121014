import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RefreshRow } from '../../../core/audience/live/live-queries.ts';
import type { LiveSegment } from '../../../core/audience/live/live-segment.ts';
import type { ResolvedSegment } from '../../../core/audience/segment.ts';
import type { IntakeMessage } from '../../../core/event/event.ts';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import type { SegmentMembers } from '../../../lambdas/adapters/segment-members.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';

let world: AudienceWorld;
let defs: Definitions;
let members: SegmentMembers;
let apply: typeof import('../../../lambdas/audience/apply-refresh.ts').handler;

const NOW = Date.now();
const DAY = 86_400_000;
/** What apply-refresh has in memory at once. */
const CHUNK = 1_000;
const twice: ResolvedSegment = { event: 'purchase', count: { atLeast: 2 }, within: { days: 7 } };

beforeAll(async () => {
  world = await audienceWorld();
  apply = (await import('../../../lambdas/audience/apply-refresh.ts')).handler;
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions(process.env.DEFINITIONS_TABLE ?? '');
  const { segmentMembers } = await import('../../../lambdas/adapters/segment-members.ts');
  members = segmentMembers(process.env.MEMBERSHIPS_TABLE ?? '');
  const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
  for (const profileId of ['ada', 'bob', 'cem']) {
    const profile = { profileId, version: 1, updatedMs: 1, attributes: {} };
    await profiles(process.env.PROFILES_TABLE ?? '').save({ profile, outbox: [] });
  }
});
afterAll(() => world.stop());
beforeEach(async () => void (await world.take('IntakeQueue')));

const start = async (id: string, change: Partial<LiveSegment> = {}) => {
  const live: LiveSegment = {
    ...{ id, version: 1, name: 'Regulars', state: 'live', stateMs: 0, segment: twice, epoch: 1, atOnce: false },
    ...{ refresh: 'daily', announceFirst: false, author: 'mia', chain: 1, dueMs: 0, ...change },
  };
  await defs.put('live-segment', id, live, 0, 1);
};
const change = async (id: string, to: Partial<LiveSegment>) => {
  const found = await defs.get<LiveSegment>('live-segment', id);
  const version = (found?.version ?? 0) + 1;
  await defs.put('live-segment', id, { ...found?.body, ...to, version }, version - 1, 1);
};
const stored = async (id: string) => (await defs.get<LiveSegment>('live-segment', id))?.body;
const isIn = async (segmentId: string, profileId: string) =>
  (await members.get({ profileId, segmentId }))?.member === true;

/** The files of an UNLOAD; gives the address of their manifest. */
const unloaded = (id: string, ...files: RefreshRow[][]): string => {
  const bucket = process.env.WORK_BUCKET ?? '';
  const keys = files.map((rows, n) => {
    const key = `refreshes/${id}/${n}.gz`;
    world.put(key, gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join('')));
    return key;
  });
  world.put(`athena/${id}-manifest.csv`, Buffer.from(keys.map((key) => `s3://${bucket}/${key}\n`).join('')));
  return `s3://${bucket}/athena/${id}-manifest.csv`;
};
const says = (profile_id: string, member: boolean): RefreshRow => ({ profile_id, member });
const did = (profile_id: string, id: string, timeMs = NOW - DAY): RefreshRow => ({
  ...{ profile_id, member: true, source: 'shop', id, type: 'purchase', properties: '{}' },
  ...{ time_ms: timeMs, received_ms: timeMs },
});
const full = (row: RefreshRow) => Array.from({ length: CHUNK }, () => row);
const task = (segmentId: string, manifest: string, more: object = {}) => ({
  ...{ segmentId, step: 'differences' as const, epoch: 1, asOfMs: NOW, manifest, ...more },
});
const enough = { getRemainingTimeInMillis: () => 300_000 };
/** Time for so many chunks. */
const timeFor = (chunks: number) => {
  let asked = -1;
  return { getRemainingTimeInMillis: () => (asked++ < chunks - 1 ? 300_000 : 0) };
};
const told = async () =>
  (await world.take<IntakeMessage>('IntakeQueue')).flatMap(({ events }) =>
    events.map(({ type, profileId }) => `${profileId} ${type}`),
  );
const rowsOf = async (id: string) =>
  (await world.ask(`SELECT profile_id, member FROM segment_members WHERE segment_id = '${id}'`)) as object[];

describe('a refresh that stops in the middle of a file', () => {
  test('goes on there, and the segment is live only when all is done', async () => {
    await start('stops', { state: 'filling', announceFirst: true });
    const manifest = unloaded('stops', [...full(says('ada', true)), says('bob', true)], [says('cem', true)]);
    const first = await apply(task('stops', manifest), timeFor(1));
    expect(first).toEqual({ done: false, again: false, at: { pass: 'decide', file: 0, row: CHUNK } });
    expect([await isIn('stops', 'ada'), await isIn('stops', 'bob')]).toEqual([true, false]);
    expect(await stored('stops')).toMatchObject({ state: 'filling' });

    const second = await apply(task('stops', manifest, { at: first.at }), timeFor(1));
    expect(second).toEqual({ done: false, again: false, at: { pass: 'decide', file: 1, row: 0 } });
    expect([await isIn('stops', 'bob'), await isIn('stops', 'cem')]).toEqual([true, false]);
    expect(await apply(task('stops', manifest, { at: second.at }), enough)).toMatchObject({ done: true, again: false });
    expect(await stored('stops')).toMatchObject({ state: 'live' });
    const entered = ['ada', 'bob', 'cem'].map((name) => `${name} herald.segment.entered`);
    expect((await told()).toSorted()).toEqual(entered);
  });

  test('and dies is done again from where it had begun: everybody is told once', async () => {
    await start('dies');
    const manifest = unloaded('dies', [...full(says('ada', true)), says('bob', true)], [says('cem', true)]);
    const { at } = await apply(task('dies', manifest), timeFor(1));
    // It has worked off the rest, and nobody has heard of that.
    for (let n = 0; n < 2; n += 1)
      expect(await apply(task('dies', manifest, { at }), enough)).toMatchObject({ done: true });
    await apply(task('dies', manifest), enough);
    expect(await rowsOf('dies')).toHaveLength(3);
    expect(await told()).toHaveLength(3);
  });

  test('remembers all that a person did, wherever it stands, before it decides', async () => {
    await start('remembers', { atOnce: true });
    const manifest = unloaded(
      'remembers',
      [did('ada', 'e1'), did('bob', 'e3')],
      [...full(did('cem', 'e4')), did('ada', 'e2')],
    );
    let at: Awaited<ReturnType<typeof apply>>['at'] | undefined;
    const places: string[] = [];
    for (let done = false; !done; ) {
      const applied = await apply(task('remembers', manifest, at && { at }), timeFor(1));
      ({ done, at } = applied);
      if (done) break;
      places.push(`${at.pass} ${at.file}.${at.row}`);
      if (at.pass === 'remember') expect(await isIn('remembers', 'ada')).toBe(false);
    }
    const inEachPass = (pass: string) => [`${pass} 1.0`, `${pass} 1.${CHUNK}`, `${pass} 2.0`];
    expect(places).toEqual([...inEachPass('remember'), ...inEachPass('decide')]);
    const inside = await Promise.all(['ada', 'bob', 'cem'].map((name) => isIn('remembers', name)));
    // The lake says that all are in; of who reacts at once it is only told whom to look at.
    expect(inside).toEqual([true, false, false]);
  });
});

describe('a refresh that is overtaken', () => {
  const manifestOf = (id: string) => unloaded(id, [...full(says('ada', true)), says('bob', true)]);

  test.each<[string, Partial<LiveSegment>]>([
    ['by another rule', { epoch: 2 }],
    ['by the end of the segment', { state: 'off' }],
  ])('%s leaves the rest, and asks anew', async (_, to) => {
    const id = `overtaken-${Object.keys(to)[0]}`;
    await start(id);
    const manifest = manifestOf(id);
    const { at } = await apply(task(id, manifest), timeFor(1));
    await change(id, to);
    expect(await apply(task(id, manifest, { at }), enough)).toMatchObject({ done: true, again: true });
    expect([await isIn(id, 'ada'), await isIn(id, 'bob')]).toEqual([true, false]);
  });

  test('while it works notices it before the next rows', async () => {
    await start('beside');
    let asked = 0;
    const ends: Promise<void>[] = [];
    const context = {
      getRemainingTimeInMillis: () => {
        asked += 1;
        // Asked at the start, and after the first rows.
        if (asked === 2) ends.push(change('beside', { epoch: 2 }));
        return 300_000;
      },
    };
    const files = Array.from({ length: 3 }, () => full(says('ada', true)));
    const manifest = unloaded('beside', ...files, [says('bob', true)]);
    expect(await apply(task('beside', manifest), context)).toMatchObject({ done: true, again: true });
    await Promise.all(ends);
    expect(await isIn('beside', 'bob')).toBe(false);
  });
});

describe('a refresh that fails', () => {
  const failure = { Error: 'States.TaskFailed', Cause: 'x'.repeat(1_000) };

  test('is told with the segment, until one succeeds', async () => {
    await start('fails');
    expect(await apply(task('fails', '', { failure }), enough)).toMatchObject({ done: true, again: false });
    const { problem = '' } = (await stored('fails')) ?? {};
    expect(problem).toMatch(/^States.TaskFailed: x+$/);
    expect(problem.length).toBeLessThan(400);
    await apply(task('fails', ''), enough);
    expect(await stored('fails')).not.toHaveProperty('problem');
  });

  test('of a segment that has ended says nothing', async () => {
    await start('ended', { state: 'off' });
    await apply(task('ended', '', { failure }), enough);
    expect(await stored('ended')).not.toHaveProperty('problem');
  });
});

test('after the history comes who is where; a refresh that is not the rule’s changes no state', async () => {
  await start('history', { atOnce: true, state: 'starting' });
  const manifest = unloaded('history', [did('ada', 'e1'), did('ada', 'e2')]);
  expect(await apply(task('history', manifest, { step: 'history' }), enough)).toMatchObject({
    done: true,
    again: true,
  });
  expect(await stored('history')).toMatchObject({ state: 'filling' });
  expect(await isIn('history', 'ada')).toBe(false);
  expect((await members.get({ profileId: 'ada', segmentId: 'history' }))?.memory.events).toHaveLength(2);
  await apply(task('history', '', { epoch: 7 }), enough);
  expect(await stored('history')).toMatchObject({ state: 'filling' });
});
