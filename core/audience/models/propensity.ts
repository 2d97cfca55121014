import { ALL_FEATURES, behaviourOf, FEATURES, type Feature, vectorOf } from './behaviour.ts';
import { type Calibration, calibrated, plattCalibration } from './calibrate.ts';
import type { CutOff, Facts } from './facts.ts';
import { fitLogistic, type Logistic, logOddsOf } from './logistic.ts';
import {
  auc,
  brier,
  type CalibrationRow,
  calibrationError,
  calibrationTable,
  type Judged,
  logLoss,
} from './metrics.ts';
import { unitHash } from './sample.ts';
import { type Scale, scaleOf, standardised } from './standardise.ts';
import { Unfit } from './unfit.ts';

export type PropensityParameters = { features: Feature[]; scale: Scale; logistic: Logistic; calibration: Calibration };

/** How well probabilities told who would buy. */
export type Quality = { auc: number; logLoss: number; brier: number; calibrationError: number; meanPredicted: number };
export type PropensityReport = {
  horizonDays: number;
  /** Fitted on histories before `fittedAtMs`, whose outcome lies before `testedAtMs`; tested on outcomes from then on. */
  fittedAtMs: number;
  testedAtMs: number;
  people: { fitted: number; tested: number };
  /** Share of people who bought within the horizon. */
  baseRate: { fitted: number; tested: number };
  holdOut: Quality & { calibration: CalibrationRow[] };
  /** The same procedure with nothing but the days since the last purchase, and one probability for all. */
  recencyAlone: Quality;
  oneForAll: { logLoss: number; brier: number };
  /** People of the hold-out by band, and how many of them bought within the horizon. */
  bands: Partial<Record<Band, { people: number; bought: number }>>;
  calibration: Calibration;
  /** The strongest first. */
  drivers: { feature: string; weight: number; sentence: string }[];
};

const LAMBDA = 1;
/** Of the people of a cut-off, this share fits the weights; the others fit the calibration. */
const FITTING_SHARE = 0.8;
const MIN_EACH = 30;

type Options = Predicts & { horizonDays: number; seed: number };

/**
 * The probability of a purchase within the horizon; churn is its complement. Two cut-offs, a horizon apart: the model that
 * is judged is fitted at the earlier one, whose outcomes end where the histories of the later one do, and tested on the
 * outcomes of the later one, so nothing that it is judged by was there to learn from. The model that is used is fitted by
 * the same procedure at the later cut-off, so that it knows the newest outcomes: its own quality can be measured only when a
 * horizon has passed, the report's is that of the procedure. Throws Unfit.
 */
export const fitPropensity = (
  train: readonly Facts[],
  test: readonly Facts[],
  cuts: { train: CutOff; test: CutOff },
  { horizonDays, seed, ...predicts }: Options,
): { parameters: PropensityParameters; report: PropensityReport } => {
  const outcomes = { train: train.map(boughtLater), test: test.map(boughtLater) };
  requireBoth('earlier', outcomes.train);
  requireBoth('later', outcomes.test);
  const judge = (features: Feature[]): Judged => {
    const judged = fittedAt(train, cuts.train.cutMs, features, seed);
    return { y: outcomes.test, p: test.map((one) => propensityOf(judged, one, cuts.test.cutMs)) };
  };
  const [full, recency] = [judge(ALL_FEATURES), judge(['recencyDays'])];
  const parameters = fittedAt(test, cuts.test.cutMs, ALL_FEATURES, seed);
  const baseRate = { fitted: meanOf(outcomes.train), tested: meanOf(outcomes.test) };
  const constant = { y: outcomes.test, p: outcomes.test.map(() => baseRate.fitted) };
  return {
    parameters,
    report: {
      horizonDays,
      fittedAtMs: cuts.train.cutMs,
      testedAtMs: cuts.test.cutMs,
      people: { fitted: train.length, tested: test.length },
      baseRate,
      holdOut: { ...qualityOf(full), calibration: calibrationTable(full) },
      recencyAlone: qualityOf(recency),
      oneForAll: { logLoss: logLoss(constant), brier: brier(constant) },
      bands: bandsOf(full, predicts),
      calibration: parameters.calibration,
      drivers: driversOf(parameters),
    },
  };
};

