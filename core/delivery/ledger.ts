import type { FailReason, SkipReason } from './outcome.ts';

/**
 * The ledger: one record per batch and step says what was done with each of its recipients, so that a redelivered message
 * goes on where the last worker stopped. Every write is conditional on the fencing token of the claim, so a worker that
 * lost its lease cannot write.
 */
export type LedgerRecord = {
  /** Grows with each claim. */
  token: number;
  /** Nobody else may claim before this time. */
  leaseUntilMs: number;
  /** One letter per recipient of the batch: see `MARKS`. */
  marks: string;
  /** Epoch ms before which nothing more is to be done for these recipients, by index: they go on in the batch's next message. */
  due?: Record<number, number>;
  /** The provider's id, kept when the batch is one message: its outcome can then be written again in full. */
  messageId?: string;
};

export type Reason = SkipReason | FailReason;
/** What is settled of one recipient at one step: `''` is sent. */
export type Settled = Reason | '';

/** Not of this step. */
const ABSENT = '_';
const OPEN = '-';
/** A provider may have got it: written before the call, and settled after it. */
const ATTEMPTED = 'a';

/** Lower case: settled; upper case: and its outcome is in the lake. */
const MARKS: Record<Reason | 'sent', string> = {
  sent: 's',
  'no-address': 'n',
  'no-consent': 'c',
  suppressed: 'p',
  'frequency-cap': 'f',
  'channel-cap': 'h',
  'minimum-gap': 'i',
  'quiet-hours': 'q',
  'sms-window': 'w',
  'over-budget': 'v',
  duplicate: 'd',
  'too-late': 't',
  'plan-cancelled': 'k',
  'plan-paused': 'z',
  'profile-missing': 'm',
  'render-failed': 'r',
  erased: 'e',
  holdout: 'y',
  'opted-out': 'o',
  'address-refused': 'x',
  'provider-refused': 'g',
  'provider-unavailable': 'u',
  'not-delivered': 'j',
  'not-opened': 'l',
  'unknown-after-crash': 'b',
};
const MEANING = new Map(
  Object.entries(MARKS).map(([reason, mark]) => [mark, (reason === 'sent' ? '' : reason) as Settled]),
);

/** Marks of a batch of `count` recipients of which `only` (absent: all) are wanted at this step. */
export const openMarks = (count: number, only?: readonly number[]): string => {
  if (!only) return OPEN.repeat(count);
  const wanted = new Set(only);
  return Array.from({ length: count }, (_, n) => (wanted.has(n) ? OPEN : ABSENT)).join('');
};

/** The record as a worker takes it over; undefined while another worker's lease lasts. */
export const claimRecord = (
  stored: LedgerRecord | undefined,
  marks: string,
  nowMs: number,
  leaseMs: number,
): LedgerRecord | undefined => {
  const leaseUntilMs = nowMs + leaseMs;
  if (!stored) return { token: 1, leaseUntilMs, marks };
  if (stored.leaseUntilMs > nowMs) return undefined;
  return { ...stored, token: stored.token + 1, leaseUntilMs };
};

const indexesOf = (record: LedgerRecord, wanted: (mark: string) => boolean): number[] =>
  [...record.marks].flatMap((mark, n) => (wanted(mark) ? [n] : []));

const mark = (record: LedgerRecord, changes: ReadonlyMap<number, string>): LedgerRecord => ({
  ...record,
  marks: [...record.marks].map((old, n) => changes.get(n) ?? old).join(''),
});

/** Recipients that nothing was done with yet. */
export const openOf = (record: LedgerRecord): number[] => indexesOf(record, (letter) => letter === OPEN);
/** Recipients whose provider call was begun by somebody who did not live to note its answer. */
export const attemptedOf = (record: LedgerRecord): number[] => indexesOf(record, (letter) => letter === ATTEMPTED);
export const isSettled = (record: LedgerRecord): boolean =>
  !record.marks.includes(OPEN) && !record.marks.includes(ATTEMPTED);

export const markAttempted = (record: LedgerRecord, indexes: readonly number[]): LedgerRecord =>
  mark(record, new Map(indexes.map((n) => [n, ATTEMPTED])));

/** Takes back: the provider said for sure that it did nothing. */
export const reopen = (record: LedgerRecord, indexes: readonly number[]): LedgerRecord =>
  mark(record, new Map(indexes.map((n) => [n, OPEN])));

export const settle = (record: LedgerRecord, results: ReadonlyMap<number, Settled>): LedgerRecord =>
  mark(record, new Map([...results].map(([n, reason]) => [n, MARKS[reason || 'sent']])));

/** Notes when these recipients go on. */
export const holdUntil = (record: LedgerRecord, due: ReadonlyMap<number, number>): LedgerRecord =>
  due.size === 0 ? record : { ...record, due: { ...record.due, ...Object.fromEntries(due) } };

/** What is settled, by recipient. `unpublished`: only those whose outcome may not be in the lake yet. */
export const settledOf = (record: LedgerRecord, which: 'all' | 'unpublished'): Map<number, Settled> =>
  new Map(
    [...record.marks].flatMap((letter, n) => {
      const reason = MEANING.get(which === 'all' ? letter.toLowerCase() : letter);
      return reason === undefined ? [] : [[n, reason] as const];
    }),
  );

/** The outcomes of what is settled so far are in the lake, the rest is for another worker: the lease is given back. */
export const publishRecord = (record: LedgerRecord): LedgerRecord => ({
  ...record,
  leaseUntilMs: 0,
  marks: [...record.marks].map((letter) => (MEANING.has(letter) ? letter.toUpperCase() : letter)).join(''),
});
