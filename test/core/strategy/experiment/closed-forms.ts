import { lnBeta } from '../../../../core/strategy/experiment/log-gamma.ts';

export type Beta = { a: number; b: number };

/** P(B > A) for two betas of whole parameters: Evan Miller, https://www.evanmiller.org/bayesian-ab-testing.html. */
export const bBeatsA = (A: Beta, B: Beta): number => {
  let sum = 0;
  for (let i = 0; i < B.a; i += 1) {
    sum += Math.exp(lnBeta(A.a + i, A.b + B.b) - Math.log(B.b + i) - lnBeta(1 + i, B.b) - lnBeta(A.a, A.b));
  }
  return sum;
};

/**
 * E[max(B − A, 0)], what choosing A costs: Chris Stucchio, https://www.chrisstucchio.com/blog/2014/bayesian_ab_decision_rule.html. A
 * factor x of a beta's density raises its first parameter, so each mean is a probability again.
 */
export const lossOfA = (A: Beta, B: Beta): number =>
  (B.a / (B.a + B.b)) * bBeatsA(A, { a: B.a + 1, b: B.b }) - (A.a / (A.a + A.b)) * bBeatsA({ a: A.a + 1, b: A.b }, B);

/** P(C > max(A, B)): the same page; by inclusion and exclusion. */
export const cBeatsBoth = (A: Beta, B: Beta, C: Beta): number => {
  let sum = 0;
  for (let i = 0; i < A.a; i += 1) {
    for (let j = 0; j < B.a; j += 1) {
      sum += Math.exp(
        lnBeta(i + j + C.a, A.b + B.b + C.b) -
          Math.log(A.b + i) -
          Math.log(B.b + j) -
          lnBeta(1 + i, A.b) -
          lnBeta(1 + j, B.b) -
          lnBeta(C.a, C.b),
      );
    }
  }
  return 1 - bBeatsA(C, A) - bBeatsA(C, B) + sum;
};
