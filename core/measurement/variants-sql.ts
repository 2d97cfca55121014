import { armNameSql } from '../audience/arms-sql.ts';
import { amountSql } from '../audience/event-facts-sql.ts';
import { eventRowsSql, firstCopiesSql } from '../audience/first-copies-sql.ts';
import { answerSql, treeSql } from '../audience/question-sql.ts';
import { joined, type Sql, sql } from '../audience/sql.ts';
import { doubleLiteral, textLiteral } from '../audience/sql-literal.ts';
import { valueColumns } from '../audience/value-sql.ts';
import type { Campaign } from '../strategy/campaign.ts';
import { amountFiguresOf } from '../strategy/experiment/amount-figures.ts';
import type { AmountCount } from '../strategy/experiment/amount-tests.ts';
import { type ExperimentInput, splitOf, type VariantDecision } from '../strategy/experiment/campaign-experiment.ts';
import { type ArmCount, figuresOf } from '../strategy/experiment/figures.ts';
import { expectedBy, type SampleRatio, sampleRatioOf } from '../strategy/experiment/sample-ratio.ts';
import { areAmounts, type VariantCounts, type VariantFigures } from '../strategy/experiment/verdict.ts';
import { heardSql } from './engagement.ts';
import { outcomesOnceSql } from './outcomes-sql.ts';

export const VARIANTS_DEFINITION =
  'Variants: people who take part in the experiment and to whom a channel has taken the message, and those of whom the metric has come true: a person’s open or click (machines left out; a click is an open, too), or the event, after it was sent. Where an amount decides: those with an amount, the sum of all amounts, and the mean and the standard deviation of one person’s, of which those without are 0. sampleRatio: how likely chance alone spreads people so unevenly over the variants (p); below 0.001 they are not comparable (isMismatch). low to high holds the true rate with 95 % probability, and a mean somewhat less often where a few large amounts make the most of it; pBest is the probability that no variant is better, expectedLoss by how much the best one is better on average.';

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
  const conversions = sql`FROM conversions AS c JOIN tested AS t ON c.profile_id = t.profile_id
  WHERE c.meets AND c.time_ms >= t.sent_ms`;
  const succeeded =
    metric.sum === undefined
      ? sql`SELECT DISTINCT t.profile_id ${conversions}`
      : sql`SELECT t.profile_id, ${upToSql(sql`sum(round(c.amount * 1e6))`, metric.upTo)} AS millionths ${conversions} AND c.amount IS NOT NULL
  GROUP BY t.profile_id`;
  return sql`${tested},
${conversionsSql(metric, startedMs)},
succeeded AS (
  ${succeeded}
)`;
};

const upToSql = (millionths: Sql, upTo: number | undefined): Sql => {
  if (upTo === undefined) return millionths;
  const limit = doubleLiteral(upTo * 1e6);
  return sql`CASE WHEN ${millionths} > ${limit} THEN ${limit} ELSE ${millionths} END`;
};

type EventMetric = Exclude<ExperimentInput['metric'], string>;

/** Events of the type, each once, whether they meet the conditions, and their amount, if one decides: of one that came twice the first copy says. */
const conversionsSql = ({ event, where = [], sum }: EventMetric, startedMs: number): Sql => {
  const values = valueColumns(sql`v`);
  const conditions = where.map((tree) =>
    treeSql(tree, (leaf) => answerSql(values.json(sql`properties`, leaf.property), leaf, startedMs), 'and'),
  );
  const meets = conditions.length > 0 ? joined(conditions, ' AND ') : sql`true`;
  const amount =
    sum === undefined ? sql`` : sql`, ${amountSql(values.json(sql`properties`, sum).json.number)} AS amount`;
  const rows = values.layers(eventRowsSql([event], startedMs));
  return firstCopiesSql(
    sql`conversions`,
    [sql`time_ms`, sql`meets`, ...(sum === undefined ? [] : [sql`amount`])],
    sql`SELECT profile_id, source, id, type, time_ms, received_ms, ${meets} AS meets${amount} FROM (
${rows}
) AS valued`,
  );
};

const metricOf = (experiment: ExperimentInput | undefined): ExperimentInput['metric'] =>
  experiment?.metric ?? 'clicked';

/**
 * People and successes by variant, in the columns of a campaign's report. Where an amount decides, also the sum of the amounts, in millionths, and
 * their variance over all its people; four figures of one row, since Athena reads the lake again for each time that a table expression is named.
 */
