import type { Settled } from './ledger.ts';
import type { Earlier } from './messages.ts';
import type { Step } from './plan-batch.ts';
import { type Heard, type PolicyStep, type Wait, waitsOf } from './policy.ts';

/** What was heard of a batch: of whom, by index. */
export type HeardOf = Record<Heard, ReadonlySet<number>>;
type Awaits = NonNullable<Earlier['awaits']>;

/** Whoever opened it has got it, also where the receipt for that was lost. */
const isHeard = (what: Heard, index: number, heard: HeardOf): boolean =>
  heard.opened.has(index) || (what === 'delivered' && heard.delivered.has(index));

/** What is waited for at a step after this; first of all when there was nothing yet. */
export const nextWait = (step: PolicyStep | undefined, after?: Heard): Wait | undefined => {
  const waits = waitsOf(step);
  return waits[waits.findIndex(({ what }) => what === after) + 1];
};

/** What is waited for first when this step sends to a recipient whom another channel could reach after it. */
export const waitsFor = ({ policy, work, nextStepOf }: Step, index: number): Wait | undefined =>
  nextStepOf(index) === undefined ? undefined : nextWait(policy[work.step]);

/**
 * What somebody waits for until `dueMs` whom a channel has sent to: now, in the ledger record `unit`, or `before`, when they
 * have waited for something else already.
 */
export const awaitsUntil = (
  step: PolicyStep | undefined,
  before: Awaits | undefined,
  unit: string,
  dueMs: number,
): Awaits | undefined => {
  const wait = nextWait(step, before?.what);
  return wait && { what: wait.what, unit: before?.unit ?? unit, sentMs: dueMs - wait.ms };
};

/**
 * After a wait: it was heard of, and so it was sent (`''`; with `dueMs` when there is another receipt to wait for until then), or
 * the next channel gets its turn.
 */
export const afterWait = (
  { what, sentMs }: Awaits,
  step: PolicyStep | undefined,
  index: number,
  heard: HeardOf,
): { settled: Settled; dueMs?: number } => {
  if (!isHeard(what, index, heard)) return { settled: what === 'delivered' ? 'not-delivered' : 'not-opened' };
  const next = nextWait(step, what);
  return next && !isHeard(next.what, index, heard) ? { settled: '', dueMs: sentMs + next.ms } : { settled: '' };
};
