import type { kmeans } from 'ml-kmeans';
import { type Behaviour, FEATURES, type Feature, vectorOf } from './behaviour.ts';
import { medianOf } from './quantiles.ts';
import { silhouette } from './silhouette.ts';
import { type Scale, scaleOf, standardised } from './standardise.ts';
import { Unfit } from './unfit.ts';

/**
 * Recency, frequency and value as numbers. Spending in all follows from number and size of purchases, so weighing it too would
 * count both twice; and a trend, which is 0 for most people, would make one cluster of these and hide how they differ.
 */
export const CLUSTER_FEATURES: readonly Feature[] = ['recencyDays', 'purchases', 'averageAmount'];
/** Of the library, handed in: with what it brings along it is 90 KB, which only a fit needs. */
export type KMeans = typeof kmeans;

/** Silhouettes compare every pair. */
const SILHOUETTE_SAMPLE = 1_000;
const MIN_PEOPLE = 50;
export const MAX_CLUSTERS = 8;
/** A smaller cluster is a handful of odd people, to whom nobody writes a message of their own. */
const MIN_SHARE = 0.01;

/** Centres in standardised features, in the order of their names c1, c2 … */
export type ClusterParameters = { scale: Scale; centres: number[][] };

export type ClusterProfile = {
  name: string;
  /** In plain words: what sets it apart, the clearest first. */
  title: string;
  people: number;
  share: number;
  medians: Record<string, number>;
  /** Each feature that differs, as `2.5 × the median of all` or so. */
  differences: string[];
};
export type ClusterReport = {
  k: number;
  /**
   * Mean silhouette of a sample by number of clusters. The highest was chosen among those whose every cluster has one
   * person in a hundred (or among all, where none is like that); of equals the fewest clusters.
   */
  silhouettes: Record<string, number>;
  base: { people: number; medians: Record<string, number> };
  clusters: ClusterProfile[];
};

/**
 * k-means (k-means++ starts, drawn by `seed`) on standardised logarithms of the features. k is one of `from` to `to`, chosen
 * by the mean silhouette of the first thousand people (see ClusterReport). Clusters are numbered from the highest median
 * spending down, so the same people give the same names. Throws Unfit.
 */
export const fitClusters = (
  people: readonly Behaviour[],
  { from, to, seed, kmeans }: { from: number; to: number; seed: number; kmeans: KMeans },
): { parameters: ClusterParameters; report: ClusterReport } => {
  if (people.length < MIN_PEOPLE)
    throw new Unfit(`${people.length} people with a purchase; clusters need ${MIN_PEOPLE}`);
  const vectors = people.map((behaviour) => vectorOf(behaviour, CLUSTER_FEATURES));
  const scale = scaleOf(vectors);
  const points = vectors.map((vector) => standardised(scale, vector));
  const different = new Set(points.map((point) => point.join())).size;
  if (different < from) throw new Unfit(`${different} different behaviours; too few for ${from} clusters`);
  const tries = Array.from({ length: Math.min(to, different) - from + 1 }, (_, n) => {
    const { clusters, centroids } = kmeans(points, from + n, { initialization: 'kmeans++', seed, maxIterations: 100 });
    const quality = silhouette(points.slice(0, SILHOUETTE_SAMPLE), clusters.slice(0, SILHOUETTE_SAMPLE), from + n);
    const smallest = Math.min(...centroids.map((_, at) => clusters.filter((cluster) => cluster === at).length));
    return { k: from + n, clusters, centroids, quality, useful: smallest >= MIN_SHARE * people.length };
  });
  const useful = tries.filter((one) => one.useful);
  const best = (useful.length > 0 ? useful : tries).reduce((a, b) => (b.quality > a.quality ? b : a));
  const members = best.centroids.map((_, n) => people.filter((_, at) => best.clusters[at] === n));
  const order = members
    .map((own, n) => ({ n, spent: medianOf(own.map(({ amount }) => amount)), size: own.length }))
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.spent - a.spent || b.size - a.size || a.n - b.n);
  const parameters = { scale, centres: order.map(({ n }) => best.centroids[n]!) };
  return {
    parameters,
    report: {
      k: order.length,
      silhouettes: Object.fromEntries(tries.map(({ k, quality }) => [k, quality])),
      base: { people: people.length, medians: mediansOf(people) },
      clusters: order.map(({ n }, at) => profileOf(clusterName(at), members[n]!, people, best.centroids[n]!)),
    },
  };
};

export const clusterName = (index: number): string => `c${index + 1}`;

/** The cluster whose centre is nearest; of equals the first. */
export const clusterOf = ({ scale, centres }: ClusterParameters, behaviour: Behaviour): number => {
  const point = standardised(scale, vectorOf(behaviour, CLUSTER_FEATURES));
  const distances = centres.map((centre) => centre.reduce((sum, value, n) => sum + (value - point[n]!) ** 2, 0));
  return distances.indexOf(Math.min(...distances));
};

const SHOWN: readonly Feature[] = [
  'recencyDays',
  'purchases',
  'amount',
  'averageAmount',
  'tenureDays',
  'gapDays',
  'trend',
];
const mediansOf = (people: readonly Behaviour[]): Record<string, number> =>
  Object.fromEntries(SHOWN.map((name) => [name, medianOf(people.map((one) => one[name]))]));

/** From half a standard deviation on a difference is worth a word. */
const WORTH_A_WORD = 0.5;

const profileOf = (
  name: string,
  members: readonly Behaviour[],
  everybody: readonly Behaviour[],
  centre: readonly number[],
): ClusterProfile => {
  const apart = CLUSTER_FEATURES.map((feature, n) => ({ feature, by: centre[n]! }))
    .filter(({ by }) => Math.abs(by) >= WORTH_A_WORD)
    .sort((a, b) => Math.abs(b.by) - Math.abs(a.by));
  const [medians, base] = [mediansOf(members), mediansOf(everybody)];
  return {
    name,
    title:
      apart.length === 0
        ? 'like most'
        : apart
            .slice(0, 3)
            .map(({ feature, by }) => FEATURES[feature][by < 0 ? 'low' : 'high'])
            .join(', '),
    people: members.length,
    share: members.length / everybody.length,
    medians,
    differences: apart.map(({ feature }) => difference(feature, medians[feature]!, base[feature]!)),
  };
};

const difference = (feature: Feature, own: number, all: number): string => {
  const { words } = FEATURES[feature];
  const [here, there] = [Number(own.toFixed(1)), Number(all.toFixed(1))];
  return `${words}: ${here} in the middle, ${there} of all${here === there ? ', though the averages differ' : ''}`;
};
