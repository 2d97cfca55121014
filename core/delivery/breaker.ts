import type { SendResult } from './sender.ts';

/**
 * The circuit breaker of a channel's provider and account (D2). Closed, messages go out. Open, nobody calls the provider: the
 * next channel gets its turn at once, or the message waits. When its time is over it is half open: one worker tries, and what
 * becomes of that call closes it or opens it for longer. It is shared: what one worker finds out holds for all.
 */
export type Breaker = {
  /** Grows with each change, so that a change can be conditional on what was read. */
  version: number;
  /** Nobody calls before this time, but the worker that tries. 0: closed. */
  untilMs: number;
  /** How often it has opened without having been closed. */
  openings: number;
  reason: string;
};

/** Metric with an alarm. */
export const BREAKER_OPENED = 'BreakerOpened';

export const CLOSED: Breaker = { version: 0, untilMs: 0, openings: 0, reason: '' };

const MINUTE_MS = 60_000;
const FIRST_MS = MINUTE_MS;
const LONGEST_MS = 15 * MINUTE_MS;
/** Longer than a provider call may take: by then whoever tries has said how it went, or is dead. */
const TRIAL_MS = 20_000;

export type BreakerState = 'closed' | 'open' | 'half-open';
export const stateOf = ({ untilMs }: Breaker, nowMs: number): BreakerState => {
  if (untilMs === 0) return 'closed';
  return nowMs < untilMs ? 'open' : 'half-open';
};

/** 1, 2, 4, 8, then 15 minutes. */
export const opened = (breaker: Breaker, reason: string, nowMs: number): Breaker => {
  const forMs = Math.min(FIRST_MS * 2 ** breaker.openings, LONGEST_MS);
  return { version: breaker.version + 1, untilMs: nowMs + forMs, openings: breaker.openings + 1, reason };
};

/** Half open, as the worker leaves it that tries: open for all others until it knows. */
export const tried = (breaker: Breaker, nowMs: number): Breaker => ({
  ...breaker,
  version: breaker.version + 1,
  untilMs: nowMs + TRIAL_MS,
});

export const closed = ({ version }: Breaker): Breaker => ({ ...CLOSED, version: version + 1 });

/**
 * What a call says of the provider. `account`: it does not let us in, or not send (credentials, a sender that is not verified,
 * sending paused); no address is to blame, and all further calls would say the same. `down`: it is broken or silent. `busy`
 * (throttled) says nothing: rates are somebody else's matter.
 */
export type Verdict = { kind: 'fine' } | { kind: 'busy' } | { kind: 'down' | 'account'; reason: string };

export const verdictOf = (results: readonly (SendResult | undefined)[]): Verdict => {
  if (results.some((result) => result?.status === 'sent' || result?.status === 'refused')) return { kind: 'fine' };
  for (const result of results) {
    if (result?.status !== 'retry' && result?.status !== 'unknown') continue;
    if (result.fault === 'down' || result.fault === 'account') return { kind: result.fault, reason: result.reason };
  }
  return { kind: 'busy' };
};

/** What one worker remembers of its last calls, newest last: true is one that found the provider down. */
export type Memory = readonly boolean[];
const REMEMBERED = 10;
/** So many of the last calls, and at least half of them, open the breaker. */
const ENOUGH = 5;

/** With one call more. `open`: why the breaker is to be opened. */
export const remember = (memory: Memory, verdict: Verdict): { memory: Memory; open?: string } => {
  if (verdict.kind === 'busy') return { memory };
  if (verdict.kind === 'account') return { memory: [], open: verdict.reason };
  const now = [...memory, verdict.kind === 'down'].slice(-REMEMBERED);
  const down = now.filter(Boolean).length;
  if (verdict.kind !== 'down' || down < ENOUGH || down * 2 < now.length) return { memory: now };
  return { memory: [], open: verdict.reason };
};
