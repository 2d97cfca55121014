import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  differencesQuery,
  eventOf,
  historyQuery,
  type RefreshRow,
} from '../../../../core/audience/live/live-queries.ts';
import { profileRow } from '../../../../core/audience/profile.ts';
import type { ResolvedSegment } from '../../../../core/audience/segment.ts';
import { createLake, type Lake } from '../../lake.ts';

let lake: Lake;
const NOW = Date.UTC(2026, 10, 18, 12);
const DAY = 86_400_000;
const twice: ResolvedSegment = { event: 'purchase', count: { atLeast: 2 }, within: { days: 7 } };
const event = (id: string, profile_id: string, ageDays: number) => ({
  ...{ id, type: 'purchase', profile_id, source: 'shop', properties: '{"amount":1.5}' },
  ...{ time_ms: NOW - ageDays * DAY, received_ms: NOW - ageDays * DAY },
});
const stated = (profile_id: string, member: boolean, at_ms: number, segment_id = 's1') => {
  return { segment_id, profile_id, member, at_ms };
};

beforeAll(async () => {
  lake = await createLake();
  const people = ['ada', 'bob', 'cem', 'dan', "o'b"];
  lake.profiles(people.map((profileId) => profileRow({ profileId, version: 1, updatedMs: NOW, attributes: {} })));
  lake.identities([{ alias: 'laptop', profile_id: "o'b", at_ms: NOW }]);
  lake.events([
    ...[event('1', 'ada', 1), event('2', 'ada', 2), event('2', 'ada', 1.5)],
    ...[event('3', 'bob', 1), event('4', 'bob', 2), event('5', 'cem', 1)],
    ...[event('6', 'anonymous:laptop', 3), event('7', "o'b", 3), event('8', 'dan', 40)],
  ]);
  lake.segmentMembers([
    // Of two statements in one millisecond the removal counts, as everywhere.
    ...[stated('bob', true, 5), stated('bob', false, 4), stated('cem', true, 5), stated('dan', false, 3)],
    ...[stated('dan', true, 3), stated('gone', true, 1), stated('ada', true, 9, 'another'), stated("o'b", false, 2)],
  ]);
});
afterAll(() => lake.close());

let folders = 0;
const unloaded = async (query: string): Promise<RefreshRow[]> => {
  const [, inner = ''] = /^UNLOAD \((.*)\) TO 's3:\/\/b\/x\/' WITH /s.exec(query) ?? [];
  folders += 1;
  const folder = join(lake.root, `u${folders}`);
  const { result } = await lake.unload(inner, `u${folders}`);
  return (result as string[]).flatMap((file) =>
    gunzipSync(readFileSync(join(folder, file)))
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as RefreshRow),
  );
};
const byPerson = (rows: readonly RefreshRow[]) =>
  Object.fromEntries(
    [...Map.groupBy(rows, ({ profile_id }) => profile_id)].map(([id, own]) => [
      id,
      { member: own[0]?.member, events: own.flatMap((row) => eventOf(row)?.id ?? []).sort() },
    ]),
  );

test('differences: those whose place is not what was said last, with what they did; also those who are gone', async () => {
  const live = { id: 's1', segment: twice, atOnce: true, state: 'live' as const };
  expect(byPerson(await unloaded(differencesQuery(live, NOW, 's3://b/x/')))).toEqual({
    ada: { member: true, events: ['1', '2'] },
    cem: { member: false, events: ['5'] },
    gone: { member: false, events: [] },
    "o'b": { member: true, events: ['6', '7'] },
  });
});

test('while it fills, everybody who is a member or was one is looked at, also who stays', async () => {
  const stays = { id: 's1', segment: { not: { event: 'order', last: { withinDays: 1 } } } as ResolvedSegment };
  const live = { ...stays, atOnce: true, state: 'filling' as const };
  const found = await unloaded(differencesQuery(live, NOW, 's3://b/x/'));
  const stated = Object.fromEntries(found.map(({ profile_id, member }) => [profile_id, member]));
  expect(stated).toEqual({ ada: true, bob: true, cem: true, dan: true, gone: false, "o'b": true });
  const scheduled = await unloaded(differencesQuery({ ...live, atOnce: false }, NOW, 's3://b/x/'));
  expect(scheduled.map(({ profile_id }) => profile_id)).not.toContain('cem');
});

test('differences of a segment that follows its schedule carry no events', async () => {
  const live = { id: 's1', segment: twice, atOnce: false, state: 'live' as const };
  const rows = await unloaded(differencesQuery(live, NOW, 's3://b/x/'));
  expect(rows.flatMap((row) => Object.keys(row))).toEqual(rows.flatMap(() => ['profile_id', 'member']));
  expect(rows).toHaveLength(4);
});

test('history: each event once, with the person that it belongs to by now, no older than can count', async () => {
  const rows = await unloaded(historyQuery({ segment: twice }, NOW, 's3://b/x/'));
  const found = rows.map((row) => `${row.profile_id} ${eventOf(row)?.id}`).sort();
  expect(found).toEqual(['ada 1', 'ada 2', 'bob 3', 'bob 4', 'cem 5', "o'b 6", "o'b 7"]);
  expect(eventOf(rows.find(({ id }) => id === '2') as RefreshRow)).toEqual({
    ...{ source: 'shop', id: '2', type: 'purchase', properties: { amount: 1.5 } },
    ...{ timeMs: NOW - 2 * DAY, receivedMs: NOW - 2 * DAY },
  });
});
