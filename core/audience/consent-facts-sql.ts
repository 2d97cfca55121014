import { joined, numbered, type Sql, sql } from './sql.ts';
import { textLiteral } from './sql-literal.ts';

/**
 * What people said about channels and topics: the CTE `consented`, per person who said something a boolean column for each consent
 * that is asked about, NULL where they said nothing. The newest statement counts; of two in one millisecond the no, and a yes
 * from a file only when there is nothing else, as with the contact's state (known-consents-sql.ts).
 */
export const consentFacts = () => {
  const asked: string[] = [];
  return {
    /** The column of a consent, in the row c. */
    given(consent: string): Sql {
      if (!asked.includes(consent)) asked.push(consent);
      return sql`c.${numbered(sql`c`, asked.indexOf(consent))}`;
    },
    ctes(): Sql[] {
      if (asked.length === 0) return [];
      const columns = asked.map(
        (consent, n) => sql`max(CASE WHEN consent = ${textLiteral(consent)} THEN given END) AS ${numbered(sql`c`, n)}`,
      );
      return [
        sql`consented AS (
  SELECT profile_id, ${joined(columns, ', ')} FROM (
    SELECT profile_id, consent, given, row_number() OVER (
      PARTITION BY profile_id, consent ORDER BY CASE WHEN imported AND given THEN 1 ELSE 0 END, at_ms DESC, given
    ) AS newest
    FROM consents WHERE consent IN (${joined(asked.map(textLiteral), ', ')})
  ) AS statements WHERE newest = 1 GROUP BY profile_id
)`,
      ];
    },
  };
};
