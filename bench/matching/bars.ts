import { type Bar, bar } from '../bar.ts';

/** Medians of the run, as the bars read them. A cell that was not measured is missing. */
export type Medians = {
  /** `herald/shared/1000` → time of an event as a multiple of JSON.parse of event and profile. */
  perParse: ReadonlyMap<string, number>;
  /** `shared/1000` → how many times as fast as the best engine on npm. */
  overNpm: ReadonlyMap<string, number>;
  /** The worse of the two variants. */
  firstMatchMs: number;
  addMs: number;
  removeMs: number;
  heapMB: number;
  profileDecodePerParse: number;
};

const MATCHING: [rules: number, mixed: number, shared: number][] = [
  [10, 0.05, 0.05],
  [100, 0.2, 0.2],
  [1_000, 0.4, 0.4],
  [10_000, 0.75, 1.5],
];
/** Where only one variant is named, the other has no bar. */
const OVER_NPM: [cell: string, times: number][] = [
  ['mixed/10', 1],
  ['shared/10', 1],
  ['shared/100', 4],
  ['shared/1000', 100],
  ['mixed/10000', 800],
  ['shared/10000', 800],
];

/** Each bar that the measured cells allow to judge. */
export const barsOf = (medians: Medians): Bar[] => [
  ...MATCHING.flatMap(([rules, mixed, shared]) => [
    ...bar(`${rules} rules, mixed`, medians.perParse.get(`herald/mixed/${rules}`), mixed, '× JSON.parse'),
    ...bar(`${rules} rules, shared`, medians.perParse.get(`herald/shared/${rules}`), shared, '× JSON.parse'),
  ]),
  ...OVER_NPM.flatMap(([cell, times]) =>
    bar(`${cell.split('/').reverse().join(' rules, ')}`, medians.overNpm.get(cell), times, '× best npm', true),
  ),
  ...bar('10000 rules, load a snapshot and match', medians.firstMatchMs, 30, 'ms'),
  ...bar('10000 rules, add one', medians.addMs, 1, 'ms'),
  ...bar('10000 rules, remove one', medians.removeMs, 1, 'ms'),
  ...bar('10000 rules, heap', medians.heapMB, 12, 'MB'),
  ...bar('profile decode', medians.profileDecodePerParse, 2, '× JSON.parse of it'),
];
