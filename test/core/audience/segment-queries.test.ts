import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Profile, profileRow } from '../../../core/audience/profile.ts';
import { sizeQuery, snapshotQuery, snapshotRow, type UnloadedRow } from '../../../core/audience/segment-queries.ts';
import { segmentSql } from '../../../core/audience/segment-sql.ts';
import type { OutcomeRow } from '../../../core/delivery/outcome.ts';
import { isPopulationRow, type PopulationRow } from '../../../core/measurement/activity-sql.ts';
import { createLake, type Lake } from '../lake.ts';

const NOW = Date.parse('2026-03-15T12:00:00Z');
let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

const profile = (profileId: string, more: Partial<Profile> = {}): Profile => ({
  profileId,
  version: 1,
  updatedMs: NOW - 1e9,
  attributes: {},
  ...more,
});

describe('on an empty lake', () => {
  it('nobody is in any segment', async () => {
    const [row] = await lake.query(sizeQuery({ not: { event: 'purchase', count: { atLeast: 1 } } }, NOW));
    expect(row).toEqual({ size: '0', total: '0' });
  });
});

describe('with people', () => {
  const ada = profile('ada', {
    email: 'ada@example.com',
    locale: 'fr',
    attributes: { firstName: 'A "d" a', age: 36, tags: ['x'], vip: true },
  });
  const bob = profile("bob'; --", {
    phone: '+33612345678',
    pushToken: 'tok',
    timeZone: 'Europe/Paris',
    attributes: { other: 1 },
  });
  beforeAll(() =>
    lake.profiles([
      profileRow({ ...ada, attributes: {} }),
      profileRow({ ...ada, version: 2 }),
      profileRow({ ...ada, version: 2 }),
      profileRow(bob),
    ]),
  );

  it('counts people, not rows', async () => {
    expect(await lake.query(sizeQuery({ attribute: 'vip', equals: true }, NOW))).toEqual([{ size: '1', total: '2' }]);
  });

  it('adds amounts exactly, as the predicate does', async () => {
    const events = [0.57, 4.35, 0.1, 0.2, -5e-7, 1e12, '7', null].map((amount, n) => ({
      id: `e${n}`,
      type: 'purchase',
      profile_id: 'ada',
      source: 'shop',
      time_ms: NOW,
      received_ms: NOW,
      properties: JSON.stringify({ amount }),
    }));
    lake.events(events);
    const is = { equals: 5.219999 };
    const sql = sizeQuery({ event: 'purchase', sum: { property: 'amount', is } }, NOW);
    expect(await lake.query(sql)).toEqual([{ size: '1', total: '2' }]);
    lake.events([]);
  });

  it('counts what a person did before they were known, for whom the id was first linked to', async () => {
    const row = (id: string, profile_id: string) => {
      const more = { type: 'purchase', source: 'shop', time_ms: NOW, received_ms: NOW, properties: '{}' };
      return { id, profile_id, ...more };
    };
    lake.events([
      row('1', 'ada'),
      row('2', 'anonymous:laptop'),
      row('3', 'anonymous:laptop'),
      row('4', 'anonymous:tablet'),
      // An id of a profile that is spelt like an alias is no alias.
      row('5', 'laptop'),
    ]);
    const buyersOf = async (equals: number) =>
      (await lake.query(sizeQuery({ event: 'purchase', count: { equals } }, NOW)))[0]?.size;
    expect([await buyersOf(1), await buyersOf(3)]).toEqual(['1', '0']);
    const link = { alias: 'laptop', profile_id: 'ada', at_ms: NOW - 5 };
    lake.identities([{ ...link, profile_id: "bob'; --", at_ms: NOW }, link, link]);
    expect([await buyersOf(1), await buyersOf(3)]).toEqual(['0', '1']);
    lake.events([]);
    lake.identities([]);
  });

  it('asks for links only where events are asked for', () => {
    expect(sizeQuery({ field: 'email', exists: true }, NOW)).not.toContain('identities');
    expect(sizeQuery({ event: 'purchase', count: { atLeast: 1 } }, NOW)).toContain('identities');
  });

  it('a snapshot carries what rendering needs and nothing else', async () => {
    const sql = snapshotQuery(
      { field: 'email', in: ['ada@example.com', 'x'] },
      { nowMs: NOW, attributes: ['firstName', 'age', 'tags', 'missing', 'age'], location: 's3://work/x/' },
    );
    const everybody = snapshotQuery(
      {
        any: [
          { field: 'email', exists: true },
          { field: 'email', exists: false },
        ],
      },
      { nowMs: NOW, attributes: [], location: 's3://work/x/' },
    );
    expect(await unloaded(sql, 'one')).toEqual([
      {
        profileId: 'ada',
        email: 'ada@example.com',
        locale: 'fr',
        attributes: { firstName: 'A "d" a', age: 36, tags: ['x'] },
      },
    ]);
    expect(await unloaded(everybody, 'all')).toEqual([
      { profileId: 'ada', email: 'ada@example.com', locale: 'fr', attributes: {} },
      { profileId: "bob'; --", phone: '+33612345678', pushToken: 'tok', timeZone: 'Europe/Paris', attributes: {} },
    ]);
  });

  it('a snapshot that is asked for says when people were active, and all people of each time zone, by hour', async () => {
    const open = (profile_id: string, at_ms: number) => ({
      ...{ outcome_id: `${profile_id}${at_ms}`, plan_kind: 'campaign', plan_id: 'c', run_id: 'r', channel: 'email' },
      ...{ profile_id, outcome: 'opened', reason: '', final: false, at_ms, message_id: '', event_id: '' },
    });
    const [early, late] = [NOW - 86_400_000, NOW - 3_600_000];
    lake.outcomes([open('ada', early), open('ada', late), open("bob'; --", late)] as OutcomeRow[]);
    const options = { nowMs: NOW, attributes: ['age'], location: 's3://work/x/', withActivity: true };
    for (const sending of [{ topic: 'news', lane: 'promotional' as const }, undefined]) {
      const sql = snapshotQuery({ attribute: 'vip', equals: true }, { ...options, ...(sending && { sending }) });
      const rows = await unloadedRows(sql, 'active');
      const times = rows
        .filter((row) => isPopulationRow(row))
        .map(({ hour, time_zone, people, profile_id }) => {
          return [profile_id, time_zone ?? '', Number(hour) * 3_600_000, Number(people)];
        });
      expect(times.sort()).toEqual([
        ['', '', early, 1],
        ['', '', late, 1],
        ['', 'Europe/Paris', late, 1],
      ]);
      const [ada, ...others] = rows.filter((row) => !isPopulationRow(row));
      expect(others).toEqual([]);
      expect(ada?.active?.split(',').map(Number).sort()).toEqual([early, late]);
      expect(snapshotRow(ada as UnloadedRow)).toEqual({
        ...{ profileId: 'ada', email: 'ada@example.com', locale: 'fr', attributes: { age: 36 } },
      });
    }
    lake.outcomes([]);
  });

  it('refuses an attribute name that is none', () => {
    const options = { nowMs: NOW, attributes: ["x') FROM profiles --"], location: 's3://work/x/' };
    expect(() => snapshotQuery({ field: 'email', exists: true }, options)).toThrow(TypeError);
  });

  const unloadedRows = async (sql: string, folder: string) => {
    const [, query = ''] =
      /^UNLOAD \(\n([\s\S]*)\n\) TO 's3:\/\/work\/x\/' WITH \(format = 'JSON', compression = 'GZIP'\)$/.exec(sql) ?? [];
    await lake.unload(query, folder);
    const lines = readdirSync(join(lake.root, folder)).flatMap((file) =>
      gunzipSync(readFileSync(join(lake.root, folder, file)))
        .toString()
        .trim()
        .split('\n'),
    );
    return lines.map((line) => JSON.parse(line) as UnloadedRow & Partial<PopulationRow>);
  };
  const unloaded = async (sql: string, folder: string) =>
    (await unloadedRows(sql, folder)).map(snapshotRow).sort((a, b) => (a.profileId < b.profileId ? -1 : 1));
});

describe('reads no more than it must', () => {
  const sql = (within?: { days: number }) =>
    segmentSql({ event: 'purchase', count: { atLeast: 1 }, ...(within && { within }) }, NOW).withMembers;
  it('partitions from two days before the window', () => expect(sql({ days: 30 })).toContain(`dt >= '2026-02-11'`));
  it('partitions of the last days when only those can decide', () =>
    expect(segmentSql({ event: 'b', last: { withinDays: 3 } }, NOW).withMembers).toContain(`dt >= '2026-03-10'`));
  it('all partitions without a window', () => expect(sql()).not.toContain('dt'));
  it('all partitions when one condition has no window', () => {
    const both = segmentSql(
      {
        all: [
          { event: 'a', count: { atLeast: 1 }, within: { days: 1 } },
          { event: 'b', last: { moreThanDaysAgo: 3 } },
        ],
      },
      NOW,
    );
    expect(both.withMembers).not.toContain('dt');
    expect(both.withMembers).toContain(`type IN ('a', 'b')`);
  });
  it('no events when none are asked about', () =>
    expect(segmentSql({ attribute: 'a', exists: true }, NOW).withMembers).not.toContain('events'));
});
