import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Arms, HELD_OUT } from '../../../core/audience/arms-sql.ts';
import { profileRow } from '../../../core/audience/profile.ts';
import { armOf, snapshotQuery, type UnloadedRow } from '../../../core/audience/segment-queries.ts';
import { isPopulationRow } from '../../../core/measurement/activity-sql.ts';
import { armAt, bucketOf } from '../../../core/strategy/assignment.ts';
import { isHeldOut } from '../../../core/strategy/holdout.ts';
import { createLake, type Lake } from '../lake.ts';

const NOW = Date.parse('2026-03-15T12:00:00Z');
const people = Array.from({ length: 1_500 }, (_, n) => `${n % 3 ? 'person' : 'Größe\'s "x"'}-${n}`);
let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
  lake.profiles(
    people.map((profileId) =>
      profileRow({ profileId, version: 1, updatedMs: NOW - 1e9, email: 'a@example.com', attributes: {} }),
    ),
  );
});
afterAll(() => lake.close());

let unloads = 0;
const armsOf = async (arms: Arms, withActivity = false): Promise<Map<string, number | undefined>> => {
  unloads += 1;
  const name = `arms${unloads}`;
  const location = `s3://work/${name}/`;
  const sql = snapshotQuery(
    { field: 'email', exists: true },
    { nowMs: NOW, attributes: [], arms, withActivity, location },
  );
  const [, query = ''] = /^UNLOAD \(\n([\s\S]*)\n\) TO /.exec(sql) ?? [];
  await lake.unload(query, name);
  const folder = join(lake.root, name);
  const rows = readdirSync(folder).flatMap((file) =>
    gunzipSync(readFileSync(join(folder, file)))
      .toString()
      .trim()
      .split('\n'),
  );
  const parsed = rows.map((row) => JSON.parse(row) as UnloadedRow);
  return new Map(parsed.filter((row) => !isPopulationRow(row)).map((row) => [row.profile_id, armOf(row)]));
};

/** The twin: the same in TypeScript, which decides the same for journeys and triggers. */
const twin = ({ holdouts, split }: Arms, id: string): number | undefined => {
  if (holdouts.some((holdout) => isHeldOut(id, holdout))) return HELD_OUT;
  if (!split) return undefined;
  const arm = armAt(split.percents, bucketOf(split.salt, id));
  return arm < 0 ? split.percents.length : arm;
};

test.each<[string, Arms]>([
  ['a holdout', { holdouts: [{ percent: 10, salt: 'a' }] }],
  [
    'two holdouts',
    {
      holdouts: [
        { percent: 10, salt: "a'b" },
        { percent: 33.3, salt: 'b' },
      ],
    },
  ],
  ['halves', { holdouts: [], split: { salt: 'c', percents: [50, 50] } }],
  ['thirds', { holdouts: [{ percent: 5, salt: 'd' }], split: { salt: 'c', percents: [100 / 3, 100 / 3, 100 / 3] } }],
  ['a test of a fifth', { holdouts: [], split: { salt: 'c', percents: [10, 10] } }],
  ['everybody in one', { holdouts: [], split: { salt: 'c', percents: [100] } }],
])('Athena and TypeScript put everybody into the same arm: %s', async (_, arms) => {
  const found = await armsOf(arms);
  expect(found.size).toBe(people.length);
  for (const id of people) expect([id, found.get(id)]).toEqual([id, twin(arms, id)]);
});

test('rows of nobody, which say when people are active, have no arm', async () => {
  expect((await armsOf({ holdouts: [{ percent: 50, salt: 'a' }] }, true)).size).toBe(people.length);
});
