/**
 * Cuts the range of some ascending numbers into cells, so that the place of a value among them is found in a step or two
 * where a binary search would guess wrong at every other of eight. The cell is told by the upper half of the double, which
 * grows with the number: cells are as fine, relative to the numbers, for cents as for milliseconds since 1970.
 * `placeOf` in classes.ts says the same by search; the kernel does it by the grid.
 */
export type Grid = {
  /** Keys of the first and last number. */
  first: number;
  last: number;
  /** By how many bits the distance to the first key is shortened to a cell. */
  shift: number;
  /** How many numbers are in cells before this one. One more entry than cells. */
  starts: Int32Array;
  /** The most numbers that one cell has. */
  steps: number;
};

/** Cells for each number: with four a cell has mostly none or one. */
const CELLS = 4;

const double = new DataView(new ArrayBuffer(8));

/** The sign makes negative doubles grow downwards. */
const keyOf = (value: number): number => {
  double.setFloat64(0, value);
  const upper = double.getInt32(0);
  return upper ^ ((upper >> 31) & 0x7fffffff);
};

export const gridOf = (numbers: Float64Array): Grid => {
  const first = keyOf(numbers[0] ?? 0);
  const last = keyOf(numbers.at(-1) ?? 0);
  let shift = 0;
  while ((last - first) >>> shift > CELLS * numbers.length) shift += 1;
  const starts = new Int32Array(((last - first) >>> shift) + 2);
  for (const number of numbers) starts[((keyOf(number) - first) >>> shift) + 1]! += 1;
  const steps = Math.max(...starts);
  for (let cell = 1; cell < starts.length; cell += 1) starts[cell]! += starts[cell - 1]!;
  return { first, last, shift, starts, steps };
};
