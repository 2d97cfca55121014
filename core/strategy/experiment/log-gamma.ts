const LN_SQRT_2PI = 0.9189385332046727;

/**
 * Logarithm of the gamma function for x > 0, right to 12 digits: Stirling's series (Abramowitz and Stegun, 6.1.41) where x is at
 * least 10, below that by Γ(x) = Γ(x + 1) / x.
 */
export const lnGamma = (x: number): number => {
  let [at, below] = [x, 0];
  for (; at < 10; at += 1) below += Math.log(at);
  const inverse = 1 / (at * at);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1_260 - inverse * (1 / 1_680 - inverse / 1_188)))) / at;
  return (at - 0.5) * Math.log(at) - at + LN_SQRT_2PI + series - below;
};

/** Logarithm of the beta function. */
export const lnBeta = (a: number, b: number): number => lnGamma(a) + lnGamma(b) - lnGamma(a + b);

/** Logarithm of n over k. */
export const lnChoose = (n: number, k: number): number => lnGamma(n + 1) - lnGamma(k + 1) - lnGamma(n - k + 1);
