/** What came true (0 or 1) and the probability that was given for it, in the same order. */
export type Judged = { y: ArrayLike<number>; p: ArrayLike<number> };

/**
 * Area under the ROC curve: the probability that a random positive has a higher score than a random negative, ties
 * counting half (Mann–Whitney U with mean ranks; Hanley and McNeil 1982). NaN when either is missing.
 */
export const auc = ({ y, p }: Judged): number => {
  const order = Array.from({ length: p.length }, (_, n) => n).sort((a, b) => p[a]! - p[b]!);
  let [positives, rankSum] = [0, 0];
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && p[order[to]!] === p[order[from]!]) to += 1;
    const meanRank = (from + 1 + to) / 2;
    for (; from < to; from += 1) {
      if (y[order[from]!] !== 1) continue;
      positives += 1;
      rankSum += meanRank;
    }
  }
  const negatives = order.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
};

/** So near 0 or 1 a probability is taken, for the logarithm of 0 would make one surprise outweigh everything. */
const CERTAIN = 1e-15;

/** Mean of −log of the probability that was given to what came true (natural logarithm). */
export const logLoss = ({ y, p }: Judged): number => {
  let sum = 0;
  for (let n = 0; n < p.length; n += 1) {
    const given = Math.min(1 - CERTAIN, Math.max(CERTAIN, p[n]!));
    sum -= y[n] === 1 ? Math.log(given) : Math.log(1 - given);
  }
  return sum / p.length;
};

/** Mean squared difference (Brier 1950). */
export const brier = ({ y, p }: Judged): number => {
  let sum = 0;
  for (let n = 0; n < p.length; n += 1) sum += (p[n]! - y[n]!) ** 2;
  return sum / p.length;
};

export type CalibrationRow = { from: number; to: number; people: number; predicted: number; actual: number };

/**
 * Ten groups of people of about one size, from the lowest probability up: how likely it was said to be and how often it
 * came true. People with one probability are in one group, so there may be fewer. As points (predicted, actual) it is
 * the reliability diagram.
 */
export const calibrationTable = ({ y, p }: Judged): CalibrationRow[] => {
  const order = Array.from({ length: p.length }, (_, n) => n).sort((a, b) => p[a]! - p[b]!);
  const rows: CalibrationRow[] = [];
  for (let from = 0, group = 1; from < order.length; group += 1) {
    let to = Math.max(from + 1, Math.round((group * order.length) / 10));
    while (to < order.length && p[order[to]!] === p[order[to - 1]!]) to += 1;
    const members = order.slice(from, to);
    const mean = (of: ArrayLike<number>) => members.reduce((sum, n) => sum + of[n]!, 0) / members.length;
    rows.push({
      from: p[members[0]!]!,
      to: p[members.at(-1)!]!,
      people: members.length,
      predicted: mean(p),
      actual: mean(y),
    });
    from = to;
  }
  return rows;
};

/** Mean distance between what was predicted and what came true, weighted by people (expected calibration error). */
export const calibrationError = (rows: readonly CalibrationRow[]): number => {
  const people = rows.reduce((sum, row) => sum + row.people, 0);
  return rows.reduce((sum, row) => sum + (row.people / people) * Math.abs(row.predicted - row.actual), 0);
};
