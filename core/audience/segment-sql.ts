import { consentFacts } from './consent-facts-sql.ts';
import { eventFacts } from './event-facts-sql.ts';
import { listFacts } from './list-facts-sql.ts';
import { nearSql } from './near-sql.ts';
import type { Field } from './profile.ts';
import { answerSql, treeSql } from './question-sql.ts';
import type { ConsentCondition, ResolvedSegment, SegmentCondition } from './segment.ts';
import { joined, numbered, type Sql, sql } from './sql.ts';
import { valueColumns } from './value-sql.ts';

/** A segment as Trino SQL. */
export type SegmentSql = {
  /**
   * `WITH` clause that makes `members`: one row per current profile, with the profile's columns and the boolean column
   * `member`, and o0, o1, … for the other segments, none of which is ever NULL.
   */
  withMembers: Sql;
};

const FIELD_COLUMNS: Record<Field, Sql> = {
  email: sql`email`,
  phone: sql`phone`,
  pushToken: sql`push_token`,
  wechatOpenId: sql`wechat_open_id`,
  timeZone: sql`time_zone`,
  locale: sql`locale`,
};
const PROFILE = [sql`profile_id`, ...Object.values(FIELD_COLUMNS), sql`attributes`];

/**
 * Compiles a segment for one instant. However many conditions there are, each table is read once, and only if one asks for it.
 * A person's current profile is the row with the highest version; a repeated row of the same version is the same.
 */
export const segmentSql = (
  segment: ResolvedSegment,
  nowMs: number,
  others: readonly ResolvedSegment[] = [],
): SegmentSql => {
  const attributes = sql`attributes`;
  const values = valueColumns(sql`a`);
  const events = eventFacts(nowMs);
  const consents = consentFacts();
  const lists = listFacts();

  const conditionSql = (condition: SegmentCondition): Sql => {
    if ('attribute' in condition) return answerSql(values.json(attributes, condition.attribute), condition, nowMs);
    if ('field' in condition) return answerSql(values.text(FIELD_COLUMNS[condition.field]), condition, nowMs);
    if ('consent' in condition) return consentSql(consents.given(condition.consent), condition);
    if ('list' in condition) return lists.isOn(condition.list);
    return 'near' in condition ? nearSql(condition, values, attributes) : events.condition(condition);
  };
  const member = sql`${treeSql(segment, conditionSql)} AS member`;
  const more = others.map((other, n) => sql`${treeSql(other, conditionSql)} AS ${numbered(sql`o`, n)}`);

  const people = sql`people AS (
${values.layers(sql`SELECT ${joined(PROFILE, ', ')} FROM (
    SELECT ${joined(PROFILE, ', ')}, row_number() OVER (PARTITION BY profile_id ORDER BY version DESC) AS newest
    FROM profiles
  ) AS versions WHERE newest = 1`)}
)`;
  const facts = [
    { ctes: events.ctes(), join: sql`LEFT JOIN facts AS f ON f.profile_id = p.profile_id` },
    { ctes: consents.ctes(), join: sql`LEFT JOIN consented AS c ON c.profile_id = p.profile_id` },
    { ctes: lists.ctes(), join: sql`LEFT JOIN listed AS l ON l.profile_id = p.profile_id` },
  ].filter(({ ctes }) => ctes.length > 0);
  const columns = joined(
    PROFILE.map((column) => sql`p.${column}`),
    ', ',
  );
  const members = sql`members AS (
  SELECT ${columns},
    ${joined([member, ...more], ',\n    ')}
  FROM ${joined([sql`people AS p`, ...facts.map(({ join }) => join)], '\n')}
)`;
  return { withMembers: sql`WITH ${joined([people, ...facts.flatMap(({ ctes }) => ctes), members], ',\n')}` };
};

const consentSql = (given: Sql, condition: ConsentCondition): Sql => {
  if ('equals' in condition)
    return condition.equals ? sql`coalesce(${given}, false)` : sql`coalesce(NOT ${given}, false)`;
  return condition.exists ? sql`${given} IS NOT NULL` : sql`${given} IS NULL`;
};
