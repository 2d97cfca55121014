/** Mean and standard deviation of each feature, in order. */
export type Scale = { means: number[]; deviations: number[] };

/** Of a feature that is the same for all, the deviation is given as 1: it becomes 0 for everybody. */
export const scaleOf = (rows: readonly ArrayLike<number>[]): Scale => {
  const width = rows[0]?.length ?? 0;
  const means = Array.from({ length: width }, (_, n) => rows.reduce((sum, row) => sum + row[n]!, 0) / rows.length);
  const deviations = means.map((mean, n) => {
    const variance = rows.reduce((sum, row) => sum + (row[n]! - mean) ** 2, 0) / rows.length;
    return variance > 1e-18 ? Math.sqrt(variance) : 1;
  });
  return { means, deviations };
};

/** How many standard deviations each feature is above the mean. */
export const standardised = ({ means, deviations }: Scale, row: ArrayLike<number>): number[] =>
  means.map((mean, n) => (row[n]! - mean) / deviations[n]!);
