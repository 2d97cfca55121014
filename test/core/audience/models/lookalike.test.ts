import { describe, expect, test } from 'vitest';
import type { Facts } from '../../../../core/audience/models/facts.ts';
import { doubtAbout } from '../../../../core/audience/models/fit.ts';
import { fitLookalike, likeness, MIN_SEEDS } from '../../../../core/audience/models/lookalike.ts';
import { attributeChange, cameFrom, LIKE_THE_SEED, valuesOf } from '../../../../core/audience/models/score.ts';
import { Unfit } from '../../../../core/audience/models/unfit.ts';
import { seededRandom } from '../../../../local/random.ts';
import { facts } from './people.ts';

const DAY = 86_400_000;
const CUT = Date.UTC(1998, 0, 1);
const options = { cutMs: CUT, topPercent: 10, seed: 1 };

/** People of whom a share lives in Paris and buys often. */
const people = (size: number, seed: number, parisians: number, more: Partial<Facts> = {}): Facts[] => {
  const random = seededRandom(seed);
  return Array.from({ length: size }, (_, n) => {
    const paris = random() < parisians;
    const purchases = paris ? 2 + Math.floor(random() * 10) : Math.floor(random() * 3);
    const lastMs = purchases > 0 ? CUT - (1 + random() * 200) * DAY : 0;
    const traits = { 'attributes.city': paris ? 'Paris' : random() < 0.5 ? 'Berlin' : 'Rome', email: 'yes' };
    return facts(`${seed}-${n}`, { purchases, firstMs: lastMs, lastMs, amount: purchases * 10, traits, ...more });
  });
};
const seeds = people(200, 1, 0.9, { seed: true });
const others = people(2_000, 2, 0.1);

describe('a lookalike', () => {
  const { parameters, report } = fitLookalike(seeds, others, options);

  test('tells the seed from others on people who were kept out', () => {
    expect(report.holdOut.auc).toBeGreaterThan(0.85);
    expect(report.holdOut.seeds + report.holdOut.others).toBeGreaterThan(300);
    expect(doubtAbout({ type: 'lookalike', ...report })).toBeUndefined();
  });

  test('marks the top share of the others, and nobody of the seed', () => {
    const model = { type: 'lookalike' as const, ...parameters };
    const marked = others.filter((one) => valuesOf(model, one, CUT)[0] === LIKE_THE_SEED);
    expect(marked.length).toBeGreaterThanOrEqual(200);
    expect(marked.length).toBeLessThanOrEqual(210);
    const scores = others.map((one) => likeness(parameters, one, CUT)).sort((a, b) => b - a);
    expect(marked.every((one) => likeness(parameters, one, CUT) >= scores[199]!)).toBe(true);
    expect(seeds.flatMap((one) => valuesOf(model, one, CUT))).toEqual(seeds.map(() => null));
    const parisians = marked.filter(({ traits }) => traits['attributes.city'] === 'Paris').length;
    expect(parisians / marked.length).toBeGreaterThan(0.8);
  });

  test('says what the seed has in common', () => {
    const paris = report.inCommon.find(({ trait }) => trait === 'attributes.city = Paris');
    const share = (some: Facts[]) =>
      Math.round((100 * some.filter(({ traits }) => traits['attributes.city'] === 'Paris').length) / some.length);
    expect(paris?.sentence).toBe(
      `attributes.city is Paris: ${share(seeds)} % of the seed, ${share(others)} % of the others`,
    );
    expect(paris?.weight).toBeGreaterThan(0);
    // Everybody has an address: it says nothing.
    expect(report.inCommon.find(({ trait }) => trait === 'email = yes')?.weight ?? 0).toBeCloseTo(0, 9);
  });

  test('tells no value that fewer than ten people share', () => {
    const rare = seeds.map((one, n) =>
      n < 9 ? { ...one, traits: { ...one.traits, 'attributes.club': 'tiny' } } : one,
    );
    expect(fitLookalike(rare, others.slice(0, 200), options).parameters.categories).not.toContainEqual({
      trait: 'attributes.club',
      value: 'tiny',
    });
    const ten = seeds.map((one, n) =>
      n < 10 ? { ...one, traits: { ...one.traits, 'attributes.club': 'small' } } : one,
    );
    expect(fitLookalike(ten, others.slice(0, 200), options).parameters.categories).toContainEqual({
      trait: 'attributes.club',
      value: 'small',
    });
  });

  test('of a seed like everybody else is doubted', () => {
    const { report: nothing } = fitLookalike(people(300, 5, 0.1, { seed: true }), others, options);
    expect(doubtAbout({ type: 'lookalike', ...nothing })).toMatch(/below 0.55/);
  });

  test('needs a seed that is large enough, and somebody else', () => {
    expect(() => fitLookalike(seeds.slice(0, MIN_SEEDS - 1), others, options)).toThrow(
      'The seed has 99 people with a profile; it takes 100 to see what they have in common',
    );
    expect(() => fitLookalike(seeds, others.slice(0, 99), options)).toThrow(Unfit);
  });
});

test('a transition begins with a value that the model gives, whatever somebody wrote into a profile', () => {
  const rfm = { type: 'rfm' as const, cuts: { lastMs: [], purchases: [], amount: [] } };
  const clusters = { type: 'clusters' as const, scale: { means: [], deviations: [] }, centres: [] };
  expect(['loyal', 'gold', undefined].map((was) => cameFrom(rfm, was))).toEqual(['loyal', 'other', undefined]);
  expect(['c1', 'c8', 'c9'].map((was) => cameFrom(clusters, was))).toEqual(['c1', 'c8', 'other']);
});

describe('what is merged into a profile', () => {
  test.each<[string, (string | undefined)[], (string | number | null)[], object | undefined]>([
    ['nothing when all is there', ['loyal', '3'], ['loyal', 3], undefined],
    ['nothing when there is nothing to be', [undefined], [null], undefined],
    ['only what differs', ['loyal', '3'], ['loyal', 4], { b: 4 }],
    ['what is new', [undefined, undefined], ['new', 5], { a: 'new', b: 5 }],
    ['what goes', ['lost', '1'], [null, null], { a: null, b: null }],
  ])('%s', (_, was, values, wanted) => {
    expect(attributeChange(['a', 'b'].slice(0, values.length), was, values)).toEqual(wanted);
  });
});
