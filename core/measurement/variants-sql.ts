import { armNameSql } from '../audience/arms-sql.ts';
import { eventRowsSql, firstCopiesSql } from '../audience/first-copies-sql.ts';
import { answerSql, treeSql } from '../audience/question-sql.ts';
import { joined, type Sql, sql } from '../audience/sql.ts';
import { textLiteral } from '../audience/sql-literal.ts';
import { valueColumns } from '../audience/value-sql.ts';
import type { Campaign } from '../strategy/campaign.ts';
import { type ExperimentInput, splitOf, type VariantDecision } from '../strategy/experiment/campaign-experiment.ts';
import { type ArmCount, type ArmFigures, figuresOf } from '../strategy/experiment/figures.ts';
import { expectedBy, type SampleRatio, sampleRatioOf } from '../strategy/experiment/sample-ratio.ts';
import { heardSql } from './engagement.ts';
import { outcomesOnceSql } from './outcomes-sql.ts';

export const VARIANTS_DEFINITION =
  'Variants: people who take part in the experiment and to whom a channel has taken the message, and those of whom the metric has come true: a person’s open or click (machines left out; a click is an open, too), or the event, after it was sent. sampleRatio: how likely chance alone spreads people so unevenly over the variants (p); below 0.001 they are not comparable (isMismatch). low to high holds the true rate with 95 % probability; pBest is the probability that no variant is better, expectedLoss by how much the best one is better on average.';

/** `variants`: in their order. Absent `experiment`: a click is counted. */
export type VariantsAsked = {
  planId: string;
  runId: string;
  startedMs: number;
  variants: readonly { name: string; percent: number }[];
  experiment?: ExperimentInput | undefined;
};

/**
 * Common table expressions `tested` and `succeeded`, after `outcomes_once` and, of those whom opens or clicks decide, `judged`. Who
 * takes part in the experiment is told by the hash that has told people apart, for later others get the same content.
 */
export const variantTablesSql = (asked: VariantsAsked): Sql => {
  const { planId, startedMs, variants, experiment } = asked;
  const names = variants.map(({ name }) => textLiteral(name));
  const variant = armNameSql(splitOf(planId, asked), names, sql`profile_id`);
  const tested = sql`tested AS (
  SELECT profile_id, ${variant} AS variant, min(at_ms) AS sent_ms FROM outcomes_once
  WHERE final AND outcome = 'sent' GROUP BY profile_id
)`;
  const metric = metricOf(experiment);
  if (typeof metric === 'string') {
    const deeds = metric === 'opened' ? sql`outcome IN ('opened', 'clicked')` : sql`outcome = 'clicked'`;
    return sql`${tested},
succeeded AS (SELECT DISTINCT profile_id FROM judged WHERE machine = '' AND ${deeds})`;
  }
  return sql`${tested},
${conversionsSql(metric, startedMs)},
succeeded AS (
  SELECT DISTINCT t.profile_id FROM conversions AS c JOIN tested AS t ON c.profile_id = t.profile_id
  WHERE c.meets AND c.time_ms >= t.sent_ms
)`;
};

/** Events of the type, each once, and whether they meet the conditions: of one that came twice the first copy says. */
const conversionsSql = ({ event, where = [] }: Exclude<ExperimentInput['metric'], string>, startedMs: number): Sql => {
  const values = valueColumns(sql`v`);
  const conditions = where.map((tree) =>
    treeSql(tree, (leaf) => answerSql(values.json(sql`properties`, leaf.property), leaf, startedMs), 'and'),
  );
  const meets = conditions.length > 0 ? joined(conditions, ' AND ') : sql`true`;
  const rows = values.layers(eventRowsSql([event], startedMs));
  return firstCopiesSql(
    sql`conversions`,
    [sql`time_ms`, sql`meets`],
    sql`SELECT profile_id, source, id, type, time_ms, received_ms, ${meets} AS meets FROM (
${rows}
) AS valued`,
  );
};

const metricOf = (experiment: ExperimentInput | undefined): ExperimentInput['metric'] =>
  experiment?.metric ?? 'clicked';

/** People and successes by variant, in the columns of a campaign's report. */
export const variantRowsSql = sql`SELECT false AS final, 'variant' AS outcome, variant AS channel, 'people' AS reason, count(*) AS outcomes
FROM tested WHERE variant <> '' GROUP BY variant
UNION ALL
SELECT false AS final, 'variant' AS outcome, t.variant AS channel, 'successes' AS reason, count(*) AS outcomes
FROM tested AS t JOIN succeeded AS s ON s.profile_id = t.profile_id WHERE t.variant <> '' GROUP BY t.variant`;

/** The same rows alone: what an experiment is decided by. */
export const variantCountsQuery = (asked: VariantsAsked): Sql => {
  const { runId, startedMs, experiment } = asked;
  const own = sql`run_id = ${textLiteral(runId)}`;
  const heard = typeof metricOf(experiment) === 'string' ? sql`,\n${heardSql(startedMs, own)}` : sql``;
  return sql`WITH ${outcomesOnceSql(startedMs, sql`${own} AND outcome = 'sent'`)}${heard},
${variantTablesSql(asked)}
${variantRowsSql}`;
};

type Row = Record<string, string | null>;
export const isVariant = ({ outcome }: Row): boolean => outcome === 'variant';

/** Of every variant, in their order; zeros where nobody was sent to. */
export const variantCountsOf = (rows: readonly Row[], variants: readonly { name: string }[]): ArmCount[] => {
  const own = rows.filter(isVariant);
  const count = (name: string, what: string) =>
    Number(own.find(({ channel, reason }) => channel === name && reason === what)?.outcomes ?? 0);
  return variants.map(({ name }) => ({ name, people: count(name, 'people'), successes: count(name, 'successes') }));
};

/** What a campaign's report says of its variants; nothing when it has none. The same counts always give the same figures. */
export const variantFigures = (
  rows: readonly Row[],
  { variants, run }: Pick<Campaign, 'variants' | 'run'>,
): { variants?: ArmFigures[]; sampleRatio?: SampleRatio; decision?: VariantDecision } => {
  if (!variants) return {};
  const counts = variantCountsOf(rows, variants);
  const sampleRatio = sampleRatioOf(expectedBy(sharedBy(counts, variants)));
  return {
    variants: figuresOf(counts, run?.runId ?? ''),
    ...(sampleRatio && { sampleRatio }),
    ...(run?.decision && { decision: run.decision }),
  };
};

/** Counts with the shares of their variants, in their order. */
export const sharedBy = (counts: readonly ArmCount[], variants: readonly { percent: number }[]) =>
  counts.map((count, n) => ({ ...count, share: variants[n]?.percent ?? 0 }));