export const variantRowsSql = (experiment: ExperimentInput | undefined): Sql =>
  isSum(experiment)
    ? sql`SELECT false AS final, 'variant' AS outcome, variant AS channel, figure AS reason,
  CASE figure WHEN 'people' THEN people WHEN 'successes' THEN successes WHEN 'sum' THEN whole ELSE variance END AS outcomes
FROM (
  SELECT t.variant, count(*) AS people, count(s.profile_id) AS successes, sum(coalesce(s.millionths, 0e0)) AS whole,
    coalesce(var_samp(coalesce(s.millionths, 0e0)), 0e0) AS variance
  FROM tested AS t LEFT JOIN succeeded AS s ON s.profile_id = t.profile_id WHERE t.variant <> '' GROUP BY t.variant
) AS amounts CROSS JOIN (VALUES ('people'), ('successes'), ('sum'), ('variance')) AS figures (figure)`
    : sql`SELECT false AS final, 'variant' AS outcome, variant AS channel, 'people' AS reason, count(*) AS outcomes
FROM tested WHERE variant <> '' GROUP BY variant
UNION ALL
SELECT false AS final, 'variant' AS outcome, t.variant AS channel, 'successes' AS reason, count(*) AS outcomes
FROM tested AS t JOIN succeeded AS s ON s.profile_id = t.profile_id WHERE t.variant <> '' GROUP BY t.variant`;

const isSum = (experiment: ExperimentInput | undefined): boolean => {
  const metric = metricOf(experiment);
  return typeof metric === 'object' && metric.sum !== undefined;
};

/** The same rows alone: what an experiment is decided by. */
export const variantCountsQuery = (asked: VariantsAsked): Sql => {
  const { runId, startedMs, experiment } = asked;
  const own = sql`run_id = ${textLiteral(runId)}`;
  const heard = typeof metricOf(experiment) === 'string' ? sql`,\n${heardSql(startedMs, own)}` : sql``;
  return sql`WITH ${outcomesOnceSql(startedMs, sql`${own} AND outcome = 'sent'`)}${heard},
${variantTablesSql(asked)}
${variantRowsSql(experiment)}`;
};

type Row = Record<string, string | null>;
export const isVariant = ({ outcome }: Row): boolean => outcome === 'variant';

/** What of an experiment says which variants there are and what decides. */
type Split<T> = { variants: readonly T[]; experiment?: ExperimentInput | undefined };

/** Of every variant, in their order; zeros where nobody was sent to. */
export const variantCountsOf = (
  rows: readonly Row[],
  { variants, experiment }: Split<{ name: string }>,
): VariantCounts => {
  const own = rows.filter(isVariant);
  const number = (name: string, what: string) =>
    Number(own.find(({ channel, reason }) => channel === name && reason === what)?.outcomes ?? 0);
  const counts = variants.map(({ name }) => ({
    ...{ name, people: number(name, 'people'), successes: number(name, 'successes') },
  }));
  if (!isSum(experiment)) return counts;
  return counts.map((count): AmountCount => {
    // Its last digits depend on the order in which Athena came upon the people, and each look is to show the same.
    const variance = Number((number(count.name, 'variance') / 1e12).toPrecision(12));
    return { ...count, sum: number(count.name, 'sum') / 1e6, variance };
  });
};

/** What a campaign's report says of its variants; nothing when it has none. The same counts always give the same figures. */
export const variantFigures = (
  rows: readonly Row[],
  { variants, experiment, run }: Pick<Campaign, 'variants' | 'experiment' | 'run'>,
): { variants?: VariantFigures; sampleRatio?: SampleRatio; decision?: VariantDecision } => {
  if (!variants) return {};
  const counts = variantCountsOf(rows, { variants, experiment });
  const sampleRatio = sampleRatioOf(expectedBy(sharedBy(counts, variants)));
  const seed = run?.runId ?? '';
  return {
    variants: areAmounts(counts) ? amountFiguresOf(counts, seed) : figuresOf(counts, seed),
    ...(sampleRatio && { sampleRatio }),
    ...(run?.decision && { decision: run.decision }),
  };
};

/** Counts with the shares of their variants, in their order. */
export const sharedBy = <T extends ArmCount>(counts: readonly T[], variants: readonly { percent: number }[]) =>
  counts.map((count, n) => ({ ...count, share: variants[n]?.percent ?? 0 }));
