import { ANONYMOUS } from '../event/identity.ts';
import { firstPartition } from './event-window.ts';
import { joined, type Sql, sql } from './sql.ts';
import { textLiteral } from './sql-literal.ts';

/** Events of some types; `fromMs` is the beginning of what will be asked for, if there is one: older partitions are not read. */
export const eventRowsSql = (types: readonly string[], fromMs: number | undefined): Sql => {
  const partitions = fromMs === undefined ? sql`` : sql` AND dt >= ${textLiteral(firstPartition(fromMs))}`;
  const names = joined([...new Set(types)].map(textLiteral), ', ');
  return sql`SELECT profile_id, source, id, type, time_ms, received_ms, properties FROM events WHERE type IN (${names})${partitions}`;
};

/** CTE `links`: of each anonymous id the person it belongs to. Links are for good; of each the first one counts. */
export const linksSql = sql`links AS (
  SELECT * FROM (
    SELECT ${textLiteral(ANONYMOUS)} || alias AS anonymous_id, profile_id,
      row_number() OVER (PARTITION BY alias ORDER BY at_ms, profile_id) AS nth
    FROM identities
  ) AS rows_of_alias WHERE nth = 1
)`;

/**
 * Common table expressions: `links`, by which what somebody did before they were known counts for their profile, and `name`: the
 * given columns of event rows, each with the person it belongs to by now, without repeats (of several rows with one type,
 * source and id the one that arrived first stays). All links are read.
 */
export const firstCopiesSql = (name: Sql, columns: readonly Sql[], rows: Sql): Sql => {
  const kept = joined([sql`profile_id`, ...columns], ', ');
  return sql`${linksSql},
${name} AS (
  SELECT coalesce(l.profile_id, e.profile_id) AS ${kept} FROM (
    SELECT ${kept}, row_number() OVER (PARTITION BY type, source, id ORDER BY received_ms, time_ms) AS nth FROM (
${rows}
    ) AS copies
  ) AS e LEFT JOIN links AS l ON l.anonymous_id = e.profile_id WHERE e.nth = 1
)`;
};
