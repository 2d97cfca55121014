import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { healthKey, heardOf, judge, NOTHING_HEARD, type PlanHealth } from '../../../core/delivery/plan-health.ts';
import { countOf, SIZE, withNames } from '../../../core/delivery/sketch.ts';

const names = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `message-${from + n}`);

describe('a sketch', () => {
  test.each([0, 1, 100, SIZE - 1])('is exact for %i names', (count) => {
    expect(countOf(withNames([], names(0, count)))).toBe(count);
  });

  test.each([1_000, 10_000, 100_000])('is right within 20 %% for %i names: three standard errors', (count) => {
    const counted = countOf(withNames([], names(0, count)));
    expect(Math.abs(counted - count) / count).toBeLessThan(0.2);
  });

  test('is a set: order, repeats and the cut into batches make no difference', () => {
    const some = fc.array(fc.nat(2_000).map(String), { maxLength: 600, size: 'max' });
    fc.assert(
      fc.property(some, fc.nat(600), fc.array(fc.nat(599), { maxLength: 50 }), (all, cut, again) => {
        const repeated = again.flatMap((n) => all.slice(n, n + 1));
        const backwards = withNames(withNames([], all.slice(cut).reverse()), [...all.slice(0, cut), ...repeated]);
        expect(backwards).toEqual(withNames([], all));
      }),
    );
  });
});

describe('what is heard of a plan', () => {
  const health = (delivered: number, complained: number): PlanHealth =>
    heardOf(NOTHING_HEARD, [
      ...names(0, delivered).map((message) => ({ outcome: 'delivered' as const, message })),
      ...names(0, complained).map((message) => ({ outcome: 'complained' as const, message })),
    ]);

  test.each<[delivered: number, complained: number, act: string]>([
    [0, 0, 'nothing'],
    [200, 0, 'nothing'],
    [200, 4, 'nothing'],
    [200, 5, 'stop'],
    [1_200, 5, 'stop'],
    [3_500, 5, 'warn'],
    [10_000, 5, 'nothing'],
    [10_000, 20, 'warn'],
    [10_000, 60, 'stop'],
  ])('%i delivered, %i complaints: %s', (delivered, complained, act) => {
    expect(judge(health(delivered, complained)).act).toBe(act);
  });

  test('who complains has got it, whatever is heard first', () => {
    expect(judge(heardOf(NOTHING_HEARD, [{ outcome: 'complained', message: 'm' }]))).toMatchObject({
      delivered: 1,
      complained: 1,
    });
  });

  test('nothing new is no change', () => {
    const before = health(300, 2);
    expect(heardOf(before, [{ outcome: 'delivered', message: 'message-7' }])).toBe(before);
    expect(heardOf(before, [{ outcome: 'bounced', message: 'x' }])).toBe(before);
  });

  test('a campaign is one, a trigger is counted by weeks', () => {
    const week = 7 * 86_400_000;
    expect(healthKey({ planKind: 'campaign', run: 'c1-r' }, 5 * week)).toBe('c1-r');
    expect(healthKey({ planKind: 'trigger', run: 't#t1' }, 5 * week)).toBe('t#t1#5');
    expect(healthKey({ planKind: 'trigger', run: 't#t1' }, 6 * week - 1)).toBe('t#t1#5');
  });
});
