/**
 * Mean silhouette of points in clusters (Rousseeuw 1987): (b − a) / max(a, b), where a is a point's mean distance to its own
 * cluster and b to the nearest other one; 0 for a point that is alone. From −1 to 1, higher is better separated. Compares
 * every pair of points, so give it a sample.
 */
export const silhouette = (points: readonly ArrayLike<number>[], clusters: readonly number[], k: number): number => {
  const sizes = Array.from({ length: k }, () => 0);
  for (const cluster of clusters) sizes[cluster] = sizes[cluster]! + 1;
  let total = 0;
  for (let n = 0; n < points.length; n += 1) {
    const sums = new Float64Array(k);
    for (let m = 0; m < points.length; m += 1)
      sums[clusters[m]!] = sums[clusters[m]!]! + distance(points[n]!, points[m]!);
    const own = clusters[n]!;
    if (sizes[own] === 1) continue;
    const a = sums[own]! / (sizes[own]! - 1);
    let b = Number.POSITIVE_INFINITY;
    for (let other = 0; other < k; other += 1) {
      if (other !== own && sizes[other]! > 0) b = Math.min(b, sums[other]! / sizes[other]!);
    }
    const larger = Math.max(a, b);
    if (larger > 0 && b < Number.POSITIVE_INFINITY) total += (b - a) / larger;
  }
  return total / points.length;
};

const distance = (one: ArrayLike<number>, other: ArrayLike<number>): number => {
  let sum = 0;
  for (let n = 0; n < one.length; n += 1) sum += (one[n]! - other[n]!) ** 2;
  return Math.sqrt(sum);
};
