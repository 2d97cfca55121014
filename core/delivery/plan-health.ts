import type { Receipt } from './receipt.ts';
import type { ReceiptRef } from './receipt-ref.ts';
import { countOf, type Sketch, withNames } from './sketch.ts';

/**
 * How many of a plan's emails were delivered, and how many complained about. A campaign's run is counted as a whole; a trigger
 * by weeks, of when it was heard, as mailbox providers judge senders by what they saw lately.
 */
export type PlanHealth = {
  /** Grows with each change. */
  version: number;
  /** Names of messages. Whoever complains has got it, so complaints are among them. */
  delivered: Sketch;
  complained: Sketch;
  /** When the plan was stopped for it: it happens once, so whoever starts it again is not overruled. */
  stoppedMs?: number;
};

/** Metrics with alarms. */
export const MANY_COMPLAIN = 'ManyComplain';
export const PLAN_STOPPED = 'PlanStopped';

export const NOTHING_HEARD: PlanHealth = { version: 0, delivered: [], complained: [] };

const WEEK_MS = 7 * 86_400_000;
export const healthKey = ({ planKind, run }: Pick<ReceiptRef, 'planKind' | 'run'>, atMs: number): string =>
  planKind === 'campaign' ? run : `${run}#${Math.floor(atMs / WEEK_MS)}`;

/** With what was heard of some messages more; the same object when that says nothing new. */
export const heardOf = (
  health: PlanHealth,
  heard: readonly { outcome: Receipt['outcome']; message: string }[],
): PlanHealth => {
  const names = (...outcomes: Receipt['outcome'][]) =>
    heard.filter(({ outcome }) => outcomes.includes(outcome)).map(({ message }) => message);
  const delivered = withNames(health.delivered, names('delivered', 'complained'));
  const complained = withNames(health.complained, names('complained'));
  const same = String(delivered) === String(health.delivered) && String(complained) === String(health.complained);
  return same ? health : { ...health, version: health.version + 1, delivered, complained };
};

/**
 * Google and Yahoo ask bulk senders to stay below 0.1 % and never to reach 0.3 % (their sender guidelines of 2024). Fewer than
 * five complaints say nothing: three of a thousand may be chance.
 */
export const COMPLAINTS = { atLeast: 5, warn: 0.001, stop: 0.003 } as const;

export type Verdict = { share: number; delivered: number; complained: number; act: 'nothing' | 'warn' | 'stop' };

export const judge = ({ delivered, complained }: PlanHealth): Verdict => {
  const counts = { delivered: countOf(delivered), complained: countOf(complained) };
  const share = counts.delivered === 0 ? 0 : counts.complained / counts.delivered;
  const enough = counts.complained >= COMPLAINTS.atLeast;
  const act = enough && share >= COMPLAINTS.stop ? 'stop' : enough && share >= COMPLAINTS.warn ? 'warn' : 'nothing';
  return { ...counts, share, act };
};
