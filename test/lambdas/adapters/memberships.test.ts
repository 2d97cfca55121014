import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listMemberRows, listOfMembership, membershipOfList } from '../../../core/audience/membership.ts';
import type { Memberships } from '../../../lambdas/adapters/memberships.ts';
import { type AudienceWorld, audienceWorld } from '../audience/audience-world.ts';

let world: AudienceWorld;
let members: Memberships;
beforeAll(async () => {
  world = await audienceWorld();
  const adapter = await import('../../../lambdas/adapters/memberships.ts');
  members = adapter.memberships(process.env.MEMBERSHIPS_TABLE ?? '');
});
afterAll(() => world.stop());

const everybody = async (membership: string, limit = 100) => {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await members.members(membership, limit, cursor);
    found.push(...page.items.map(({ profileId }) => profileId));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
};

test('a membership is named after its list', () => {
  expect(membershipOfList('x')).toBe('list#x');
  expect(listOfMembership('list#x#y')).toBe('x#y');
  expect(listOfMembership('segment#x')).toBeUndefined();
});

test('members come by id, page by page, and are counted', async () => {
  const ids = Array.from({ length: 25 }, (_, n) => `p${String(n).padStart(2, '0')}`);
  await members.stateMany('list#paged', ids.toReversed(), true, 10);
  await members.stateMany('list#paged', ['p03'], false, 20);
  await members.stateMany('list#other', ['p03', 'p99'], true, 20);
  expect(await everybody('list#paged', 10)).toEqual(ids.filter((id) => id !== 'p03'));
  expect(await members.count('list#paged')).toBe(24);
  expect(await members.count('list#none')).toBe(0);
  expect(await members.of('p03')).toEqual([{ membership: 'list#other', sinceMs: 20 }]);
});

test('who is added again has been a member since the first time, who was removed between since the second', async () => {
  const since = async () => (await members.of('again')).map(({ sinceMs }) => sinceMs);
  await members.stateMany('list#since', ['again'], true, 10);
  await members.stateMany('list#since', ['again'], true, 20);
  expect(await since()).toEqual([10]);
  await members.stateMany('list#since', ['again'], false, 30);
  expect(await since()).toEqual([]);
  await members.stateMany('list#since', ['again'], true, 40);
  expect(await since()).toEqual([40]);
});

/** The rule in plain code: the newest statement about a person counts, of two in a millisecond the removal. */
const plain = (statements: readonly { who: string; member: boolean; atMs: number }[]) => {
  const last = new Map<string, { member: boolean; atMs: number }>();
  for (const { who, member, atMs } of statements) {
    const known = last.get(who);
    if (!known || atMs > known.atMs || (atMs === known.atMs && !member)) last.set(who, { member, atMs });
  }
  return [...last].flatMap(([who, { member }]) => (member ? [who] : [])).sort();
};

test('in whatever order and however often statements arrive, table and lake agree with the plain rule', async () => {
  const { appendRows } = await import('../../../lambdas/adapters/lake.ts');
  const statement = fc.record({
    who: fc.constantFrom('a', 'b', 'c', "d'"),
    member: fc.boolean(),
    atMs: fc.integer({ min: 1, max: 6 }),
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(statement, { maxLength: 12 }),
      fc.array(fc.nat(11), { maxLength: 4 }),
      async (all, again) => {
        run += 1;
        const listId = `r${run}`;
        const arriving = [...all, ...again.flatMap((n) => all[n] ?? [])];
        for (const { who, member, atMs } of arriving) await members.stateMany(`list#${listId}`, [who], member, atMs);
        const rows = arriving.flatMap(({ who, ...said }) => listMemberRows({ listId, profileIds: [who], ...said }));
        await appendRows(process.env.LIST_MEMBERS_STREAM ?? '', rows);
        const inLake = await world.ask(
          `SELECT profile_id FROM (SELECT profile_id, member, row_number() OVER (PARTITION BY profile_id ORDER BY at_ms DESC, member) AS newest
         FROM list_members WHERE list_id = '${listId}') AS said WHERE newest = 1 AND member ORDER BY profile_id`,
        );
        expect(await everybody(`list#${listId}`)).toEqual(plain(all));
        expect(inLake.map(({ profile_id }) => profile_id)).toEqual(plain(all));
      },
    ),
    { numRuns: 15 },
  );
});
