import { joined, numbered, type Sql, sql } from './sql.ts';
import { textLiteral } from './sql-literal.ts';

/**
 * Who is on which list: the CTE `listed`, per person who ever was on one that is asked about a boolean column for each of them, NULL
 * where nothing was said. The newest statement about a person and a list counts, of two in one millisecond the removal.
 */
export const listFacts = () => {
  const asked: string[] = [];
  return {
    /** Whether the person is on the list, in the row l. True or false, never NULL. */
    isOn(list: string): Sql {
      if (!asked.includes(list)) asked.push(list);
      return sql`coalesce(l.${numbered(sql`l`, asked.indexOf(list))}, false)`;
    },
    ctes(): Sql[] {
      if (asked.length === 0) return [];
      const columns = asked.map(
        (list, n) => sql`max(CASE WHEN list_id = ${textLiteral(list)} THEN member END) AS ${numbered(sql`l`, n)}`,
      );
      return [
        sql`listed AS (
  SELECT profile_id, ${joined(columns, ', ')} FROM (
    SELECT profile_id, list_id, member,
      row_number() OVER (PARTITION BY list_id, profile_id ORDER BY at_ms DESC, member) AS newest
    FROM list_members WHERE list_id IN (${joined(asked.map(textLiteral), ', ')})
  ) AS statements WHERE newest = 1 GROUP BY profile_id
)`,
      ];
    },
  };
};
