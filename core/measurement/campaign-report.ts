import { joined, type Sql, sql } from '../audience/sql.ts';
import { textLiteral } from '../audience/sql-literal.ts';
import type { Campaign } from '../strategy/campaign.ts';
import {
  ENGAGEMENT_DEFINITION,
  type Engagement,
  engagementOf,
  engagementRowsSql,
  heardSql,
  isEngagement,
} from './engagement.ts';
import { FATES_DEFINITION, type Fates, fateRowsSql, fatesOf, fatesSql, isFate, isFateSql } from './fates.ts';
import { outcomesOnceSql } from './outcomes-sql.ts';
import {
  isSendTime,
  SEND_TIME_EFFECT_DEFINITION,
  type SendTimeEffect,
  sendTimeEffectOf,
  sendTimeEffectSql,
} from './send-time-effect.ts';
import {
  isVariant,
  VARIANTS_DEFINITION,
  type VariantsAsked,
  variantRowsSql,
  variantTablesSql,
} from './variants-sql.ts';

export const CAMPAIGN_REPORT_DEFINITION = `Recipients: people for whom the campaign came to an end, each counted once, by their final outcome: sent (a channel accepted the message; by channel), skipped or failed (by reason). Moved: how often a channel of the policy was left for the next one, or a message put off, by channel and reason. While the campaign sends, people who are still on their way are missing; before it runs, everything is zero. ${FATES_DEFINITION} ${ENGAGEMENT_DEFINITION} ${SEND_TIME_EFFECT_DEFINITION} ${VARIANTS_DEFINITION} Outcomes are in the lake about a minute after they happen.`;

/** A campaign that repeats is reported over so many of its newest runs: Athena takes queries of 262,144 bytes. */
export const REPORTED_RUNS = 1_000;

type Run = NonNullable<Campaign['run']>;

/** Counts of the outcomes of one run, or of several together. `choosesHours`: also what choosing them was worth; `variants`: also of each of them; both of one run only. */
export const campaignReportQuery = (
  runs: readonly [Run, ...Run[]],
  { choosesHours = false, variants }: { choosesHours?: boolean; variants?: VariantsAsked | undefined } = {},
): Sql => {
  const [{ runId }, ...others] = runs;
  const startedMs = Math.min(...runs.map((run) => run.startedMs));
  const own =
    others.length === 0
      ? sql`run_id = ${textLiteral(runId)}`
      : sql`run_id IN (${joined(
          runs.map((run) => textLiteral(run.runId)),
          ', ',
        )})`;
  return sql`WITH ${outcomesOnceSql(startedMs, sql`${own} AND outcome NOT IN ('opened', 'clicked')`)},
${heardSql(startedMs, own)},
${fatesSql(startedMs)}${variants ? sql`,\n${variantTablesSql(variants)}` : sql``}
SELECT final, outcome, channel, reason, count(*) AS outcomes
FROM outcomes_once WHERE NOT ${isFateSql(sql`outcomes_once`)} GROUP BY final, outcome, channel, reason
UNION ALL
${fateRowsSql}
UNION ALL
${engagementRowsSql}${choosesHours ? sql`\nUNION ALL\n${sendTimeEffectSql(runId)}` : sql``}${variants ? sql`\nUNION ALL\n${variantRowsSql(variants.experiment)}` : sql``}`;
};

type Counts = Record<string, number>;
export type CampaignReport = {
  recipients: number;
  sent: number;
  /** Sent, by channel. */
  byChannel: Counts;
  /** Not sent, by reason. */
  skipped: Counts;
  failed: Counts;
  /** Channel that was left → reason → times. */
  moved: Record<string, Counts>;
} & Fates &
  Engagement &
  SendTimeEffect;

export const campaignReportOf = (rows: readonly Record<string, string | null>[]): CampaignReport => {
  const report: CampaignReport = {
    recipients: 0,
    sent: 0,
    byChannel: {},
    skipped: {},
    failed: {},
    moved: {},
    ...fatesOf(rows),
    ...engagementOf(rows),
    ...sendTimeEffectOf(rows),
  };
  const add = (to: Counts, name: string | null | undefined, count: number) => {
    to[name ?? ''] = (to[name ?? ''] ?? 0) + count;
  };
  for (const row of rows) {
    const { final, outcome, channel, reason, outcomes } = row;
    if (isFate(row) || isEngagement(outcome) || isSendTime(row) || isVariant(row)) continue;
    const count = Number(outcomes);
    if (final !== 'true') {
      // A channel took it, and the policy waits for a receipt: the final outcome is to come.
      if (outcome === 'sent') continue;
      const left = report.moved[channel ?? ''] ?? {};
      report.moved[channel ?? ''] = left;
      add(left, reason, count);
      continue;
    }
    report.recipients += count;
    if (outcome === 'sent') {
      report.sent += count;
      add(report.byChannel, channel, count);
    } else add(outcome === 'failed' ? report.failed : report.skipped, reason, count);
  }
  return report;
};
