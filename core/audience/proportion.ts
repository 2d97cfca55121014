/** Standard normal quantile of 97.5 %: a two-sided interval of 95 %. */
const Z = 1.959963984540054;

/** Between which shares the true one lies with 95 % confidence. */
export type ShareInterval = { low: number; high: number };

/**
 * The interval of Agresti and Coull for a share that `hits` of `sampled` people have, drawn without replacement from `of` people
 * (The American Statistician 52, 1998, 119–126; Brown, Cai and DasGupta, Statistical Science 16, 2001, 101–133, recommend it:
 * Wilson's is narrower, but of rare shares, as audiences often are, holds the true one in only nine of ten samples). Because
 * the base is finite, the sample counts as n(N − 1)/(N − n) people (Cochran, Sampling Techniques, 1977, 2.6): a sample of
 * everybody has no error.
 */
export const agrestiCoull = (hits: number, sampled: number, of: number): ShareInterval => {
  if (of <= 0) return { low: 0, high: 0 };
  if (sampled <= 0) return { low: 0, high: 1 };
  const share = hits / sampled;
  if (sampled >= of) return { low: share, high: share };
  const n = (sampled * (of - 1)) / (of - sampled) + Z * Z;
  const centre = (share * (n - Z * Z) + (Z * Z) / 2) / n;
  const half = Z * Math.sqrt((centre * (1 - centre)) / n);
  // Whom the sample has seen is there, and the rest of the sample is not.
  return { low: Math.max(hits / of, centre - half), high: Math.min(1 - (sampled - hits) / of, centre + half) };
};

/** People of a base of `of`, and between how many; whole numbers. */
export type Estimate = { size: number; low: number; high: number };

export const estimateOf = (hits: number, sampled: number, of: number): Estimate => {
  const { low, high } = agrestiCoull(hits, sampled, of);
  // Rounded outwards; the slack keeps what is whole whole, where a product of doubles is a hair beside it.
  const slack = 1e-6;
  return {
    size: sampled > 0 ? Math.round((hits / sampled) * of) : 0,
    low: Math.floor(low * of + slack),
    high: Math.max(0, Math.ceil(high * of - slack)),
  };
};
