import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listMemberRows } from '../../../core/audience/membership.ts';
import { type Profile, profileRow } from '../../../core/audience/profile.ts';
import { estimateOf } from '../../../core/audience/proportion.ts';
import { estimated, type SampledPerson, sampledPeople } from '../../../core/audience/sample.ts';
import { EVENTS_PER_PERSON, type SampleRow, sampleQuery } from '../../../core/audience/sample-query.ts';
import type { ResolvedSegment } from '../../../core/audience/segment.ts';
import { sizeQuery } from '../../../core/audience/segment-queries.ts';
import { consentRows } from '../../../core/delivery/consent.ts';
import type { EventRow } from '../../../core/event/event.ts';
import { identityRow } from '../../../core/event/identity.ts';
import { createLake, type Lake } from '../lake.ts';

const NOW = Date.parse('2026-03-15T12:00:00Z');
let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

let folders = 0;
/** Runs the UNLOAD as Athena would, and reads what it wrote. */
const draw = async (salt: string) => {
  const sql = sampleQuery({ salt, location: 's3://work/x/' });
  const [, query = ''] = /^UNLOAD \(\n(.*)\n\) TO 's3:\/\/work\/x\/' WITH \(.*\)$/s.exec(sql) ?? [];
  folders += 1;
  const folder = `sample-${folders}`;
  await lake.unload(query, folder);
  const files = readdirSync(join(lake.root, folder));
  const lines = files.flatMap((file) =>
    gunzipSync(readFileSync(join(lake.root, folder, file)))
      .toString()
      .split('\n')
      .filter((line) => line !== ''),
  );
  return lines.map((line) => JSON.parse(line) as SampleRow);
};
const asPerson = ({ lists, ...person }: SampledPerson) => ({ ...person, lists: new Set(lists) });

const profile = (n: number, more: Partial<Profile> = {}): Profile => ({
  profileId: `p${n}'é`,
  version: 1,
  updatedMs: NOW - 1e6,
  attributes: { n, half: n % 2 === 0, tags: ['x'] },
  ...more,
});
const event = (id: number, profile_id: string, more: Partial<EventRow> = {}): EventRow => ({
  ...{ id: `e${id}`, type: id % 3 ? 'purchase' : 'visit', profile_id, source: 'shop', time_ms: NOW - id * 3_600_000 },
  ...{ received_ms: NOW - id * 3_600_000 + 5, properties: JSON.stringify({ amount: id }) },
  ...more,
});

describe('a sample of everybody', () => {
  const people = Array.from({ length: 60 }, (_, n) => profile(n, n % 4 ? { email: `p${n}@example.com` } : {}));
  const idOf = (n: number) => (people[n % 60] as Profile).profileId;
  beforeAll(() => {
    lake.profiles([
      ...people.map((one) => ({ ...profileRow(one), attributes: '{}', version: 0 })),
      ...people.map(profileRow),
    ]);
    const events = Array.from({ length: 300 }, (_, n) => event(n, n % 7 ? idOf(n) : `anonymous:device-${n % 10}`));
    lake.events([...events, ...events.slice(0, 50)]);
    lake.identities([0, 1, 2, 3, 4].map((n) => identityRow({ alias: `device-${n}`, profileId: idOf(n), atMs: n })));
    lake.consents([
      ...people.flatMap(({ profileId }, n) =>
        consentRows(profileId, { sms: n % 3 === 0 }, { imported: false, atMs: 5 }),
      ),
      ...people.flatMap(({ profileId }, n) =>
        consentRows(profileId, { sms: n % 2 === 0 }, { imported: n % 5 === 0, atMs: 9 }),
      ),
    ]);
    lake.listMembers([
      ...listMemberRows({
        listId: 'vip',
        member: true,
        profileIds: people.slice(0, 30).map((one) => one.profileId),
        atMs: 5,
      }),
      ...listMemberRows({
        listId: 'vip',
        member: false,
        profileIds: people.slice(0, 9).map((one) => one.profileId),
        atMs: 5,
      }),
    ]);
  });

  it.each<[string, ResolvedSegment]>([
    ['attributes', { attribute: 'half', equals: true }],
    ['fields', { field: 'email', exists: true }],
    ['lists', { list: 'vip' }],
    ['counts', { event: 'purchase', count: { atLeast: 4 } }],
    [
      'sums within days',
      { event: 'purchase', sum: { property: 'amount', is: { moreThan: 200 } }, within: { days: 6 } },
    ],
    ['the last event', { event: 'visit', last: { withinDays: 3 } }],
    [
      'all of it',
      {
        all: [
          { not: { list: 'vip' } },
          {
            any: [
              { attribute: 'n', atLeast: 50 },
              { event: 'visit', count: { atLeast: 2 } },
            ],
          },
        ],
      },
    ],
  ])('estimates exactly what the query counts: %s', async (_, tree) => {
    const { people: drawn, of } = await sampledPeople(await draw('a'));
    const [row] = await lake.query(sizeQuery(tree, NOW));
    const size = Number(row?.size);
    expect(size).toBeGreaterThan(0);
    expect(estimated(tree, drawn.map(asPerson), { of, takenMs: NOW })).toEqual({ size, low: size, high: size });
  });

  it('knows what everybody said, and the newest counts', async () => {
    const { people: drawn, of } = await sampledPeople(await draw('a'));
    expect(of).toBe(60);
    const said = new Map(drawn.map(({ profile, consents }) => [profile.profileId, consents.sms]));
    // A yes from a file counts only where nothing was said.
    expect([0, 1, 2, 5, 10].map((n) => said.get(idOf(n)))).toEqual([true, false, true, false, false]);
  });

  it('comes in another order for another salt, and in the same for the same', async () => {
    const order = async (salt: string) =>
      (await sampledPeople(await draw(salt))).people.map(({ profile }) => profile.profileId);
    expect(await order('a')).toEqual(await order('a'));
    expect(await order('b')).not.toEqual(await order('a'));
    expect((await order('b')).toSorted()).toEqual((await order('a')).toSorted());
  });
});

