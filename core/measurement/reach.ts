import { type Sql, sql } from '../audience/sql.ts';
import { integerLiteral } from '../audience/sql-literal.ts';
import { outcomesOnceSql } from './outcomes-sql.ts';
import type { Period } from './period.ts';

export const REACH_DEFINITION =
  'People reached: distinct profiles with at least one message that a channel accepted (a final outcome "sent") at a time in [from, to). Messages: those messages. By channel a person counts once per channel, so the channels may add up to more people than there are. Campaigns and triggers count. Outcomes are in the lake about a minute after they happen.';

/** One row per channel, and one with channel NULL for all channels together. */
export const reachQuery = ({
  fromMs,
  toMs,
}: Period): Sql => sql`WITH ${outcomesOnceSql(fromMs, sql`outcome = 'sent' AND final`)}
SELECT channel, count(DISTINCT profile_id) AS people, count(*) AS messages
FROM outcomes_once WHERE at_ms >= ${integerLiteral(fromMs)} AND at_ms < ${integerLiteral(toMs)}
GROUP BY GROUPING SETS ((channel), ())`;

type Figures = { people: number; messages: number };
export type Reach = Figures & { byChannel: Record<string, Figures> };

export const reachOf = (rows: readonly Record<string, string | null>[]): Reach => {
  const figures = (row: Record<string, string | null> | undefined): Figures => ({
    people: Number(row?.people ?? 0),
    messages: Number(row?.messages ?? 0),
  });
  const channels = rows.flatMap((row) => (row.channel ? [[row.channel, figures(row)] as const] : []));
  return { ...figures(rows.find((row) => !row.channel)), byChannel: Object.fromEntries(channels) };
};
