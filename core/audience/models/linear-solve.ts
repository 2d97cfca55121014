/** The matrix has no Cholesky decomposition: it is not positive definite, or holds something other than numbers. */
export class NotPositiveDefinite extends Error {
  override name = 'NotPositiveDefinite';
}

/**
 * x of A x = b for a symmetric positive definite A, of which only the lower triangle is read: A = L Lᵀ (Cholesky), then
 * two triangular systems. Throws NotPositiveDefinite.
 */
export const solveSymmetric = (a: readonly ArrayLike<number>[], b: ArrayLike<number>): Float64Array => {
  const size = b.length;
  const lower = Array.from({ length: size }, () => new Float64Array(size));
  for (let i = 0; i < size; i += 1) {
    const row = lower[i]!;
    for (let j = 0; j <= i; j += 1) {
      let sum = a[i]![j]!;
      for (let k = 0; k < j; k += 1) sum -= row[k]! * lower[j]![k]!;
      if (i !== j) row[j] = sum / lower[j]![j]!;
      else if (sum > 0) row[i] = Math.sqrt(sum);
      else throw new NotPositiveDefinite(`Pivot ${i} is ${sum}`);
    }
  }
  const x = Float64Array.from(b);
  for (let i = 0; i < size; i += 1) {
    for (let k = 0; k < i; k += 1) x[i] = x[i]! - lower[i]![k]! * x[k]!;
    x[i] = x[i]! / lower[i]![i]!;
  }
  for (let i = size - 1; i >= 0; i -= 1) {
    for (let k = i + 1; k < size; k += 1) x[i] = x[i]! - lower[k]![i]! * x[k]!;
    x[i] = x[i]! / lower[i]![i]!;
  }
  return x;
};
