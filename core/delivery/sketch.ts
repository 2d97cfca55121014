import { createHash } from 'node:crypto';

/**
 * How many different names there were, in little room: the smallest hashes of them (K minimum values, Bar-Yossef et al. 2002,
 * "Counting distinct elements in a data stream"). Exact up to SIZE names; beyond, the standard error is 1/√(SIZE − 2), 6 %. It is a set:
 * adding a name again, or in another order, changes nothing. Each hash is 10 hexadecimal digits (40 bits), in ascending order.
 */
export type Sketch = readonly string[];

export const SIZE = 256;
const DIGITS = 10;
const SPACE = 2 ** 40;

const hashOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, DIGITS);

export const withNames = (sketch: Sketch, names: readonly string[]): Sketch =>
  [...new Set([...sketch, ...names.map(hashOf)])].sort().slice(0, SIZE);

export const countOf = (sketch: Sketch): number => {
  const largest = sketch[SIZE - 1];
  if (largest === undefined) return sketch.length;
  return Math.round(((SIZE - 1) * SPACE) / Number.parseInt(largest, 16));
};
