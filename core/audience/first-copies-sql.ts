import { ANONYMOUS } from '../event/identity.ts';
import { firstPartition } from './event-window.ts';
import { textLiteral } from './sql-literal.ts';

/**
 * Common table expressions: of events of some types, without repeats (of several rows with one source and id the one that
 * arrived first stays), and `links`, by which what somebody did before they were known counts for their profile.
 * `fromMs` is the beginning of what will be asked for, if there is one: older partitions of events are not read. Links
 * are for good, so all of them are; of each the first one counts, as in the table that the matching reads.
 */
export const firstCopiesSql = (name: string, types: readonly string[], fromMs: number | undefined): string => {
  const partitions = fromMs === undefined ? '' : ` AND dt >= ${textLiteral(firstPartition(fromMs))}`;
  return `links AS (
  SELECT * FROM (
    SELECT ${textLiteral(ANONYMOUS)} || alias AS anonymous_id, profile_id,
      row_number() OVER (PARTITION BY alias ORDER BY at_ms, profile_id) AS nth
    FROM identities
  ) AS rows_of_alias WHERE nth = 1
),
${name} AS (
  SELECT coalesce(l.profile_id, e.profile_id) AS profile_id, e.type, e.time_ms, e.properties FROM (
    SELECT profile_id, type, time_ms, properties,
      row_number() OVER (PARTITION BY source, id ORDER BY received_ms, time_ms) AS nth
    FROM events WHERE type IN (${[...new Set(types)].map(textLiteral).join(', ')})${partitions}
  ) AS e LEFT JOIN links AS l ON l.anonymous_id = e.profile_id WHERE e.nth = 1
)`;
};
