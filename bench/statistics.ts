import { cpus, totalmem } from 'node:os';

export type Machine = { cpu: string; cores: number; memoryGiB: number; node: string };
export const machine = (): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
});
export const machineText = ({ cpu, cores, memoryGiB, node }: Machine): string =>
  `${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}`;

/** The value that a share `q` of all is at or below; NaN of none. */
export const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
};
/** Of an even number, the mean of the two in the middle. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

export type Spread = { median: number; low: number; high: number };
/** Median with the lowest and highest of the runs: the spread says how much of a difference is noise. */
export const spread = (values: readonly number[], digits = 1): Spread => ({
  median: Number(quantile(values, 0.5).toFixed(digits)),
  low: Number(Math.min(...values).toFixed(digits)),
  high: Number(Math.max(...values).toFixed(digits)),
});
export const spreadText = ({ median: middle, low, high }: Spread): string => `${middle} (${low} … ${high})`;
