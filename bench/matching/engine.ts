import type { Document } from './documents.ts';
import type { BenchRule } from './rule.ts';

/** Gets rules ready as well as the engine can; what comes back is timed. It gives the ids of the rules that match. */
export type Engine = (rules: readonly BenchRule[]) => (document: Document) => string[] | Promise<string[]>;

type Entry = {
  /** Loads only this engine: each is measured in a process of its own. */
  load: () => Promise<Engine>;
  /** What it is compared with: packages that a user would pick, plain code, or nothing. */
  group: 'npm' | 'plain' | 'herald';
};

/** Every engine by the name that the table prints. */
export const ENGINES = {
  'json-rules-engine': { group: 'npm', load: async () => (await import('./engines/json-rules-engine.ts')).engine },
  'json-logic-engine': { group: 'npm', load: async () => (await import('./engines/json-logic-engine.ts')).engine },
  filtrex: { group: 'npm', load: async () => (await import('./engines/filtrex.ts')).engine },
  sift: { group: 'npm', load: async () => (await import('./engines/sift.ts')).engine },
  'cel-js': { group: 'npm', load: async () => (await import('./engines/cel-js.ts')).engine },
  growthbook: { group: 'npm', load: async () => (await import('./engines/growthbook.ts')).engine },
  closures: { group: 'plain', load: async () => (await import('./engines/closures.ts')).engine },
  herald: { group: 'herald', load: async () => (await import('./engines/herald.ts')).engine },
} as const satisfies Record<string, Entry>;
export type EngineName = keyof typeof ENGINES;
