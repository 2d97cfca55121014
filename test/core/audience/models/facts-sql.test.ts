import { TrinoSQL } from 'dt-sql-parser/dist/parser/trino/index.js';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CutOff, type FactsRow, factsOf } from '../../../../core/audience/models/facts.ts';
import { type FactsQuestion, factsSql } from '../../../../core/audience/models/facts-sql.ts';
import { type Profile, profileRow } from '../../../../core/audience/profile.ts';
import type { EventRow } from '../../../../core/event/event.ts';
import { createLake, type Lake } from '../../lake.ts';
import { byPartAndPerson, factsTwin } from './facts-twin.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(1998, 0, 1, 12);
const cutOffs: CutOff[] = [
  { part: 'now', fromMs: NOW - 300 * DAY, cutMs: NOW + 1, toMs: NOW + 1 },
  { part: 'test', fromMs: NOW - 390 * DAY, cutMs: NOW + 1 - 90 * DAY, toMs: NOW + 1 },
  { part: 'train', fromMs: NOW - 480 * DAY, cutMs: NOW + 1 - 180 * DAY, toMs: NOW + 1 - 90 * DAY },
];

let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

const ask = async (question: FactsQuestion): Promise<FactsRow[]> =>
  (await lake.query(factsSql(question))) as unknown as FactsRow[];

const person = (profileId: string, attributes: Profile['attributes'] = {}, more: Partial<Profile> = {}) =>
  profileRow({ profileId, version: 1, updatedMs: NOW, attributes, ...more });
const purchase = (profile_id: string, time_ms: number, more: Partial<EventRow> = {}): EventRow => ({
  id: `${profile_id}-${time_ms}`,
  type: 'purchase',
  profile_id,
  source: 'shop',
  time_ms,
  received_ms: NOW,
  properties: '{"amount":10}',
  ...more,
});

const eventRow = fc.record({
  id: fc.constantFrom('e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7', 'e8'),
  type: fc.constantFrom('purchase', 'purchase', 'view'),
  profile_id: fc.constantFrom('ada', 'bob', 'cleo', 'nobody', 'anonymous:a1'),
  source: fc.constantFrom('shop', 'app'),
  time_ms: fc.oneof(
    fc.integer({ min: NOW - 500 * DAY, max: NOW + DAY }),
    ...cutOffs.flatMap(({ fromMs, cutMs, toMs }) =>
      [fromMs, cutMs, toMs].map((at) => fc.integer({ min: at - 1, max: at + 1 })),
    ),
  ),
  received_ms: fc.integer({ min: NOW - 10, max: NOW }),
  properties: fc.constantFrom(
    '{"amount":10.01}',
    '{"amount":-0.1}',
    '{"amount":"7"}',
    '{}',
    '{"amount":1e13}',
    '{"amount":0.1}',
  ),
});

test('the SQL finds what plain code finds', async () => {
  const people = new Set(['ada', 'bob', 'cleo']);
  const links = [{ alias: 'a1', profile_id: 'bob', at_ms: 5 }];
  lake.identities(links);
  lake.profiles([...people].map((id) => person(id)));
  await fc.assert(
    fc.asyncProperty(fc.array(eventRow, { maxLength: 40 }), async (rows) => {
      lake.events(rows);
      const question = { event: 'purchase', amount: 'amount', cutOffs, attributes: ['x'] };
      const found = (await ask(question)).map((row) => {
        const { was: _was, seed: _seed, traits: _traits, ...facts } = factsOf(row, 1, []);
        return facts;
      });
      expect(found.toSorted(byPartAndPerson)).toEqual(factsTwin(rows, question, people, links));
    }),
    { numRuns: 25 },
  );
});

test('people with a value of the model are in the answer though they bought nothing, at the fit’s own instant only', async () => {
  lake.identities([]);
  lake.events([purchase('ada', NOW), purchase('bob', NOW - 299 * DAY)]);
  lake.profiles([
    person('ada'),
    person('bob', { rfm_segment: 'lost', rfm_recency: 1 }),
    person('cleo', { rfm_recency: 5 }),
    person('dora', { other: 'x' }),
  ]);
  const rows = await ask({ event: 'purchase', cutOffs, attributes: ['rfm_segment', 'rfm_recency'] });
  const found = rows
    .map((row) => factsOf(row, 2, []))
    .map(({ part, profileId, purchases, was }) => [part, profileId, purchases, was]);
  expect(found.sort()).toEqual([
    ['now', 'ada', 1, [undefined, undefined]],
    ['now', 'bob', 1, ['lost', '1']],
    ['now', 'cleo', 0, [undefined, '5']],
    ['test', 'bob', 1, ['lost', '1']],
    ['train', 'bob', 1, ['lost', '1']],
  ]);
});

test('a lookalike sees everybody, who is in the seed, and the traits', async () => {
  lake.events([purchase('ada', NOW - DAY)]);
  lake.profiles([
    person('ada', { city: 'Paris', tags: ['a'] }, { email: 'a@example.com', locale: 'fr' }),
    person('bob', { city: 7 }),
    { ...person('bob', { city: 'old' }), version: 0 },
  ]);
  const traits = ['email', 'locale', 'attributes.city', 'attributes.tags'];
  const seed = { event: 'purchase', count: { atLeast: 1 } };
  const [now] = cutOffs;
  const rows = await ask({
    event: 'purchase',
    cutOffs: [now!],
    attributes: ['like_match'],
    lookalike: { seed, nowMs: NOW, traits },
  });
  const found = rows
    .map((row) => factsOf(row, 1, traits))
    .map(({ profileId, seed, traits }) => [profileId, seed, traits]);
  expect(found.sort()).toEqual([
    ['ada', true, { email: 'yes', locale: 'fr', 'attributes.city': 'Paris' }],
    ['bob', false, { 'attributes.city': '7' }],
  ]);
});

test('names that could leave their place in the query are refused', () => {
  expect(() => factsSql({ event: 'purchase', amount: "a' OR 1", cutOffs, attributes: ['x'] })).toThrow(/not a path/);
  expect(() => factsSql({ event: 'purchase', cutOffs, attributes: ["x'"] })).toThrow(/not a path/);
  expect(factsSql({ event: "it's", cutOffs, attributes: ['x'] })).toContain("type IN ('it''s')");
});

test('Trino’s own grammar takes the query of each kind of model', () => {
  const parser = new TrinoSQL();
  const seed = { all: [{ list: 'vips' }, { event: 'visit', count: { atLeast: 2 } }] };
  const lookalike = { seed, nowMs: NOW, traits: ['email', 'pushToken', 'locale', 'attributes.city'] };
  const plain = { event: 'purchase', cutOffs, attributes: ['m_segment', 'm_recency'] };
  for (const question of [
    plain,
    { ...plain, amount: 'order.total' },
    { ...plain, cutOffs: cutOffs.slice(0, 1), lookalike },
  ]) {
    expect(parser.validate(factsSql(question))).toEqual([]);
  }
  expect(parser.validate('SELECT 1 FROM')).not.toEqual([]);
});
