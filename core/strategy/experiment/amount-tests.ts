import type { ArmCount } from './figures.ts';
import { lnBeta, lnChoose } from './log-gamma.ts';

/**
 * One arm of an experiment that an amount decides: `successes` are the people with an amount, `sum` is that of all amounts, and `variance` that of
 * the people's amounts (by people − 1), of which those without one are 0.
 */
export type AmountCount = ArmCount & { sum: number; variance: number };

export const meanOf = ({ people, sum }: Pick<AmountCount, 'people' | 'sum'>): number => (people > 0 ? sum / people : 0);

type Amounts = Omit<AmountCount, 'name' | 'successes'>;

/**
 * How likely means lie so far apart, in either direction, when none is higher: the less certain one of Welch's test and of Student's (see both). It
 * is for one look at the end. Two, for most people's amount is 0 and some are large, and then each alone is wrong where the arms differ in
 * size: Welch takes the spread of a small arm in which no large amount happened to be for what it is, and finds a winner in many of a hundred
 * that have none (Curtis, Statistical Papers 65, 2024); Student takes an arm that spreads more for one that spreads as the other does. And both
 * take a few people of the same amount for certain; but there are only so many ways to deal people out to the arms, of which two are as far apart.
 */
export const amountP = (a: Amounts, b: Amounts): number =>
  a.people < 2 || b.people < 2
    ? 1
    : Math.max(welchP(a, b), studentP(a, b), 2 * Math.exp(-lnChoose(a.people + b.people, a.people)));

/** Welch's t test, two-sided (Biometrika 34, 1947), with the degrees of freedom of Satterthwaite (Biometrics Bulletin 2, 1946). */
export const welchP = (a: Amounts, b: Amounts): number => {
  const [ofA, ofB] = [a.variance / a.people, b.variance / b.people];
  const degrees = (ofA + ofB) ** 2 / (ofA ** 2 / (a.people - 1) + ofB ** 2 / (b.people - 1));
  return apartP(a, b, ofA + ofB, degrees);
};

/** Student's t test, two-sided: both arms spread alike. */
export const studentP = (a: Amounts, b: Amounts): number => {
  const degrees = a.people + b.people - 2;
  const variance = ((a.people - 1) * a.variance + (b.people - 1) * b.variance) / degrees;
  return apartP(a, b, variance * (1 / a.people + 1 / b.people), degrees);
};

/** `variance`: of the difference of the means. */
const apartP = (a: Amounts, b: Amounts, variance: number, degrees: number): number => {
  const apart = meanOf(a) - meanOf(b);
  if (variance === 0) return apart === 0 ? 1 : 0;
  return beyondT(apart / Math.sqrt(variance), degrees);
};

/** Probability that Student's t is farther from 0, on either side: DLMF 8.17.4 of the incomplete beta function. */
export const beyondT = (t: number, degrees: number): number => {
  const x = degrees / (degrees + t * t);
  const [a, b] = [degrees / 2, 0.5];
  // Each fraction is for its side of the mean.
  return x < (a + 1) / (a + b + 2) ? incompleteBeta(a, b, x) : 1 - incompleteBeta(b, a, (t * t) / (degrees + t * t));
};

const STEPS = 20_000;
const PRECISE = 1e-15;
const TINY = 1e-300;

/** The regularised incomplete beta function below the mean, by its continued fraction (DLMF 8.17.22, by Lentz's method as Thompson and Barnett have it). */
const incompleteBeta = (a: number, b: number, x: number): number => {
  if (x <= 0) return 0;
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - lnBeta(a, b)) / a;
  const away = (value: number) => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m < STEPS; m += 1) {
    let change = 1;
    for (const term of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      change = c * d;
      value *= change;
    }
    if (Math.abs(change - 1) < PRECISE) break;
  }
  return front * value;
};
