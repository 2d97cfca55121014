import type { Comparison } from './event-condition.ts';

/** Numbers of this magnitude and more are no amounts: they add nothing. */
export const AMOUNT_LIMIT = 1e12;

/** An amount in whole millionths, halves away from zero as in SQL; undefined when it is none. */
export const millionths = (value: unknown): number | undefined => {
  if (typeof value !== 'number' || Math.abs(value) >= AMOUNT_LIMIT) return undefined;
  return Math.sign(value) * Math.round(Math.abs(value * 1e6));
};

/** The same comparison with its limit in millionths. */
export const inMillionths = (comparison: Comparison): Comparison =>
  Object.fromEntries(Object.entries(comparison).map(([name, limit]) => [name, millionths(limit)])) as Comparison;

/** Whether a number meets a limit; for an average `value` is the sum, and the limit counts once per number. */
export const compares = (value: number, comparison: Comparison, times = 1): boolean => {
  if ('atLeast' in comparison) return value >= comparison.atLeast * times;
  if ('moreThan' in comparison) return value > comparison.moreThan * times;
  if ('atMost' in comparison) return value <= comparison.atMost * times;
  if ('lessThan' in comparison) return value < comparison.lessThan * times;
  return value === comparison.equals * times;
};
