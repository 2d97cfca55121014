import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { audienceSegment, operandsOf } from '../../../core/audience/audience.ts';
import { listMemberRows } from '../../../core/audience/membership.ts';
import { previewFigures, previewQuery, SAMPLE_SIZE } from '../../../core/audience/preview-query.ts';
import { type Profile, profileRow } from '../../../core/audience/profile.ts';
import type { ResolvedSegment } from '../../../core/audience/segment.ts';
import { addressOf, CHANNELS, type Channel, LANES } from '../../../core/delivery/channel.ts';
import { allows, consentRows } from '../../../core/delivery/consent.ts';
import { createLake, type Lake } from '../lake.ts';
import { audiencesOf, common, inAudience } from './audience-arbitrary.ts';

const NOW = Date.parse('2026-03-15T12:00:00Z');
const LISTS = ['l0', 'l1', 'l2'];
let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

const person = fc.record({
  lists: fc.subarray(LISTS),
  addresses: fc.subarray(['email', 'phone', 'pushToken'] as const),
  consents: fc.dictionary(
    fc.constantFrom(...CHANNELS.flatMap((channel) => [channel, `${channel}/offers`, `${channel}/news`])),
    fc.boolean(),
    { maxKeys: 5, noNullPrototype: true },
  ),
});
type Person = typeof person extends fc.Arbitrary<infer T> ? T : never;

const profileOf = ({ addresses }: Person, n: number): Profile => ({
  profileId: `p${n}`,
  version: 1,
  updatedMs: NOW - 1e6,
  attributes: {},
  ...Object.fromEntries(addresses.map((name) => [name, `${name}-${n}`])),
});

const ask = async (
  expression: Parameters<typeof audienceSegment>[0],
  sending: { topic: string; lane: 'promotional' | 'transactional' },
) => {
  const operands = operandsOf(expression).map((one) => audienceSegment(one) as ResolvedSegment);
  const tree = audienceSegment(expression) as ResolvedSegment;
  const [row = {}] = await lake.query(previewQuery({ tree, operands, sending }, NOW));
  return previewFigures(row, operands.length, sending);
};

it('size, reach and overlap are what plain code counts', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(person, { minLength: 1, maxLength: 25 }),
      audiencesOf(LISTS),
      fc.constantFrom('offers', ''),
      fc.constantFrom(...LANES),
      async (people, expression, topic, lane) => {
        const profiles = people.map(profileOf);
        lake.profiles(profiles.map(profileRow));
        lake.listMembers(
          people.flatMap(({ lists }, n) =>
            LISTS.flatMap((listId) =>
              listMemberRows({ listId, member: lists.includes(listId), profileIds: [`p${n}`], atMs: NOW - 5 }),
            ),
          ),
        );
        lake.consents(
          people.flatMap(({ consents }, n) => consentRows(`p${n}`, consents, { imported: false, atMs: NOW - 9 })),
        );
        const listed = new Map(
          LISTS.map((id) => [id, new Set(people.flatMap(({ lists }, n) => (lists.includes(id) ? [n] : [])))]),
        );
        const members = [...inAudience(expression, listed)];
        const reachable = (n: number, channel: Channel) =>
          addressOf(channel, profiles[n] as Profile) !== undefined &&
          allows((people[n] as Person).consents, channel, topic, lane);

        const found = await ask(expression, { topic, lane });
        expect([found.size, found.of]).toEqual([members.length, people.length]);
        expect(found.reachable).toBe(members.filter((n) => CHANNELS.some((channel) => reachable(n, channel))).length);
        for (const channel of CHANNELS) {
          const { reachable: can, optedOut, notAsked, noAddress } = found.reach[channel];
          expect(can).toBe(members.filter((n) => reachable(n, channel)).length);
          expect(can + optedOut + notAsked + noAddress).toBe(members.length);
          expect(noAddress).toBe(members.filter((n) => !addressOf(channel, profiles[n] as Profile)).length);
        }
        const sets = operandsOf(expression).map((one) => inAudience(one, listed));
        expect(found.overlap).toEqual(sets.map((a) => sets.map((b) => common(a, b).size)));
        expect(found.sample.filter((id) => !members.includes(Number(id.slice(1))))).toEqual([]);
        expect(found.sample).toHaveLength(Math.min(SAMPLE_SIZE, members.length));
      },
    ),
    { numRuns: 25 },
  ));

it('examples are always the same people, and their ids may hold anything', async () => {
  const ids = Array.from({ length: 60 }, (_, n) => `${n}\n${n % 2 ? "'" : '\n'}é`);
  lake.profiles(ids.map((profileId) => profileRow({ profileId, version: 1, updatedMs: NOW, attributes: {} })));
  lake.listMembers(listMemberRows({ listId: 'l0', member: true, profileIds: ids, atMs: NOW }));
  lake.consents([]);
  const sending = { topic: '', lane: 'promotional' as const };
  const { sample } = await ask({ list: 'l0' }, sending);
  expect(sample).toHaveLength(SAMPLE_SIZE);
  expect(sample.filter((id) => !ids.includes(id))).toEqual([]);
  expect((await ask({ list: 'l0' }, sending)).sample).toEqual(sample);
});

it('of an empty lake everything is nothing', async () => {
  lake.profiles([]);
  const none = { reachable: 0, optedOut: 0, notAsked: 0, noAddress: 0 };
  const expression = { union: [{ list: 'l0' }, { list: 'l1' }] };
  expect(await ask(expression, { topic: 'offers', lane: 'transactional' })).toEqual({
    ...{
      size: 0,
      of: 0,
      reachable: 0,
      sample: [],
      reach: Object.fromEntries(CHANNELS.map((channel) => [channel, none])),
    },
    overlap: [
      [0, 0],
      [0, 0],
    ],
  });
});
