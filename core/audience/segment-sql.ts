import { answerSql, jsonValue, textColumn } from './condition-sql.ts';
import { daysBefore, windowOf } from './event-window.ts';
import { firstCopiesSql } from './first-copies-sql.ts';
import { listsSql } from './list-members-sql.ts';
import type { Comparison, EventCondition, Field, ResolvedSegment } from './segment.ts';
import { AMOUNT_LIMIT, inMillionths } from './segment-predicate.ts';
import { doubleLiteral, integerLiteral, textLiteral } from './sql-literal.ts';

/** A segment as Trino SQL. */
export type SegmentSql = {
  /**
   * `WITH` clause that makes `members`: one row per current profile, with the profile's columns and the boolean column
   * `member`, and o0, o1, … for the other segments, none of which is ever NULL.
   */
  withMembers: string;
};

const FIELD_COLUMNS: Record<Field, string> = {
  email: 'p.email',
  phone: 'p.phone',
  pushToken: 'p.push_token',
  timeZone: 'p.time_zone',
  locale: 'p.locale',
};

/**
 * Compiles a segment for one instant. However many event conditions there are, the events are read once: each condition
 * becomes one aggregate column of `facts`, the same one for the same condition, and only partitions and types that some
 * condition can see are read.
 * A person's current profile is the row with the highest version; a repeated row of the same version is the same.
 */
export const segmentSql = (
  segment: ResolvedSegment,
  nowMs: number,
  others: readonly ResolvedSegment[] = [],
): SegmentSql => {
  const facts: Facts = { events: [], lists: [] };
  const member = expression(segment, nowMs, facts);
  const more = others.map((other, n) => `,\n    ${expression(other, nowMs, facts)} AS o${n}`);
  const people = `people AS (
  SELECT * FROM (
    SELECT profile_id, email, phone, push_token, time_zone, locale, attributes,
      row_number() OVER (PARTITION BY profile_id ORDER BY version DESC) AS newest
    FROM profiles
  ) AS versions WHERE newest = 1
)`;
  const { events, lists } = facts;
  const ofEvents = events.length > 0 ? [eventsSql(events, nowMs), factsSql(events, nowMs)] : [];
  const ofLists = lists.length > 0 ? [listsSql(lists)] : [];
  const joins = [
    ...(events.length > 0 ? ['\n  LEFT JOIN facts AS f ON f.profile_id = p.profile_id'] : []),
    ...(lists.length > 0 ? ['\n  LEFT JOIN lists AS l ON l.profile_id = p.profile_id'] : []),
  ];
  const members = `members AS (
  SELECT p.profile_id, p.email, p.phone, p.push_token, p.time_zone, p.locale, p.attributes,
    ${member} AS member${more.join('')}
  FROM people AS p${joins.join('')}
)`;
  return { withMembers: `WITH ${[people, ...ofEvents, ...ofLists, members].join(',\n')}` };
};

/** What the tree asks about beside the profile. */
type Facts = { events: EventCondition[]; lists: string[] };

/** The boolean expression of a tree over p (profile), f (events) and l (lists); appends to `facts` what it meets. */
const expression = (segment: ResolvedSegment, nowMs: number, facts: Facts): string => {
  if ('all' in segment) return `(${segment.all.map((inner) => expression(inner, nowMs, facts)).join(' AND ')})`;
  if ('any' in segment) return `(${segment.any.map((inner) => expression(inner, nowMs, facts)).join(' OR ')})`;
  if ('not' in segment) return `(NOT ${expression(segment.not, nowMs, facts)})`;
  if ('attribute' in segment) return answerSql(jsonValue('p.attributes', segment.attribute), segment);
  if ('field' in segment) return answerSql(textColumn(FIELD_COLUMNS[segment.field]), segment);
  if ('list' in segment) return `coalesce(l.l${placeIn(facts.lists, segment.list)}, false)`;
  const column = `f.f${placeIn(facts.events, segment)}`;
  if ('count' in segment) return comparisonSql(`coalesce(${column}, 0)`, segment.count, integerLiteral);
  if ('sum' in segment) return comparisonSql(`coalesce(${column}, 0e0)`, inMillionths(segment.sum.is), doubleLiteral);
  if ('withinDays' in segment.last) {
    return `coalesce(${column} >= ${integerLiteral(daysBefore(nowMs, segment.last.withinDays))}, false)`;
  }
  return `coalesce(${column} < ${integerLiteral(daysBefore(nowMs, segment.last.moreThanDaysAgo))}, false)`;
};

/** Where something stands in a list; appended when it is not there yet. */
const placeIn = <T>(list: T[], item: T): number => {
  const json = JSON.stringify(item);
  const found = list.findIndex((known) => JSON.stringify(known) === json);
  return found >= 0 ? found : list.push(item) - 1;
};

const OPERATORS = { atLeast: '>=', moreThan: '>', atMost: '<=', lessThan: '<', equals: '=' } as const;
const comparisonSql = (value: string, comparison: Comparison, literal: (limit: number) => string): string => {
  const [[name, limit]] = Object.entries(comparison) as [[keyof typeof OPERATORS, number]];
  return `${value} ${OPERATORS[name]} ${literal(limit)}`;
};

/** `once`: the events that some condition may see, each with the person it belongs to by now. */
const eventsSql = (facts: readonly EventCondition[], nowMs: number): string => {
  const starts = facts.map((condition) => windowOf(condition, nowMs).fromMs);
  const bounded = starts.every((fromMs) => fromMs !== undefined);
  return firstCopiesSql(
    'once',
    facts.map(({ event }) => event),
    bounded ? Math.min(...starts) : undefined,
  );
};

/** `facts`: per person one column per event condition. Whoever has no such event has no row, or NULL or 0 in it. */
const factsSql = (facts: readonly EventCondition[], nowMs: number): string => {
  const columns = facts.map(
    (condition, n) => `${aggregate(condition)} FILTER (WHERE ${seen(condition, nowMs)}) AS f${n}`,
  );
  return `facts AS (
  SELECT profile_id,
    ${columns.join(',\n    ')}
  FROM once GROUP BY profile_id
)`;
};

const aggregate = (condition: EventCondition): string => {
  if ('count' in condition) return 'count(*)';
  if ('last' in condition) return 'max(time_ms)';
  const amount = jsonValue('properties', condition.sum.property).number;
  return `sum(CASE WHEN abs(${amount}) < ${doubleLiteral(AMOUNT_LIMIT)} THEN round(${amount} * 1e6) END)`;
};

const seen = (condition: EventCondition, nowMs: number): string => {
  const { fromMs, toMs } = windowOf(condition, nowMs);
  return [
    `type = ${textLiteral(condition.event)}`,
    ...(fromMs === undefined ? [] : [`time_ms >= ${integerLiteral(fromMs)}`]),
    `time_ms < ${integerLiteral(toMs)}`,
    ...(condition.where ?? []).map((question) => answerSql(jsonValue('properties', question.property), question)),
  ].join(' AND ');
};
