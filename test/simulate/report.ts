import type { Violation } from './end.ts';
import type { SeedResult } from './run-seed.ts';
import type { Without } from './tables.ts';

/** What some seeds have come to. */
export type Summary = {
  seeds: number;
  failing: { seed: number; replay: string; violations: Violation[] }[];
  /** By seed. */
  traces: Record<number, string>;
  events: number;
  recipients: number;
  messages: number;
  virtualHours: number;
  faults: Record<string, number>;
  outcomes: Record<string, number>;
};

export const emptySummary = (): Summary => ({
  ...{
    seeds: 0,
    failing: [],
    traces: {},
    events: 0,
    recipients: 0,
    messages: 0,
    virtualHours: 0,
    faults: {},
    outcomes: {},
  },
});

export const replayOf = (seed: number, without?: Without): string =>
  `npm run simulate -- --seed ${seed}${without ? ` --without ${without}` : ''}`;

const addCounts = (sum: Record<string, number>, counts: Partial<Record<string, number>>): void => {
  for (const [name, count = 0] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
};

/** More of one seed say nothing new. */
const TOLD = 20;

export const addTo = (summary: Summary, result: SeedResult, without?: Without): void => {
  const { seed, trace, violations } = result;
  summary.seeds += 1;
  summary.traces[seed] = trace;
  for (const name of ['events', 'recipients', 'messages', 'virtualHours'] as const) summary[name] += result[name];
  addCounts(summary.faults, result.faults);
  addCounts(summary.outcomes, result.outcomes);
  if (violations.length === 0) return;
  summary.failing.push({ seed, replay: replayOf(seed, without), violations: violations.slice(0, TOLD) });
  summary.failing.sort((a, b) => a.seed - b.seed);
};

const counted = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `  ${String(count).padStart(8)} ${name}`)
    .join('\n');

/** For people. */
export const lines = (summary: Summary, seconds: number): string[] => {
  const { seeds, failing, events, recipients, messages, virtualHours, faults, outcomes } = summary;
  const days = Math.round(virtualHours / 24);
  return [
    `${seeds} seeds in ${seconds} s: ${recipients} recipients, ${messages} messages, ${events} events in ${days} days of simulated time.`,
    `Faults injected:\n${counted(faults)}`,
    `Outcomes:\n${counted(outcomes)}`,
    failing.length === 0
      ? 'Every promise was kept.'
      : `${failing.length} seeds broke a promise: ${failing.map(({ seed }) => seed).join(', ')}`,
  ];
};
