import { ALL_FEATURES, behaviourOf } from './behaviour.ts';
import { clusterOf, fitClusters, type KMeans } from './clusters.ts';
import { distributionOf, driftOf, stabilityIndex } from './drift.ts';
import type { CutOff, Facts, Part } from './facts.ts';
import { fitLookalike, likeness } from './lookalike.ts';
import type { ModelInput, ModelVersion, Parameters, Report, RfmReport } from './model.ts';
import { fitPropensity, propensityOf } from './propensity.ts';
import { medianOf } from './quantiles.ts';
import { rfmCuts, rfmScores, rfmSegment } from './rfm.ts';
import { Unfit } from './unfit.ts';

const DAY_MS = 86_400_000;

/**
 * The instants that a fit at `nowMs` looks from. A propensity also needs two earlier ones, a horizon apart, whose outcomes
 * are known and do not overlap. Each sees historyDays before itself. An event of this very millisecond counts.
 */
export const cutOffsOf = (input: ModelInput, nowMs: number): CutOff[] => {
  const horizonMs = input.type === 'propensity' ? input.horizonDays * DAY_MS : 0;
  const cutOff = (part: Part, cutMs: number): CutOff => ({
    part,
    fromMs: cutMs - input.historyDays * DAY_MS,
    cutMs,
    toMs: cutMs + (part === 'now' ? 0 : horizonMs),
  });
  const endMs = nowMs + 1;
  if (input.type !== 'propensity') return [cutOff('now', endMs)];
  return [cutOff('now', endMs), cutOff('test', endMs - horizonMs), cutOff('train', endMs - 2 * horizonMs)];
};

/** Samples of the people at each cut-off; `seeds` are those of a lookalike, who are then not among `now`. */
export type Samples = Record<Part | 'seeds', readonly Facts[]>;

export type Fitted = { parameters: Parameters; report: Report; people: readonly Facts[] };

/** Fits the model to samples. The same samples and seed give the same model. Throws Unfit. */
export const fitModel = (
  input: ModelInput,
  samples: Samples,
  cutOffs: readonly CutOff[],
  { seed, kmeans }: { seed: number; kmeans: KMeans },
): Fitted => {
  const cut = (part: Part): CutOff => {
    const found = cutOffs.find((one) => one.part === part);
    if (!found) throw new Error(`There is no cut-off ${part}`);
    return found;
  };
  const { cutMs } = cut('now');
  const buyers = samples.now.filter(({ purchases }) => purchases > 0);
  if (input.type === 'rfm') {
    if (buyers.length < 5) throw new Unfit(`${buyers.length} people with a purchase; quintiles need 5`);
    const cuts = rfmCuts(buyers);
    return {
      parameters: { type: 'rfm', cuts },
      report: { type: 'rfm', cuts, segments: segmentsOf(cuts, buyers, cutMs) },
      people: buyers,
    };
  }
  if (input.type === 'clusters') {
    const behaviours = buyers.map((facts) => behaviourOf(facts, cutMs));
    const { parameters, report } = fitClusters(behaviours, { ...input.clusters, seed, kmeans });
    return { parameters: { type: 'clusters', ...parameters }, report: { type: 'clusters', ...report }, people: buyers };
  }
  if (input.type === 'propensity') {
    const cuts = { train: cut('train'), test: cut('test') };
    const { horizonDays, predicts, bands } = input;
    const { parameters, report } = fitPropensity(samples.train, samples.test, cuts, {
      ...{ horizonDays, seed, predicts, bands },
    });
    return {
      parameters: { type: 'propensity', predicts, bands, ...parameters },
      report: { type: 'propensity', ...report },
      people: buyers,
    };
  }
  const { parameters, report } = fitLookalike(samples.seeds, samples.now, {
    cutMs,
    topPercent: input.topPercent,
    seed,
  });
  return {
    parameters: { type: 'lookalike', ...parameters },
    report: { type: 'lookalike', ...report },
    people: samples.now,
  };
};

