import { expect, test } from 'vitest';
import { armAt } from '../../../../core/strategy/assignment.ts';
import { countVisits, nextShares, type Visit } from '../../../../core/strategy/experiment/bandit.ts';
import { seededBy } from '../../../../core/strategy/experiment/random.ts';

const settings = { floor: 0.1, minimumSample: 100 };
const arm = (name: string, people: number, successes: number) => ({ name, people, successes });
const sum = (shares: Record<string, number>) => Object.values(shares).reduce((all, one) => all + one, 0);

test('shares are even until each arm has people who count', () => {
  expect(nextShares([arm('A', 99, 50), arm('B', 5_000, 0)], settings, 's')).toEqual({ shares: { A: 0.5, B: 0.5 } });
});

test('the better arm gets more, each at least the floor, all of them together everybody', () => {
  const { shares, settled } = nextShares([arm('A', 500, 40), arm('B', 500, 55), arm('C', 500, 20)], settings, 's');
  expect(shares.B).toBeGreaterThan(shares.A ?? 1);
  expect(shares.A).toBeGreaterThan(shares.C ?? 1);
  expect(shares.C).toBeGreaterThanOrEqual(0.1);
  expect(sum(shares)).toBeCloseTo(1, 9);
  expect(settled).toBeUndefined();
  expect(nextShares([arm('A', 500, 40), arm('B', 500, 55), arm('C', 500, 20)], settings, 's')).toEqual({ shares });
});

test('it ends when no more than one percent can be gained: one arm is better for sure, or all are alike', () => {
  expect(nextShares([arm('A', 5_000, 400), arm('B', 5_000, 600)], settings, 's').settled).toBe('B');
  expect(nextShares([arm('A', 900_000, 90_000), arm('B', 900_000, 90_050)], settings, 's').settled).toBe('B');
  expect(nextShares([arm('A', 5_000, 500), arm('B', 5_000, 505)], settings, 's').settled).toBeUndefined();
});

test('a floor higher than an even share is an even share', () => {
  const { shares } = nextShares([arm('A', 500, 4), arm('B', 500, 90)], { ...settings, floor: 0.9 }, 's');
  expect(shares).toEqual({ A: 0.5, B: 0.5 });
});

test('who counts is whose window is over, and a success only counts within it', () => {
  const visits: Visit[] = [
    { arm: 'A', atMs: 0 },
    { arm: 'A', atMs: 0, successMs: 10 },
    { arm: 'A', atMs: 0, successMs: 11 },
    { arm: 'A', atMs: 5, successMs: 4 },
    { arm: 'B', atMs: 10, successMs: 20 },
    // Its window is not over, though it has succeeded.
    { arm: 'B', atMs: 11, successMs: 12 },
    { arm: 'gone', atMs: 0, successMs: 1 },
  ];
  expect(countVisits(['A', 'B', 'C'], visits, 10, 20)).toEqual([arm('A', 4, 1), arm('B', 1, 1), arm('C', 0, 0)]);
});

test('with rewards that come two rounds late it regrets far less than even shares, in each of four worlds', () => {
  const rates: Record<string, number> = { A: 0.05, B: 0.06, C: 0.09 };
  const names = Object.keys(rates);
  const [rounds, people, window] = [20, 500, 2];
  for (let world = 0; world < 4; world += 1) {
    const random = seededBy(`world ${world}`);
    const visits: Visit[] = [];
    let regret = 0;
    for (let round = 0; round < rounds; round += 1) {
      const { shares } = nextShares(countVisits(names, visits, window, round), settings, `${world} ${round}`);
      for (let n = 0; n < people; n += 1) {
        const percents = names.map((one) => 100 * (shares[one] ?? 0));
        const name = names[armAt(percents, random())] ?? 'C';
        regret += 0.09 - (rates[name] ?? 0);
        const isSuccess = random() < (rates[name] ?? 0);
        visits.push({ arm: name, atMs: round, ...(isSuccess && { successMs: round + window * random() }) });
      }
    }
    const even = rounds * people * (0.09 - (0.05 + 0.06 + 0.09) / 3);
    expect(regret).toBeLessThan(0.75 * even);
  }
});
