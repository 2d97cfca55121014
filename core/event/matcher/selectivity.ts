import type { ValueTest } from './test.ts';

/**
 * How likely a value is to satisfy a test, 0 to 1, guessed from what all tests of its field mention: marketers ask about
 * values that occur, about common ones more often, and set limits where the values are. A bad guess costs time, never a match.
 */
export const selectivityOf = (tests: readonly ValueTest[]): ((test: ValueTest) => number) => {
  const mentions = new Map<unknown, number>();
  let mentioned = 0;
  const limits: number[] = [];
  const prefixes = new Set<string>();
  for (const test of tests) {
    if (test.kind === 'among' || test.kind === 'differs') {
      for (const value of test.kind === 'among' ? test.values : [test.from]) {
        mentions.set(value, (mentions.get(value) ?? 0) + 1);
        mentioned += 1;
      }
    }
    if (test.kind === 'prefix') prefixes.add(test.text);
    if (test.kind === 'range') limits.push(...[test.from, test.to].filter(Number.isFinite));
  }
  limits.sort((a, b) => a - b);
  const share = (value: unknown) => (typeof value === 'boolean' ? 0.5 : (mentions.get(value) ?? 0) / (mentioned + 1));
  /** Share of the limits that are below the number. */
  const below = (number: number) => {
    let [low, high] = [0, limits.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((limits[middle] as number) < number) low = middle + 1;
      else high = middle;
    }
    return (low + 0.5) / (limits.length + 1);
  };

  return (test) => {
    if (test.kind === 'exists') return 0.7;
    if (test.kind === 'among')
      return Math.min(
        1,
        test.values.reduce((sum: number, value) => sum + share(value), 0),
      );
    if (test.kind === 'differs') return 0.9;
    if (test.kind === 'prefix') {
      const begun = [...mentions].filter(([value]) => typeof value === 'string' && value.startsWith(test.text));
      const seen = begun.reduce((sum, [, times]) => sum + times, 0) / (mentioned + 1);
      return Math.max(seen, 1 / (prefixes.size + 2));
    }
    const upTo = test.to === Number.POSITIVE_INFINITY ? 1 : below(test.to);
    const from = test.from === Number.NEGATIVE_INFINITY ? 0 : below(test.from);
    return Math.max(0.01, upTo - from);
  };
};
