import { firstPartition } from './event-window.ts';
import { textLiteral } from './sql-literal.ts';

/**
 * A common table expression of events of some types, without repeats: of several rows with one source and id the one
 * that arrived first stays. `fromMs` is the beginning of what will be asked for, if there is one: older partitions are
 * not read.
 */
export const firstCopiesSql = (name: string, types: readonly string[], fromMs: number | undefined): string => {
  const partitions = fromMs === undefined ? '' : ` AND dt >= ${textLiteral(firstPartition(fromMs))}`;
  return `${name} AS (
  SELECT * FROM (
    SELECT profile_id, type, time_ms, properties,
      row_number() OVER (PARTITION BY source, id ORDER BY received_ms, time_ms) AS nth
    FROM events WHERE type IN (${[...new Set(types)].map(textLiteral).join(', ')})${partitions}
  ) AS copies WHERE nth = 1
)`;
};
