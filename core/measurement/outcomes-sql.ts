import { dayOf } from '../audience/event-window.ts';
import { type Sql, sql } from '../audience/sql.ts';
import { textLiteral } from '../audience/sql-literal.ts';
import { DAY_MS } from './period.ts';

/**
 * A common table expression `outcomes_once`: outcomes from `fromMs` on, one row per outcome_id. A sender that was
 * interrupted writes its rows again, up to a day later; the earliest copy counts. An outcome arrives on its day or later,
 * so older partitions are not read; the day before is, for copies whose first one lies just before `fromMs`.
 */
export const outcomesOnceSql = (fromMs: number, where: Sql): Sql => sql`outcomes_once AS (
  SELECT * FROM (
    SELECT profile_id, channel, outcome, reason, final, at_ms, message_id,
      row_number() OVER (PARTITION BY outcome_id ORDER BY at_ms) AS nth
    FROM outcomes WHERE dt >= ${textLiteral(dayOf(fromMs - DAY_MS))} AND ${where}
  ) AS copies WHERE nth = 1
)`;
