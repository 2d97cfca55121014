import { kmeans } from 'ml-kmeans';
import { describe, expect, test } from 'vitest';
import { type Behaviour, behaviourOf } from '../../../../core/audience/models/behaviour.ts';
import { clusterOf, fitClusters } from '../../../../core/audience/models/clusters.ts';
import { medianOf } from '../../../../core/audience/models/quantiles.ts';
import { silhouette } from '../../../../core/audience/models/silhouette.ts';
import { Unfit } from '../../../../core/audience/models/unfit.ts';
import { seededRandom } from '../../../../local/random.ts';
import { facts } from './people.ts';

describe('the silhouette', () => {
  test('of a worked example', () => {
    // {0, 1} and {5}: 0 has a = 1, b = 5; 1 has a = 1, b = 4; 5 is alone.
    expect(silhouette([[0], [1], [5]], [0, 0, 1], 2)).toBeCloseTo((0.8 + 0.75 + 0) / 3, 12);
  });
  test('is by the definition, point by point', () => {
    const random = seededRandom(3);
    const points = Array.from({ length: 40 }, () => [random(), random()]);
    const clusters = points.map((_, n) => (n * 7) % 3);
    const distance = (a: number[], b: number[]) => Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const own = points.map((point, n) => {
      const to = (cluster: number) =>
        mean(points.flatMap((other, m) => (m !== n && clusters[m] === cluster ? [distance(point, other)] : [])));
      const a = to(clusters[n]!);
      const b = Math.min(...[0, 1, 2].filter((cluster) => cluster !== clusters[n]).map(to));
      return (b - a) / Math.max(a, b);
    });
    expect(silhouette(points, clusters, 3)).toBeCloseTo(mean(own), 12);
  });
  test('all in one cluster says nothing, and points on top of each other do not divide by zero', () => {
    expect(silhouette([[1], [2]], [0, 0], 1)).toBe(0);
    expect(silhouette([[1], [1], [1], [1]], [0, 0, 1, 1], 2)).toBe(0);
  });
});

const DAY = 86_400_000;
const CUT = Date.UTC(1998, 0, 1);
/** So many people around a number of purchases, days since the last one, and an amount of each. */
const group = (size: number, seed: number, purchases: number, recencyDays: number, each: number): Behaviour[] => {
  const random = seededRandom(seed);
  return Array.from({ length: size }, (_, n) => {
    const count = Math.max(1, Math.round(purchases * (0.8 + 0.4 * random())));
    const lastMs = CUT - recencyDays * (0.8 + 0.4 * random()) * DAY;
    const amount = count * each * (0.8 + 0.4 * random());
    return behaviourOf(facts(`${seed}-${n}`, { purchases: count, firstMs: lastMs - 10 * DAY, lastMs, amount }), CUT);
  });
};
const regulars = group(60, 1, 20, 5, 10);
const bigOnes = group(40, 2, 2, 30, 300);
const lost = group(100, 3, 1, 500, 8);
const everybody = [...lost, ...regulars, ...bigOnes];
const options = { from: 2, to: 8, seed: 1, kmeans };

describe('clusters', () => {
  const { parameters, report } = fitClusters(everybody, options);

  test('find the groups that are there, the highest spending first', () => {
    expect(report.k).toBe(3);
    expect(report.clusters.map(({ name, people }) => [name, people])).toEqual([
      ['c1', 40],
      ['c2', 60],
      ['c3', 100],
    ]);
    expect(Object.keys(report.silhouettes)).toEqual(['2', '3', '4', '5', '6', '7', '8']);
    const best = Math.max(...Object.values(report.silhouettes));
    expect(report.silhouettes[3]).toBe(best);
  });

  test('say in words and medians what they are', () => {
    expect(report.clusters.map(({ title }) => title)).toEqual([
      expect.stringContaining('large purchases'),
      expect.stringContaining('many purchases'),
      expect.stringContaining('bought long ago'),
    ]);
    expect(report.clusters[1]?.medians.purchases).toBe(medianOf(regulars.map(({ purchases }) => purchases)));
    expect(report.base.medians.purchases).toBe(medianOf(everybody.map(({ purchases }) => purchases)));
    expect(report.clusters[0]?.share).toBe(0.2);
  });

  test('take a new person in where they belong', () => {
    const at = (behaviours: Behaviour[]) => new Set(behaviours.map((one) => clusterOf(parameters, one)));
    expect([at(group(20, 9, 2, 30, 300)), at(group(20, 10, 20, 5, 10)), at(group(20, 11, 1, 500, 8))]).toEqual([
      new Set([0]),
      new Set([1]),
      new Set([2]),
    ]);
  });

  test('are the same for the same people and seed, and keep their names for another seed', () => {
    expect(fitClusters(everybody, options)).toEqual({ parameters, report });
    const other = fitClusters(everybody, { ...options, seed: 99 });
    expect(other.report.clusters.map(({ people }) => people)).toEqual([40, 60, 100]);
  });

  test('a handful of odd people makes no cluster of its own', () => {
    const odd = group(1, 20, 900, 1, 9_000);
    const { report: withOdd } = fitClusters([...everybody, ...odd], options);
    expect(Math.min(...withOdd.clusters.map(({ people }) => people))).toBeGreaterThan(2);
  });

  test('need people who differ', () => {
    expect(() => fitClusters(everybody.slice(0, 49), options)).toThrow(Unfit);
    const same = Array.from({ length: 60 }, () => everybody[0]!);
    expect(() => fitClusters(same, options)).toThrow(/1 different behaviours/);
  });
});
