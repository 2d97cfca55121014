import type { Settled } from '../../core/delivery/ledger.ts';
import type { Step } from '../../core/delivery/plan-batch.ts';
import { afterWait } from '../../core/delivery/waiting.ts';
import type { Ports } from './ports.ts';

/**
 * Settles those of the recipients `open` whom this channel has sent to, and of whom something was to be heard by now: one read
 * for each batch that they were sent in. `due`: who waits on.
 */
export const hearWaiting = async (
  { ledger }: Pick<Ports, 'ledger'>,
  { work, policy }: Step,
  open: readonly number[],
): Promise<{ settled: Map<number, Settled>; due: Map<number, number> }> => {
  const settled = new Map<number, Settled>();
  const due = new Map<number, number>();
  const waiting = open.flatMap((index) => {
    const { awaits } = work.earlierOf(index);
    return awaits ? [{ index, awaits }] : [];
  });
  for (const [unit, people] of Map.groupBy(waiting, ({ awaits }) => awaits.unit)) {
    const heard = await ledger.heardOf({ run: work.run, unit });
    for (const { index, awaits } of people) {
      const after = afterWait(awaits, policy[work.step], index, heard);
      settled.set(index, after.settled);
      if (after.dueMs !== undefined) due.set(index, after.dueMs);
    }
  }
  return { settled, due };
};