it('has the newest events of whoever has too many', async () => {
  lake.profiles([profileRow(profile(1))]);
  lake.identities([]);
  lake.events(Array.from({ length: EVENTS_PER_PERSON + 50 }, (_, n) => event(n, profile(1).profileId)));
  const { people } = await sampledPeople(await draw('a'));
  expect(people[0]?.events).toHaveLength(EVENTS_PER_PERSON);
  expect(Math.min(...(people[0]?.events ?? []).map(({ timeMs }) => timeMs))).toBe(
    NOW - (EVENTS_PER_PERSON - 1) * 3_600_000,
  );
});

it('of an empty lake is nobody', async () => {
  lake.profiles([]);
  lake.events([]);
  expect(await sampledPeople(await draw('a'))).toEqual({ people: [], of: 0 });
});

it('has fewer people when they have too many events, the first ones of the random order', async () => {
  const rows = ['c', 'a', 'b'].flatMap((id): SampleRow[] => [
    ...[1, 2, 3].map(
      (n): SampleRow => ({
        ...{ kind: 'event', profile_id: id, id: `${n}`, source: 's', type: 't' },
        ...{ time_ms: n, received_ms: n, properties: '{}' },
      }),
    ),
    {
      kind: 'profile',
      profile_id: id,
      place: id,
      attributes: '{}',
      email: null,
      phone: null,
      push_token: '',
      wechat_open_id: null,
      time_zone: '',
      locale: '',
    },
  ]);
  const drawn = async (max: number) => (await sampledPeople(rows, max)).people.map(({ profile }) => profile.profileId);
  expect(await drawn(9)).toEqual(['a', 'b', 'c']);
  expect(await drawn(8)).toEqual(['a', 'b']);
  expect(await drawn(1)).toEqual(['a']);
});

it('drawn by this order, 93 % of the estimates and more hold the true number', () => {
  const ids = Array.from({ length: 3_000 }, (_, n) => `customer-${n}`);
  const isMember = new Set(ids.filter((_, n) => n % 25 === 0));
  const trials = Array.from({ length: 200 }, (_, salt) => {
    const place = (id: string) => createHash('md5').update(`${id}sample-${salt}`).digest('hex');
    const drawn = ids
      .map((id) => [place(id), id] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, 400);
    const { low, high } = estimateOf(drawn.filter(([, id]) => isMember.has(id)).length, 400, ids.length);
    return low <= isMember.size && isMember.size <= high;
  });
  expect(trials.filter((covered) => covered).length / trials.length).toBeGreaterThanOrEqual(0.93);
});
