import { textLiteral } from './sql-literal.ts';

/**
 * CTE `lists`: per person who ever was on one of the lists a boolean column l0, l1, … for each of them, in their order; NULL where
 * nothing was said. The newest statement about a person and a list counts, of two in one millisecond the removal.
 */
export const listsSql = (listIds: readonly string[]): string => {
  const columns = listIds.map((id, n) => `max(CASE WHEN list_id = ${textLiteral(id)} THEN member END) AS l${n}`);
  return `lists AS (
  SELECT profile_id,
    ${columns.join(',\n    ')}
  FROM (
    SELECT profile_id, list_id, member,
      row_number() OVER (PARTITION BY list_id, profile_id ORDER BY at_ms DESC, member) AS newest
    FROM list_members WHERE list_id IN (${[...new Set(listIds)].map(textLiteral).join(', ')})
  ) AS statements WHERE newest = 1 GROUP BY profile_id
)`;
};
