import { ENGINES, type EngineName } from './engine.ts';
import type { Variant } from './rules.ts';

export type Corpus = Variant | 'hard';
export type PlannedCell = { engine: EngineName; corpus: Corpus; rules: number };

export const SIZES = [10, 100, 1_000, 10_000];
const NAMES = Object.keys(ENGINES) as EngineName[];

/** The hard corpus is for those who are not out of reach there: Herald, and plain code to compare with. */
export const plannedCells = (quick: boolean): PlannedCell[] => [
  ...SIZES.flatMap((rules) =>
    (['mixed', 'shared'] as const).flatMap((corpus) =>
      NAMES.filter((engine) => !quick || rules < 10_000 || ENGINES[engine].group !== 'npm').map((engine) => ({
        engine,
        corpus,
        rules,
      })),
    ),
  ),
  ...(['closures', 'herald'] as const).map((engine) => ({ engine, corpus: 'hard' as const, rules: 10_000 })),
];

export const keyOf = ({ engine, corpus, rules }: PlannedCell): string => `${engine}/${corpus}/${rules}`;
