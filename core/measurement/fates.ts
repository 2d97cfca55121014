import { dayOf } from '../audience/event-window.ts';
import { joined, type Sql, sql } from '../audience/sql.ts';
import { textLiteral } from '../audience/sql-literal.ts';
import { LATE_FAILURES } from '../delivery/bounce.ts';
import { DAY_MS } from './period.ts';

export const FATES_DEFINITION =
  'Delivered, complained, bounced and failedLater: people of whom the provider said so later, each once by channel; bounced by class (hard: the address takes no mail; soft: not now; undetermined; block: about the message or its sender), failedLater by reason. It may take days until they are complete.';

const listed = (words: readonly string[]): Sql =>
  joined(
    words.map((word) => textLiteral(word)),
    ', ',
  );
const SAID = ['delivered', 'bounced', 'complained'] as const;

/** Whether a row of `table` is what a provider said of a message later. A sender's own failures have other reasons. */
export const isFateSql = (table: Sql): Sql =>
  sql`(${table}.outcome IN (${listed(SAID)}) OR ${table}.outcome = 'failed' AND ${table}.reason IN (${listed(LATE_FAILURES)}))`;

/**
 * A common table expression `fates`: what was said of the messages in `outcomes_once`. A receipt that came without saying
 * whose it is (its run is '') is joined on the provider's id of the message.
 */
export const fatesSql = (fromMs: number): Sql => sql`fates AS (
  SELECT profile_id, channel, outcome, reason FROM outcomes_once WHERE ${isFateSql(sql`outcomes_once`)}
  UNION
  SELECT sent.profile_id, sent.channel, late.outcome, late.reason
  FROM outcomes AS late JOIN outcomes_once AS sent ON late.message_id = sent.message_id
  WHERE late.dt >= ${textLiteral(dayOf(fromMs - DAY_MS))} AND late.run_id = '' AND late.message_id <> ''
    AND sent.outcome = 'sent' AND ${isFateSql(sql`late`)}
)`;

/** People by channel and what was said, in the columns of a campaign's report; `final` NULL says that it is one of these. */
export const fateRowsSql = sql`SELECT NULL AS final, outcome, channel, reason, count(*) AS outcomes
FROM fates GROUP BY outcome, channel, reason`;

type Counts = Record<string, number>;
export type Fates = {
  /** By channel. */
  delivered: Counts;
  complained: Counts;
  /** By channel and class. */
  bounced: Record<string, Counts>;
  /** By channel and reason: a channel had accepted it, and it did not arrive. */
  failedLater: Record<string, Counts>;
};

export const isFate = (row: Record<string, string | null>): boolean => row.final === null;

export const fatesOf = (rows: readonly Record<string, string | null>[]): Fates => {
  const fates: Fates = { delivered: {}, complained: {}, bounced: {}, failedLater: {} };
  for (const row of rows.filter(isFate)) {
    const [channel, reason, count] = [row.channel ?? '', row.reason ?? '', Number(row.outcomes)];
    if (row.outcome === 'delivered' || row.outcome === 'complained') {
      fates[row.outcome][channel] = count;
      continue;
    }
    const byChannel = row.outcome === 'bounced' ? fates.bounced : fates.failedLater;
    byChannel[channel] = { ...byChannel[channel], [reason]: count };
  }
  return fates;
};
