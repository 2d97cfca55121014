import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { Profile } from '../../../core/audience/profile.ts';
import { profileRow } from '../../../core/audience/profile.ts';
import { MAX_MEMBERS_SQL_BYTES } from '../../../core/audience/resolve-segment.ts';
import { RESOLVED_LIMITS, type ResolvedSegment, SEGMENT_LIMITS, segment } from '../../../core/audience/segment.ts';
import { isMember, type Person } from '../../../core/audience/segment-predicate.ts';
import { segmentSql } from '../../../core/audience/segment-sql.ts';
import { MAX_DEPTH } from '../../../core/audience/tree-bounds.ts';
import { fieldErrors } from '../../../lambdas/middleware/parse-request.ts';
import { rowsOf, spansOf } from '../event/semantics-page.ts';
import { createLake, type Lake } from '../lake.ts';

// docs/segment-language.md is the specification. Here each row of its tables, and of the questions that segments share with
// triggers, is run through the schema, the predicate, and the SQL on the local Athena.

const PAGE = 'segment-language';
const NOON = Date.parse('2026-11-18T12:00:00Z');
const UNITS: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

type Told = {
  attributes?: Profile['attributes'];
  consents?: Record<string, boolean>;
  lists?: string[];
  events?: string;
};

/** `visit 3d; buy 1h {"amount":5}`, each maybe with an id: `buy 1d #a`. */
const eventsOf = (told: string): Person['events'] =>
  told.split('; ').map((one, n) => {
    const [, type = '', ago = '', unit = '', id = `e${n}`, properties = '{}'] =
      /^(\w+) (-?\d+)(ms|[dhms])(?: #(\w+))?(?: (\{.*\}))?$/.exec(one) ?? [];
    if (!type) throw new Error(`No event: ${one}`);
    return {
      ...{ id, source: 'page', type, timeMs: NOON - Number(ago) * (UNITS[unit] ?? Number.NaN), receivedMs: NOON + n },
      properties: JSON.parse(properties) as Record<string, unknown>,
    };
  });

const personOf = (told: string): Person => {
  const known = (told.startsWith('{') ? JSON.parse(told) : told === 'nobody' ? {} : { events: told }) as Told;
  const { attributes = {}, consents = {}, lists = [], events, ...fields } = known;
  const profile = { profileId: told, version: 1, updatedMs: 0, ...fields, attributes };
  return { profile, events: events === undefined ? [] : eventsOf(events), consents, lists: new Set(lists) };
};

type Case = { line: number; condition: string; told: string; expected: boolean };
const casesOf = (
  line: number,
  condition: string,
  cells: (string | undefined)[],
  tell = (span: string) => span,
): Case[] =>
  [true, false].flatMap((expected, n) =>
    spansOf(cells[n]).map((span) => ({ line, condition, told: tell(span), expected })),
  );

const conditionCases = rowsOf('condition', PAGE).flatMap(({ line, cells: [asked, member, not] }) =>
  casesOf(line, spansOf(asked)[0] ?? '', [member, not]),
);

/** A value wherever it may stand. Undefined is one that is missing. */
const tellValue = (span: string): string => {
  const own = span === 'missing' ? '{}' : `{"value":${span}}`;
  const list = span === 'missing' ? '[]' : `[${span}]`;
  return JSON.stringify({
    attributes: JSON.parse(span === 'missing' ? '{}' : `{"value":${span},"list":${list}}`),
    events: `seen 1d {"deep":${own},"items":[${own}],"list":${list}}`,
  });
};
const placesOf = (question: object): object[] => {
  const seen = (subject: object) => ({ event: 'seen', where: [subject], count: { atLeast: 1 } });
  return [
    { attribute: 'value', ...question },
    seen({ property: 'deep.value', ...question }),
    seen({ property: 'items', anyItem: { item: 'value', ...question } }),
    seen({ property: 'items', everyItem: { item: 'value', ...question } }),
  ];
};
const questionCases = rowsOf('question')
  .filter(({ cells }) => cells[0]?.startsWith('`{'))
  .flatMap(({ line, cells: [asked, must, mustNot] }) =>
    placesOf(JSON.parse(spansOf(asked)[0] ?? '') as object).flatMap((place) =>
      casesOf(line, JSON.stringify(place), [must, mustNot], tellValue),
    ),
  );

const parse = (condition: string): ResolvedSegment => {
  const parsed = segment.safeParse(JSON.parse(condition));
  if (!parsed.success) throw new Error(`${condition}: ${JSON.stringify(fieldErrors(parsed.error.issues))}`);
  return parsed.data as ResolvedSegment;
};

const writePeople = (people: readonly Person[]) => {
  const owned = people.map((person) => ({ ...person, id: person.profile.profileId }));
  lake.profiles(owned.map(({ profile }) => profileRow(profile)));
  lake.consents(
    owned.flatMap(({ id, consents }) =>
      Object.entries(consents).map(([consent, given]) => ({
        profile_id: id,
        consent,
        given,
        imported: false,
        at_ms: 1,
      })),
    ),
  );
  lake.listMembers(
    owned.flatMap(({ id, lists }) =>
      [...lists].map((list_id) => ({ profile_id: id, list_id, member: true, at_ms: 1 })),
    ),
  );
  lake.events(
    owned.flatMap(({ id, events }) =>
      events.map((event) => ({
        ...{ id: event.id, type: event.type, profile_id: id, source: id, time_ms: event.timeMs },
        received_ms: event.receivedMs,
        properties: JSON.stringify(event.properties),
      })),
    ),
  );
};

/** Ids of the members of each segment, by the SQL. */
const membersBySql = async (segments: readonly ResolvedSegment[]): Promise<Set<string>[]> => {
  const found: Set<string>[] = [];
  // DuckDB has 256 MB here, as in the local cloud.
  const CHUNK = 8;
  for (let at = 0; at < segments.length; at += CHUNK) {
    const queries = segments
      .slice(at, at + CHUNK)
      .map(
        (one, n) =>
          `SELECT ${n} AS n, profile_id FROM (${segmentSql(one, NOON).withMembers} SELECT profile_id FROM members WHERE member) AS s${n}`,
      );
    const rows = await lake.query(queries.join('\nUNION ALL\n'));
    queries.forEach((_, n) => {
      found.push(new Set(rows.filter((row) => Number(row.n) === n).map((row) => row.profile_id ?? '')));
    });
  }
  return found;
};

describe.each([
  { name: 'conditions', cases: conditionCases, atLeast: 270 },
  { name: 'questions', cases: questionCases, atLeast: 700 },
])('$name', ({ cases, atLeast }) => {
  const conditions = [...new Set(cases.map(({ condition }) => condition))];
  const tolds = [...new Set(cases.map(({ told }) => told))];

  test('the tables are there', () => expect(cases.length).toBeGreaterThan(atLeast));

  test.each(cases)('line $line: $condition of $told is $expected', ({ condition, told, expected }) => {
    const parsed = parse(condition);
    expect(isMember(parsed, personOf(told), NOON)).toBe(expected);
    expect(isMember({ not: parsed }, personOf(told), NOON)).toBe(!expected);
  });

  test('the SQL says of everybody what the predicate says', { timeout: 120_000 }, async () => {
    const people = tolds.map(personOf);
    writePeople(people);
    const segments = conditions.map(parse);
    const found = await membersBySql(segments);
    segments.forEach((one, n) => {
      const byPredicate = people
        .filter((person) => isMember(one, person, NOON))
        .map(({ profile }) => profile.profileId);
      expect([...(found[n] ?? [])].sort(), conditions[n]).toEqual(byPredicate.sort());
    });
    // And so what the page says.
    for (const { condition, told, expected } of cases)
      expect(found[conditions.indexOf(condition)]?.has(told), `${condition} of ${told}`).toBe(expected);
  });
});

describe('what is refused', () => {
  const rows = rowsOf('refused', PAGE);
  test('the table is there', () => expect(rows.length).toBeGreaterThan(25));
  test.each(rows.map(({ line, cells }) => [line, ...cells] as const))(
    'line %i: %s',
    (_line, refused = '', at, because = '') => {
      const parsed = segment.safeParse(JSON.parse(spansOf(refused)[0] ?? ''));
      const errors = fieldErrors(parsed.error?.issues ?? []);
      expect(errors).toContainEqual({ path: spansOf(at)[0] ?? '', message: expect.stringContaining(because) });
    },
  );
});

it('the limits are those of the page', () => {
  const limit = (what: string) =>
    Number(
      rowsOf('limit', PAGE)
        .find(({ cells }) => cells[0]?.startsWith(what))
        ?.cells[1]?.replaceAll(',', ''),
    );
  expect([
    limit('nesting'),
    limit('conditions of a segment'),
    limit('JSON of a segment as it is written'),
    limit('JSON of a segment with the rules'),
    limit('its part of the query'),
  ]).toEqual([
    MAX_DEPTH,
    SEGMENT_LIMITS.conditions,
    SEGMENT_LIMITS.bytes,
    RESOLVED_LIMITS.bytes,
    MAX_MEMBERS_SQL_BYTES,
  ]);
});
