import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ListMemberRow } from '../../../core/audience/membership.ts';
import type { Profile, ProfileRow } from '../../../core/audience/profile.ts';
import { type ResolvedSegment as Segment, segment as segmentSchema } from '../../../core/audience/segment.ts';
import { isMember } from '../../../core/audience/segment-predicate.ts';
import { segmentSql } from '../../../core/audience/segment-sql.ts';
import type { ConsentRow } from '../../../core/delivery/consent.ts';
import type { EventRow } from '../../../core/event/event.ts';
import { anonymousProfileId, identityRow, type Link } from '../../../core/event/identity.ts';
import { createLake, type Lake } from '../lake.ts';
import { consentStatement, eventWithCopies, linkOfAlias, listStatement, person, type Row } from './person-arbitrary.ts';
import { NOW_MS, segments } from './segment-arbitrary.ts';

let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

const PEOPLE = 30;
const SEGMENTS = 25;
const base = fc.record({
  people: fc.array(person, { minLength: PEOPLE, maxLength: PEOPLE }),
  events: fc.array(eventWithCopies, { minLength: 60, maxLength: 90 }),
  links: fc.array(linkOfAlias, { maxLength: 8 }),
  statements: fc.array(listStatement, { maxLength: 60 }),
  said: fc.array(consentStatement, { maxLength: 60 }),
  segments: fc.array(segments, { minLength: SEGMENTS, maxLength: SEGMENTS }),
});
type Base = typeof base extends fc.Arbitrary<infer T> ? T : never;

/** Hostile ids, too: the profile id is data like any other. */
const idOf = (n: number) => (n % 7 === 0 ? `p'${n}` : `p${n}`);
const pick = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));

/** Anonymous id → whose it is. */
const ownersOf = (links: readonly Link[]): Map<string, string> => {
  const latestFirst = links.toSorted((a, b) => b.atMs - a.atMs || (a.profileId < b.profileId ? 1 : -1));
  return new Map(latestFirst.map(({ alias, profileId }) => [anonymousProfileId(alias), profileId]));
};

/** Statement by statement; of one millisecond the removal comes last. */
const listsOf = (statements: Base['statements']): Set<string> => {
  const lists = new Set<string>();
  for (const { list, member } of statements.toSorted(
    (a, b) => a.atMs - b.atMs || Number(b.member) - Number(a.member),
  )) {
    if (member) lists.add(list);
    else lists.delete(list);
  }
  return lists;
};

/** The contact's state after the statements, in their order: a yes from a file counts only when there is nothing else. */
const consentsOf = (said: Base['said']): Record<string, boolean> => {
  const consents: Record<string, boolean> = {};
  for (const { consent, given, imported } of said) {
    if (imported && given) consents[consent] ??= true;
    else consents[consent] = given;
  }
  return consents;
};

const spread = ({ people, events, links: linked, statements, said }: Base) => {
  const links = linked.map(({ alias, who, atMs }): Link => ({ alias, profileId: idOf(who), atMs }));
  const owners = ownersOf(links);
  const profileRows = people.flatMap(({ versions, twice }, n): ProfileRow[] =>
    versions.flatMap((version, at) => {
      const row: ProfileRow = {
        profile_id: idOf(n),
        version: at + 1,
        updated_ms: NOW_MS - 300 * 86_400_000 + at,
        email: version.email ?? '',
        phone: version.phone ?? '',
        push_token: version.pushToken ?? '',
        wechat_open_id: '',
        time_zone: version.timeZone ?? '',
        locale: version.locale ?? '',
        attributes: JSON.stringify(version.attributes),
      };
      return twice ? [row, row] : [row];
    }),
  );
  const personOf = ({ who, anonymousId }: Base['events'][number]): string =>
    anonymousId === undefined ? idOf(who) : anonymousProfileId(anonymousId);
  const copies = events.flatMap((event, n) =>
    Array.from({ length: event.copies + 1 }, (_, copy) => ({
      id: `e${n}`,
      type: event.type,
      // A copy that came after the link may name the profile already.
      profileId: copy === 0 ? personOf(event) : (owners.get(personOf(event)) ?? personOf(event)),
      source: event.source,
      timeMs: event.timeMs + copy * event.shiftMs,
      // Nobody's clock is ahead by more than a day, and a copy is sent again within one.
      receivedMs:
        Math.max(event.timeMs - 86_400_000, Math.min(event.timeMs, NOW_MS)) + event.delayMs + copy * 1_800_000,
      properties: event.properties as Record<string, unknown>,
    })),
  );
  const eventRows = copies.map(
    (event): EventRow => ({
      id: event.id,
      type: event.type,
      profile_id: event.profileId,
      source: event.source,
      time_ms: event.timeMs,
      received_ms: event.receivedMs,
      properties: JSON.stringify(event.properties),
    }),
  );
  const rows = people.map(({ versions }, n): Row => {
    const current = pick(versions.at(-1) ?? {}) as unknown as Profile;
    return {
      profile: { ...current, profileId: idOf(n), version: versions.length, updatedMs: 0 },
      consents: consentsOf(said.filter(({ who }) => who === n)),
      lists: listsOf(statements.filter(({ who }) => who === n)),
      // What both see went through JSON once.
      events: (JSON.parse(JSON.stringify(copies)) as typeof copies).filter(
        ({ profileId }) => (owners.get(profileId) ?? profileId) === idOf(n),
      ),
    };
  });
  const listRows = statements.map(
    ({ list, who, member, atMs }): ListMemberRow => ({
      list_id: list,
      profile_id: idOf(who),
      member,
      at_ms: atMs,
    }),
  );
  const consentRows = said.map(
    ({ who, consent, given, imported }, n): ConsentRow => ({
      profile_id: idOf(who),
      consent,
      given,
      imported,
      at_ms: n,
    }),
  );
  return { profileRows, eventRows, listRows, consentRows, identityRows: links.map(identityRow), rows };
};

const membersQuery = (all: readonly Segment[]) =>
  all
    .map(
      (segment, n) =>
        `SELECT ${n} AS n, profile_id FROM (${segmentSql(segment, NOW_MS).withMembers} SELECT profile_id FROM members WHERE member) AS s${n}`,
    )
    .join('\nUNION ALL\n');

it('the query and the predicate agree on every segment and person', { timeout: 120_000 }, async () => {
  let members = 0;
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(base, async (data) => {
      for (const one of data.segments) expect(segmentSchema.safeParse(one).error, JSON.stringify(one)).toBeUndefined();
      const { profileRows, eventRows, listRows, consentRows, identityRows, rows } = spread(data);
      lake.profiles(profileRows);
      lake.events(eventRows);
      lake.identities(identityRows);
      lake.listMembers(listRows);
      lake.consents(consentRows);
      const found = await lake.query(membersQuery(data.segments));
      for (const [n, one] of data.segments.entries()) {
        const bySql = found.filter((row) => Number(row.n) === n).map((row) => row.profile_id ?? '');
        const byPredicate = rows.filter((row) => isMember(one, row, NOW_MS)).map((row) => row.profile.profileId);
        expect(bySql.toSorted(), JSON.stringify(one)).toEqual(byPredicate.toSorted());
        members += bySql.length;
        compared += PEOPLE;
      }
    }),
    { numRuns: 20, endOnFailure: true },
  );
  // The generators must make segments that divide people, else the agreement says nothing.
  expect(members / compared).toBeGreaterThan(0.1);
  expect(members / compared).toBeLessThan(0.9);
});
