import type { Bar } from './bar.ts';

/** What one part of the bench found: figures for `--json`, the same in words, and what it must show. */
export type Part = { figures: object; text: string; bars: Bar[] };