/** Probability of a purchase within the horizon after `cutMs`, of somebody who has bought before. */
export const propensityOf = (parameters: PropensityParameters, facts: Facts, cutMs: number): number => {
  const { features, scale, logistic, calibration } = parameters;
  const x = standardised(scale, vectorOf(behaviourOf(facts, cutMs), features));
  return calibrated(calibration, logOddsOf(logistic, x));
};

export const BANDS = ['low', 'medium', 'high'] as const;
export type Band = (typeof BANDS)[number];
export type Predicts = { predicts: 'purchase' | 'churn'; bands: readonly [number, number] };

/** The band of what is predicted, given the probability of a purchase. */
export const bandOf = (purchase: number, { predicts, bands: [low, high] }: Predicts): Band => {
  const probability = predicts === 'churn' ? 1 - purchase : purchase;
  return probability < low ? 'low' : probability < high ? 'medium' : 'high';
};

const boughtLater = ({ later }: Facts): number => (later > 0 ? 1 : 0);
const meanOf = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

const requireBoth = (which: string, outcomes: readonly number[]): void => {
  const bought = outcomes.reduce((sum, one) => sum + one, 0);
  if (bought >= MIN_EACH && outcomes.length - bought >= MIN_EACH) return;
  throw new Unfit(
    `At the ${which} cut-off ${bought} of ${outcomes.length} people bought within the horizon; it takes ${MIN_EACH} who did and ${MIN_EACH} who did not`,
  );
};

/** Fits to people whose outcome after `cutMs` is known: weights to four fifths of them, the calibration to the rest. */
export const fittedAt = (
  people: readonly Facts[],
  cutMs: number,
  features: Feature[],
  seed: number,
): PropensityParameters => {
  const [fitting, others]: [Facts[], Facts[]] = [[], []];
  for (const one of people) (unitHash(one.profileId, seed) < FITTING_SHARE ? fitting : others).push(one);
  const vectors = fitting.map((one) => vectorOf(behaviourOf(one, cutMs), features));
  const scale = scaleOf(vectors);
  const logistic = fitLogistic(
    vectors.map((vector) => standardised(scale, vector)),
    fitting.map(boughtLater),
    LAMBDA,
  );
  const scores = others.map((one) =>
    logOddsOf(logistic, standardised(scale, vectorOf(behaviourOf(one, cutMs), features))),
  );
  return { features, scale, logistic, calibration: plattCalibration(scores, others.map(boughtLater)) };
};

const qualityOf = (judged: Judged): Quality => ({
  auc: auc(judged),
  logLoss: logLoss(judged),
  brier: brier(judged),
  calibrationError: calibrationError(calibrationTable(judged)),
  meanPredicted: meanOf(Array.from(judged.p)),
});

const bandsOf = ({ y, p }: Judged, predicts: Predicts): PropensityReport['bands'] => {
  const bands: PropensityReport['bands'] = {};
  for (let n = 0; n < p.length; n += 1) {
    const band = bandOf(p[n]!, predicts);
    const { people, bought } = bands[band] ?? { people: 0, bought: 0 };
    bands[band] = { people: people + 1, bought: bought + y[n]! };
  }
  return bands;
};

const driversOf = ({ features, logistic }: PropensityParameters): PropensityReport['drivers'] =>
  features
    .map((feature, n) => {
      const weight = logistic.weights[n]!;
      const effect = weight > 0 ? 'the more, the likelier a purchase' : 'the more, the less likely a purchase';
      return { feature, weight, sentence: `${FEATURES[feature].words}: ${effect}, all else equal` };
    })
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
