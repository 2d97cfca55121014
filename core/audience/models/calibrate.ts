import { fitLogistic, probabilityOf } from './logistic.ts';

/** probability = σ(slope × log-odds + intercept). */
export type Calibration = { slope: number; intercept: number; people: number };

/** Fewer of either outcome say too little about how far off the probabilities are. */
const MIN_EACH = 20;

/**
 * Platt's correction (1999), from people whom the model has not seen, with his smoothed targets, which keep it finite
 * when scores separate the outcomes. Leaves probabilities as they are when there are too few people, or when higher
 * scores do not mean more.
 */
export const plattCalibration = (logOdds: readonly number[], y: readonly number[]): Calibration => {
  const positives = y.reduce((sum, one) => sum + one, 0);
  const negatives = y.length - positives;
  const unchanged = { slope: 1, intercept: 0, people: 0 };
  if (positives < MIN_EACH || negatives < MIN_EACH) return unchanged;
  const targets = y.map((one) => (one === 1 ? (positives + 1) / (positives + 2) : 1 / (negatives + 2)));
  const { intercept, weights } = fitLogistic(
    logOdds.map((score) => [score]),
    targets,
    1e-6,
  );
  const slope = weights[0]!;
  return slope > 0 ? { slope, intercept, people: y.length } : unchanged;
};

export const calibrated = ({ slope, intercept }: Calibration, logOdds: number): number =>
  probabilityOf(slope * logOdds + intercept);
