import type { DaysOfYear } from './anniversary.ts';
import { type Sql, sql } from './sql.ts';
import { doubleLiteral, textLiteral } from './sql-literal.ts';

/**
 * The form of a date, as instantOf (core/event/instant.ts) takes it. That the calendar has the day is seen when it is cast. Trino's
 * own functions for ISO 8601 take more forms, and fail on others instead of answering NULL.
 */
const FORM = textLiteral(
  '^(0[1-9]|[1-9][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}(T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?' +
    '(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00))?\\z',
);
const SECONDS = textLiteral(':[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?');
const OFFSET = textLiteral('[+-][0-9]{2}:[0-9]{2}\\z');

/** Epoch ms of a text as a DOUBLE, which is exact; NULL when it is no date. A day has no time, which is midnight UTC. */
export const dateMsSql = (text: Sql): Sql => {
  const offset = sql`regexp_extract(${text}, ${OFFSET})`;
  const number = (digits: Sql) => sql`TRY_CAST(${digits} AS DOUBLE)`;
  const day = sql`date_diff('day', DATE '1970-01-01', TRY_CAST(substr(${text}, 1, 10) AS DATE)) * 864e5`;
  const minutes = sql`${number(sql`substr(${text}, 12, 2)`)} * 36e5 + ${number(sql`substr(${text}, 15, 2)`)} * 6e4`;
  const seconds = sql`round(${number(sql`substr(regexp_extract(${text}, ${SECONDS}), 5)`)} * 1e3)`;
  const zone = sql`(${number(sql`substr(${offset}, 2, 2)`)} * 36e5 + ${number(sql`substr(${offset}, 5, 2)`)} * 6e4)`;
  return sql`CASE WHEN regexp_like(${text}, ${FORM}) THEN ${day} + coalesce(${minutes}, 0e0) + coalesce(${seconds}, 0e0) + coalesce(CASE WHEN starts_with(${offset}, '-') THEN 1e0 ELSE -1e0 END * ${zone}, 0e0) END`;
};

/** Whether a date is in the span, both ends included. NULL when it is none. */
export const inSpanSql = (ms: Sql, { fromMs, toMs }: { fromMs: number; toMs: number }): Sql => {
  if (fromMs === Number.NEGATIVE_INFINITY) return sql`${ms} <= ${doubleLiteral(toMs)}`;
  if (toMs === Number.POSITIVE_INFINITY) return sql`${ms} >= ${doubleLiteral(fromMs)}`;
  return sql`${ms} BETWEEN ${doubleLiteral(fromMs)} AND ${doubleLiteral(toMs)}`;
};

/** Whether the text, which is a date when `ms` is not NULL, is on one of the days of the year as it is written. */
export const onDaysSql = (text: Sql, ms: Sql, days: DaysOfYear | undefined): Sql => {
  if (!days) return sql`${ms} IS NOT NULL`;
  const day = sql`substr(${text}, 6, 5)`;
  const [from, to] = [textLiteral(days.from), textLiteral(days.to)];
  const between =
    days.from <= days.to ? sql`${day} BETWEEN ${from} AND ${to}` : sql`(${day} >= ${from} OR ${day} <= ${to})`;
  return sql`(${ms} IS NOT NULL AND ${between})`;
};
