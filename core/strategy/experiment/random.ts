import { createHash } from 'node:crypto';

/** Numbers in [0, 1). */
export type Random = () => number;

const rotated = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/**
 * The same numbers for the same text, whoever asks: xoshiro128** (Blackman and Vigna, Scrambled linear pseudorandom number
 * generators, ACM TOMS 47, 2021; public domain), its state from SHA-256. For statistics, never for secrets.
 */
export const seededBy = (seed: string): Random => {
  const digest = createHash('sha256').update(seed).digest();
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => digest.readInt32LE(at)) as [number, number, number, number];
  return () => {
    const result = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotated(d, 11);
    return result / 2 ** 32;
  };
};

/** Standard normal: the polar method (Marsaglia and Bray, SIAM Review 6, 1964). */
export const normal = (random: Random): number => {
  for (;;) {
    const u = 2 * random() - 1;
    const v = 2 * random() - 1;
    const s = u * u + v * v;
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
  }
};

/** Gamma of scale 1 and a shape of at least 1 (Marsaglia and Tsang, ACM TOMS 26, 2000). */
const gamma = (random: Random, shape: number): number => {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    const u = random();
    if (u < 1 - 0.0331 * x ** 4 || Math.log(u) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v;
  }
};

/** Beta with parameters of at least 1: X / (X + Y) of two gammas (Devroye, Non-Uniform Random Variate Generation, 1986, IX.4). */
export const beta = (random: Random, alpha: number, beta: number): number => {
  const x = gamma(random, alpha);
  return x / (x + gamma(random, beta));
};
