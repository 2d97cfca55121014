import type { JourneyExperiment } from './journey-experiment.ts';
import type { VisitCount } from './look-at-experiment.ts';

/** People of an arm and a round who are counted for good, by what became of them. */
export type SettledRow = [round: number, success: number, failure: number, before: number];
/**
 * Who is counted for good: everybody whose time was over by `toMs` (epoch ms), by arm. Nobody among them is looked for in the lake again, so a
 * count costs what the people cost whose time is not over yet, however long the experiment goes on.
 */
export type Settled = { toMs: number; arms: Record<string, SettledRow[]> };
/** `isSettled`: their time was over by then. */
export type Visits = VisitCount & { isSettled: boolean };

const FATES = ['success', 'failure', 'before'] as const;
/** Rounds that the experiment has forgotten: whether their people fit is no longer asked. */
const FORGOTTEN = -1;

/** With those who are settled now. `rounds`: those that the experiment remembers; so many rows an arm has, and one more. */
export const withSettled = (
  before: Settled | undefined,
  visits: readonly Visits[],
  rounds: JourneyExperiment['rounds'],
  toMs: number,
): Settled => {
  const known = new Set(rounds.map(({ number }) => number));
  const all = [...settledCounts(before), ...visits.filter(({ isSettled }) => isSettled)];
  const arms = Map.groupBy(all, ({ arm }) => arm);
  return {
    toMs,
    arms: Object.fromEntries(
      [...arms].map(([arm, own]) => {
        const byRound = Map.groupBy(own, ({ round }) => (known.has(round) ? round : FORGOTTEN));
        const rows = [...byRound].map(
          ([round, counts]): SettledRow => [
            round,
            ...(FATES.map((fate) => peopleOf(counts, fate)) as [number, number, number]),
          ],
        );
        return [arm, rows.toSorted(([a], [b]) => a - b)];
      }),
    ),
  };
};

/** The same, as the lake counts them. */
export const settledCounts = (settled: Settled | undefined): VisitCount[] =>
  Object.entries(settled?.arms ?? {}).flatMap(([arm, rows]) =>
    rows.flatMap(([round, ...people]) =>
      FATES.flatMap((fate, n) => ((people[n] ?? 0) > 0 ? [{ arm, round, fate, people: people[n] ?? 0 }] : [])),
    ),
  );

const peopleOf = (counts: readonly VisitCount[], wanted: VisitCount['fate']): number =>
  counts.reduce((sum, { fate, people }) => sum + (fate === wanted ? people : 0), 0);
