import { solveSymmetric } from './linear-solve.ts';

/** log-odds = intercept + Σ weight × value. */
export type Logistic = { intercept: number; weights: number[] };

export const probabilityOf = (logOdds: number): number =>
  // Two forms, so that neither exponential overflows.
  logOdds >= 0 ? 1 / (1 + Math.exp(-logOdds)) : Math.exp(logOdds) / (1 + Math.exp(logOdds));

export const logOddsOf = ({ intercept, weights }: Logistic, x: ArrayLike<number>): number => {
  let sum = intercept;
  for (let n = 0; n < weights.length; n += 1) sum += weights[n]! * x[n]!;
  return sum;
};

/** Newton did not settle: the data hold something other than finite numbers. */
export class NotConverged extends Error {
  override name = 'NotConverged';
}

const MAX_STEPS = 50;
/** The largest change of a coefficient in the last step. */
const SETTLED = 1e-10;

/**
 * Logistic regression with an L2 penalty λ/2 Σ weight² (the intercept is free), by Newton's method, which for this loss is
 * iteratively reweighted least squares: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed.,
 * 4.4.1 (equations 4.20 to 4.26) and 4.4.4 for penalties. With λ > 0 the penalised loss is strictly convex, so the answer
 * is one, also where a feature separates the classes or repeats another. A step that would not lower the loss is halved.
 * Standardise the features first, for the penalty weighs them alike. Throws NotConverged.
 */
export const fitLogistic = (x: readonly ArrayLike<number>[], y: ArrayLike<number>, lambda: number): Logistic => {
  const size = (x[0]?.length ?? 0) + 1;
  let beta = new Float64Array(size);
  let loss = lossOf(x, y, beta, lambda);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const change = newtonStep(x, y, beta, lambda);
    let share = 1;
    let [next, lower] = [beta, loss];
    for (; share > 1e-6; share /= 2) {
      next = beta.map((value, n) => value + share * change[n]!);
      lower = lossOf(x, y, next, lambda);
      // At the bottom rounding decides; a step that small is taken.
      if (lower <= loss + 1e-12 * Math.abs(loss)) break;
    }
    if (!Number.isFinite(lower)) throw new NotConverged(`The loss became ${lower} in step ${step + 1}`);
    [beta, loss] = [next, lower];
    if (change.every((value) => Math.abs(value) * share < SETTLED)) {
      return { intercept: beta[0]!, weights: [...beta.subarray(1)] };
    }
  }
  throw new NotConverged(`Not settled after ${MAX_STEPS} steps`);
};

const scoreOf = (row: ArrayLike<number>, beta: Float64Array): number => {
  let sum = beta[0]!;
  for (let n = 1; n < beta.length; n += 1) sum += beta[n]! * row[n - 1]!;
  return sum;
};

/** Negative log-likelihood and penalty: Σ log(1 + e^s) − y s + λ/2 Σ w². */
const lossOf = (x: readonly ArrayLike<number>[], y: ArrayLike<number>, beta: Float64Array, lambda: number): number => {
  let loss = 0;
  for (let row = 0; row < x.length; row += 1) {
    const score = scoreOf(x[row]!, beta);
    loss += Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score))) - y[row]! * score;
  }
  for (let n = 1; n < beta.length; n += 1) loss += (lambda / 2) * beta[n]! ** 2;
  return loss;
};

/** (XᵀWX + λI)⁻¹ (Xᵀ(y − p) − λβ), with the column of ones first and unpenalised. */
const newtonStep = (x: readonly ArrayLike<number>[], y: ArrayLike<number>, beta: Float64Array, lambda: number) => {
  const size = beta.length;
  const gradient = new Float64Array(size);
  const hessian = Array.from({ length: size }, () => new Float64Array(size));
  const row = new Float64Array(size);
  row[0] = 1;
  for (let at = 0; at < x.length; at += 1) {
    for (let n = 1; n < size; n += 1) row[n] = x[at]![n - 1]!;
    const p = probabilityOf(scoreOf(x[at]!, beta));
    const weight = p * (1 - p);
    for (let i = 0; i < size; i += 1) {
      if (row[i] === 0) continue;
      gradient[i] = gradient[i]! + row[i]! * (y[at]! - p);
      const line = hessian[i]!;
      for (let j = 0; j <= i; j += 1) line[j] = line[j]! + weight * row[i]! * row[j]!;
    }
  }
  for (let n = 0; n < size; n += 1) {
    const penalty = n === 0 ? 0 : lambda;
    gradient[n] = gradient[n]! - penalty * beta[n]!;
    // A whisper on the diagonal keeps the intercept's row invertible when all weights p(1 − p) have vanished.
    hessian[n]![n] = hessian[n]![n]! + penalty + 1e-9;
  }
  return solveSymmetric(hessian, gradient);
};
