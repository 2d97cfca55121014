import { median, quantile, type Spread } from '../statistics.ts';
import type { Cell } from './cell.ts';
import { ENGINES, type EngineName } from './engine.ts';
import type { Corpus } from './plan.ts';

/** Cells by key (plan.ts). */
export type Cells = ReadonlyMap<string, Cell>;

/** Time of an event as a multiple of JSON.parse, each window beside its own yardstick. */
export const perParse = ({ us, parseUs }: Cell): number => median(us.map((it, n) => it / parseUs[n]!));

/** The fastest engine from npm, by what it takes relative to JSON.parse. */
export const bestNpm = (cells: Cells, corpus: Corpus, rules: number): number | undefined => {
  const found = (Object.keys(ENGINES) as EngineName[])
    .filter((engine) => ENGINES[engine].group === 'npm')
    .flatMap((engine) => cells.get(`${engine}/${corpus}/${rules}`) ?? [])
    .map(perParse);
  return found.length > 0 ? Math.min(...found) : undefined;
};

/** How many times as fast as the best npm engine. */
export const overNpm = (cells: Cells, engine: EngineName, corpus: Corpus, rules: number): number | undefined => {
  const cell = cells.get(`${engine}/${corpus}/${rules}`);
  const best = bestNpm(cells, corpus, rules);
  return cell && best !== undefined ? best / perParse(cell) : undefined;
};

/** Three digits, with k and M. */
export const short = (value: number): string => {
  if (value >= 999_500) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (value >= 9_995) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(value < 0.1 ? 2 : 3)));
};

/** `short` with the lowest and the highest. */
export const shortSpread = ({ median: middle, low, high }: Spread): string =>
  `${short(middle)} (${short(low)} … ${short(high)})`;

/** Half the way from the first quartile of the windows to the third, in per cent of the median. */
const noise = ({ us }: Cell): number => Math.round((50 * (quantile(us, 0.75) - quantile(us, 0.25))) / median(us));

/** Events a second with their noise, times JSON.parse, times the best npm engine. */
const cellText = (cells: Cells, engine: EngineName, corpus: Corpus, rules: number): string => {
  const cell = cells.get(`${engine}/${corpus}/${rules}`);
  if (!cell) return '-';
  const times = overNpm(cells, engine, corpus, rules);
  const parts = [`${short(1e6 / median(cell.us))} ±${noise(cell)}%`, `${short(perParse(cell))}×`];
  return [...parts, ...(times === undefined ? [] : [`${short(times)}×`])].join(' ');
};

/** One table for a corpus: a row for each engine that was measured there, a column for each number of rules. */
export const tableText = (cells: Cells, corpus: Corpus, sizes: readonly number[]): string => {
  const engines = (Object.keys(ENGINES) as EngineName[]).filter((engine) =>
    sizes.some((rules) => cells.has(`${engine}/${corpus}/${rules}`)),
  );
  const rows = [
    [corpus, ...sizes.map((rules) => `${rules.toLocaleString('en')} rules`)],
    ...engines.map((engine) => [engine, ...sizes.map((rules) => cellText(cells, engine, corpus, rules))]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column]!))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
};
