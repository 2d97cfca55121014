/**
 * Cuts that put numbers into `groups` of about one size, from 1 (lowest) up. Rule for ties: a value's group is
 * 1 + floor(groups × share of the values that are strictly smaller), so equal values are always in one group, and a value
 * that many share is in the lowest of the groups that it covers. Of n different values every group has n / groups, give or
 * take one. A group that ties leave empty stays empty.
 */
export const cutsOf = (values: ArrayLike<number>, groups: number): number[] => {
  const sorted = Float64Array.from(values).sort();
  const cuts: number[] = [];
  for (let group = 1; group < groups; group += 1) {
    const wanted = Math.ceil((group * sorted.length) / groups);
    // The smallest value with so many strictly smaller ones; without one nobody is that high.
    let at = wanted;
    while (at < sorted.length && at > 0 && sorted[at] === sorted[wanted - 1]) at += 1;
    const cut = sorted[at];
    if (cut !== undefined) cuts.push(cut);
  }
  return cuts;
};

/** 1 + the number of cuts at or below the value. */
export const groupOf = (value: number, cuts: readonly number[]): number => {
  let group = 1;
  for (const cut of cuts) if (value >= cut) group += 1;
  return group;
};

/** The value that a share `q` of the values is at or below; of two in the middle, their mean. NaN of none. */
export const medianOf = (values: ArrayLike<number>): number => {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};
