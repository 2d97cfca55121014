import { type Sql, sql } from '../audience/sql.ts';
import { integerLiteral } from '../audience/sql-literal.ts';
import { heardSql } from './engagement.ts';
import { DAY_MS } from './period.ts';

/** What is older says less of how somebody lives now; and each day more is a day's partition of outcomes to read. */
export const ACTIVITY_DAYS = 90;
/** Of one person the newest so many opens and clicks count: one who opens everything twice a day has more. */
export const MAX_SIGHTINGS = 60;

/**
 * When people opened or clicked something in the last 90 days, machines left out (engagement.ts), on any channel. Common table
 * expressions on top of `members`: `active`, of a person the instants as a text with commas, and `hours`, of a time zone how many
 * people were active in which epoch hour. Reads the partitions of `outcomes` of those days.
 */
export const activitySql = (nowMs: number): Sql => {
  const fromMs = nowMs - ACTIVITY_DAYS * DAY_MS;
  const span = sql`profile_id <> '' AND at_ms >= ${integerLiteral(fromMs)} AND at_ms < ${integerLiteral(nowMs)}`;
  // Half a millisecond keeps each instant away from where the hour changes, so that no rounding decides on it.
  const hour = sql`round((at_ms + 5e-1) * ${PER_HOUR} - 5e-1)`;
  return sql`${heardSql(fromMs, span)},
seen AS (
  SELECT DISTINCT profile_id, at_ms, ${hour} AS hour FROM judged WHERE machine = ''
),
active AS (
  SELECT profile_id, array_join(max(at_ms, ${integerLiteral(MAX_SIGHTINGS)}), ',') AS active FROM seen GROUP BY profile_id
),
hours AS (
  SELECT m.time_zone, s.hour, count(DISTINCT s.profile_id) AS people
  FROM seen AS s JOIN members AS m ON m.profile_id = s.profile_id GROUP BY m.time_zone, s.hour
)`;
};

/** Trino divides whole numbers to whole numbers, DuckDB does not: a product means the same to both. */
const PER_HOUR = sql`2.777777777777778e-7`;

/** The rows of `hours` among those of recipients: nobody's, with other columns before and after the zone. */
export const populationRowsSql = (before: Sql, after: Sql): Sql =>
  sql`SELECT '', ${before}, h.time_zone, ${after}, NULL, h.hour, h.people FROM hours AS h`;

/** How many people of a time zone were active in an hour; numbers may come as text. */
export type PopulationRow = { time_zone?: string | null; hour: number | string; people: number | string };

export const isPopulationRow = (row: object): row is PopulationRow => {
  const { people } = row as Partial<PopulationRow>;
  return people !== undefined && people !== null && people !== '';
};
