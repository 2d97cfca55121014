import { AMOUNT_LIMIT } from '../amount.ts';
import { eventRowsSql, firstCopiesSql } from '../first-copies-sql.ts';
import type { ResolvedSegment } from '../segment.ts';
import { segmentSql } from '../segment-sql.ts';
import { joined, numbered, type Sql, sql } from '../sql.ts';
import { doubleLiteral, integerLiteral, jsonPath, textLiteral } from '../sql-literal.ts';
import { jsonValue } from '../value-sql.ts';
import { type CutOff, SPAN_DAYS } from './facts.ts';

const DAY_MS = 86_400_000;

export type FactsQuestion = {
  /** Type of the events that are purchases. */
  event: string;
  /** Property that holds the amount; without one nobody spent anything. */
  amount?: string | undefined;
  /** The first one is the fit's own. */
  cutOffs: readonly CutOff[];
  /** The model's attributes: people who have one are in the answer, so that it can be taken back. */
  attributes: readonly string[];
  /** For a lookalike: everybody is in the answer, with these traits. */
  lookalike?: { seed: ResolvedSegment; nowMs: number; traits: readonly string[] };
};

/**
 * One row per person with a profile and cut-off, of people who bought before it. The events are read once, whatever the
 * number of cut-offs. Amounts are summed in millionths, as conditions of segments do: exact in whatever order.
 */
export const factsSql = ({ event, amount, cutOffs, attributes, lookalike }: FactsQuestion): Sql => {
  const points = cutOffs.map(
    ({ part, fromMs, cutMs, toMs }) =>
      sql`(${joined(
        [
          textLiteral(part),
          ...[fromMs, cutMs, toMs, cutMs - SPAN_DAYS * DAY_MS, cutMs - 2 * SPAN_DAYS * DAY_MS].map(integerLiteral),
        ],
        ', ',
      )})`,
  );
  const json = amount === undefined ? undefined : sql`json_format(json_extract(o.properties, ${jsonPath(amount)}))`;
  const value = json && jsonValue(json).json.number;
  const spent = value
    ? sql`CASE WHEN abs(${value}) < ${doubleLiteral(AMOUNT_LIMIT)} THEN round(${value} * 1e6) END`
    : sql`0e0`;
  const was = attributes.map(
    (name, n) => sql`json_extract_scalar(p.attributes, ${jsonPath(name)}) AS ${numbered(sql`was_`, n)}`,
  );
  const kept = attributes.map((_, n) => sql`${numbered(sql`was_`, n)} IS NOT NULL`);
  const seed = lookalike
    ? sql`,\nseeds AS (\n${segmentSql(lookalike.seed, lookalike.nowMs).withMembers}\nSELECT profile_id, member FROM members\n)`
    : sql``;
  const rows = eventRowsSql([event], Math.min(...cutOffs.map(({ fromMs }) => fromMs)));
  return sql`WITH ${firstCopiesSql(sql`once`, [sql`time_ms`, sql`properties`], rows)},
points AS (
  SELECT * FROM (VALUES ${joined(points, ', ')}) AS t (part, from_ms, cut_ms, to_ms, recent_ms, earlier_ms)
),
history AS (
  SELECT t.part, o.profile_id,
    count(*) FILTER (WHERE o.time_ms < t.cut_ms) AS purchases,
    min(o.time_ms) FILTER (WHERE o.time_ms < t.cut_ms) AS first_ms,
    max(o.time_ms) FILTER (WHERE o.time_ms < t.cut_ms) AS last_ms,
    sum(${spent}) FILTER (WHERE o.time_ms < t.cut_ms) AS amount,
    count(*) FILTER (WHERE o.time_ms < t.cut_ms AND o.time_ms >= t.recent_ms) AS recent,
    count(*) FILTER (WHERE o.time_ms < t.recent_ms AND o.time_ms >= t.earlier_ms) AS earlier,
    count(*) FILTER (WHERE o.time_ms >= t.cut_ms) AS later
  FROM once AS o JOIN points AS t ON o.time_ms >= t.from_ms AND o.time_ms < t.to_ms
  GROUP BY t.part, o.profile_id
),
profile AS (
  SELECT * FROM (
    SELECT profile_id, email, phone, push_token, time_zone, locale, attributes,
      row_number() OVER (PARTITION BY profile_id ORDER BY version DESC) AS newest
    FROM profiles
  ) AS versions WHERE newest = 1
),
person AS (
  SELECT ${joined([sql`p.profile_id`, ...was, ...traitsSql(lookalike?.traits ?? [])], ',\n    ')}
  FROM profile AS p
)${seed}
SELECT t.part, p.*, h.purchases, h.first_ms, h.last_ms, h.amount, h.recent, h.earlier, h.later${lookalike ? sql`, s.member AS seed` : sql``}
FROM person AS p CROSS JOIN points AS t
  LEFT JOIN history AS h ON h.profile_id = p.profile_id AND h.part = t.part${lookalike ? sql`\n  LEFT JOIN seeds AS s ON s.profile_id = p.profile_id` : sql``}
WHERE ${lookalike ? sql`true` : sql`h.purchases > 0 OR (t.part = 'now' AND (${joined(kept, ' OR ')}))`}`;
};

/** The same as an UNLOAD into an empty s3:// folder: gzip JSON, one FactsRow a line, in no order. */
export const factsQuery = (question: FactsQuestion, location: string): Sql => sql`UNLOAD (
${factsSql(question)}
) TO ${textLiteral(location)} WITH (format = 'JSON', compression = 'GZIP')`;

/** Traits that every profile has or lacks; any other name is an attribute. */
export const OWN_TRAITS = ['email', 'phone', 'pushToken', 'locale', 'timeZone'] as const;

const OWN_SQL: Record<(typeof OWN_TRAITS)[number], Sql> = {
  // That there is one says enough; the address itself says nothing about others.
  email: sql`CASE WHEN p.email <> '' THEN 'yes' END`,
  phone: sql`CASE WHEN p.phone <> '' THEN 'yes' END`,
  pushToken: sql`CASE WHEN p.push_token <> '' THEN 'yes' END`,
  locale: sql`nullif(p.locale, '')`,
  timeZone: sql`nullif(p.time_zone, '')`,
};

const traitsSql = (traits: readonly string[]): Sql[] =>
  traits.map((trait, n) => {
    const attribute = /^attributes\.(.+)$/.exec(trait)?.[1];
    const value = attribute
      ? sql`json_extract_scalar(p.attributes, ${jsonPath(attribute)})`
      : OWN_SQL[trait as (typeof OWN_TRAITS)[number]];
    return sql`${value} AS ${numbered(sql`trait_`, n)}`;
  });