const segmentsOf = (
  cuts: ReturnType<typeof rfmCuts>,
  buyers: readonly Facts[],
  cutMs: number,
): RfmReport['segments'] => {
  const groups = Map.groupBy(buyers, (facts) => rfmSegment(rfmScores(cuts, facts)));
  return Object.fromEntries(
    [...groups]
      .sort(([, a], [, b]) => b.length - a.length)
      .map(([name, members]) => {
        const behaviours = members.map((facts) => behaviourOf(facts, cutMs));
        const medians = {
          recencyDays: medianOf(behaviours.map(({ recencyDays }) => recencyDays)),
          purchases: medianOf(behaviours.map(({ purchases }) => purchases)),
          amount: medianOf(behaviours.map(({ amount }) => amount)),
        };
        return [name, { people: members.length, share: members.length / buyers.length, medians }];
      }),
  );
};

/** What is watched for drift: every feature, and the model's score where it has one. */
const watchedValues = (parameters: Parameters, people: readonly Facts[], cutMs: number): Record<string, number[]> => {
  const behaviours = people.map((facts) => behaviourOf(facts, cutMs));
  const features = Object.fromEntries(ALL_FEATURES.map((name) => [name, behaviours.map((one) => one[name])]));
  const score = scoreOf(parameters, cutMs);
  return score ? { ...features, score: people.map(score) } : features;
};

const scoreOf = (parameters: Parameters, cutMs: number): ((facts: Facts) => number) | undefined => {
  if (parameters.type === 'propensity') return (facts) => propensityOf(parameters, facts, cutMs);
  if (parameters.type === 'lookalike') return (facts) => likeness(parameters, facts, cutMs);
  if (parameters.type === 'clusters') return (facts) => clusterOf(parameters, behaviourOf(facts, cutMs));
  return undefined;
};

export const watchedOf = ({ parameters, people }: Fitted, cutMs: number): ModelVersion['watched'] =>
  Object.fromEntries(
    Object.entries(watchedValues(parameters, people, cutMs)).map(([name, values]) => [name, distributionOf(values)]),
  );

/** How far the people of today are from those of the version before, by its own score. */
export const driftSince = (
  before: Pick<ModelVersion, 'parameters' | 'watched'>,
  people: readonly Facts[],
  cutMs: number,
): NonNullable<ModelVersion['drift']> =>
  Object.fromEntries(
    Object.entries(watchedValues(before.parameters, people, cutMs)).flatMap(([name, values]) => {
      const distribution = before.watched[name];
      if (!distribution || values.length === 0) return [];
      const index = stabilityIndex(distribution, values);
      return [[name, { index, verdict: driftOf(index) }]];
    }),
  );

/** One line about a version. */
export const headlineOf = (report: Report): string => {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  if (report.type === 'rfm') return `${percent(report.segments.champions?.share ?? 0)} champions`;
  if (report.type === 'clusters') return `${report.k} clusters`;
  const { auc } = report.holdOut;
  return report.type === 'propensity'
    ? `AUC ${auc.toFixed(3)} (recency alone ${report.recencyAlone.auc.toFixed(3)})`
    : `AUC ${auc.toFixed(3)}, ${report.seeds} seeds`;
};

/** Below this a ranking is hardly better than chance. */
const LEAST_AUC = 0.55;

/** Why a version is not to be used without somebody's look at it; undefined when nothing speaks against it. */
export const doubtAbout = (report: Report): string | undefined => {
  if (report.type !== 'propensity' && report.type !== 'lookalike') return undefined;
  const { auc } = report.holdOut;
  if (!(auc >= LEAST_AUC)) return `Its AUC on people it has not seen is ${auc.toFixed(3)}, below ${LEAST_AUC}`;
  if (report.type === 'propensity' && report.holdOut.logLoss >= report.oneForAll.logLoss) {
    return 'Its probabilities were no better than one probability for all';
  }
  return undefined;
};
