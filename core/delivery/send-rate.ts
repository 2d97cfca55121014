import type { Lane } from './channel.ts';

/**
 * How fast messages go out (D6). Each lane has a virtual clock: time on it is tokens, and is leased in stretches that lie end to
 * end, never before now. A token is due at its own instant, so there is no window at whose edge two bursts meet (GCRA). What
 * nobody used in time is lost.
 *
 * The promotional lane has its part of the rate and no more. The transactional lane has its share, and where the promotional
 * clock is not ahead of its own, all of the rate: then it moves both clocks. So no stretch of either clock is leased twice, both
 * together never exceed the rate, and what promotional messages have leased delays no transactional one.
 *
 * Messages go at most `EARLY_MS` before their token is due, so that several share a call, and at most `LATE_MS` after. In any T
 * seconds at most rate × (T + 1) + 2 are let go, and 2 × rate for each second that clocks of workers differ. A share that is
 * changed acts on what is leased from then on: for at most `AHEAD_MS` what was leased before comes on top.
 */
export const EARLY_MS = 500;
export const LATE_MS = 500;

/** `share` of it is the transactional lane's; 0: there is one lane, the promotional. */
export type Rate = { perSecond: number; share: number };

/** Epoch ms up to which the tokens of a lane are leased, and up to which a line stands for those after; absent: never. */
export type Clocks = { [Name in Lane | `${Lane}Line`]?: number };

/** So many tokens, due from `fromMs` on, `gapMs` apart. */
export type Span = { fromMs: number; gapMs: number; count: number };

/**
 * A conditional write that leases tokens: `all` of the rate or the lane's `own`, beginning `now`, which fits a clock that stands
 * in the past, or where the `clock` stands, if that is not after `latestMs`. `ms` is how far it moves the clock.
 */
export type Lease = {
  lane: Lane;
  takes: 'own' | 'all';
  from: 'now' | 'clock';
  nowMs: number;
  latestMs: number;
  ms: number;
  count: number;
};

const other = { promotional: 'transactional', transactional: 'promotional' } as const;

const perSecondOf = ({ perSecond, share }: Rate, lane: Lane, takes: Lease['takes']): number =>
  takes === 'all' ? perSecond : perSecond * (lane === 'transactional' ? share : 1 - share);

/** Ms between two tokens of a lane. Of the transactional one at its own share: more is not sure. */
export const gapOf = (rate: Rate, lane: Lane): number => 1_000 / perSecondOf(rate, lane, 'own');

/** To the microsecond, which DynamoDB adds up exactly; never too short. */
const stretch = (count: number, perSecond: number): number => Math.ceil((count * 1e6) / perSecond) / 1_000;

/** The write that leases `count` tokens where the clocks stand as they were seen last. */
export const leaseFor = (
  seen: Clocks,
  rate: Rate,
  { lane, count, nowMs, latestMs }: Pick<Lease, 'lane' | 'count' | 'nowMs' | 'latestMs'>,
): Lease => {
  const own = seen[lane] ?? 0;
  const from = own <= nowMs ? 'now' : 'clock';
  const takes = lane === 'transactional' && (seen.promotional ?? 0) <= Math.max(own, nowMs) ? 'all' : 'own';
  return { lane, takes, from, nowMs, latestMs, count, ms: stretch(count, perSecondOf(rate, lane, takes)) };
};

/** The clocks after the write; undefined: its condition does not hold. An idle clock says that nobody stands in line. */
export const leased = (clocks: Clocks, { lane, takes, from, nowMs, latestMs, ms }: Lease): Clocks | undefined => {
  const own = clocks[lane] ?? 0;
  const isIdle = own <= nowMs;
  if (from === 'now' ? !isIdle : isIdle || own > latestMs) return undefined;
  const base = isIdle ? nowMs : own;
  const until = base + ms;
  const isAhead = lane === 'transactional' && (clocks.promotional ?? 0) > base;
  if (lane === 'transactional' && isAhead !== (takes === 'own')) return undefined;
  return {
    ...clocks,
    [lane]: until,
    ...(takes === 'all' && { [other[lane]]: until }),
    ...(isIdle && { [`${lane}Line`]: until }),
  };
};

/** What a lease gave; `before` are the clocks before it. */
export const spanOf = ({ lane, from, nowMs, ms, count }: Lease, before: Clocks): Span => ({
  fromMs: from === 'now' ? nowMs : (before[lane] ?? 0),
  gapMs: ms / count,
  count,
});

/** The first `count` tokens, and the rest. */
export const split = (span: Span, count: number): [Span, Span] => {
  const first = Math.min(count, span.count);
  const { fromMs, gapMs } = span;
  return [
    { ...span, count: first },
    { fromMs: fromMs + first * gapMs, gapMs, count: span.count - first },
  ];
};

/** Without the tokens that are too late by now. */
export const inTime = (span: Span, nowMs: number, lateMs = LATE_MS): Span => {
  const late = Math.ceil((nowMs - lateMs - span.fromMs) / span.gapMs);
  return late > 0 ? split(span, late)[1] : span;
};

/** How many of the tokens may be used now. */
export const dueOf = ({ fromMs, gapMs, count }: Span, nowMs: number): number =>
  nowMs < fromMs ? 0 : Math.min(count, Math.ceil((nowMs + EARLY_MS - fromMs) / gapMs));

/** A lease does not begin later than this: a worker that waits costs more than a message that comes again. */
export const AHEAD_MS = 8_000;
/** What a plan's own speed has granted may wait so long for its provider, and is made up for: the provider's rate still holds. */
export const CATCH_UP_MS = AHEAD_MS + 2_000;

/**
 * How many of `wanted` messages a worker may lease tokens for that begins its last call within `usableMs`, and when they begin
 * at the latest. The tokens before `standsAtMs` are leased. Undefined: none, or so few that a worker with more time had better do
 * it.
 */
export const roomFor = (
  wanted: number,
  gapMs: number,
  { nowMs, usableMs, standsAtMs }: { nowMs: number; usableMs: number; standsAtMs: number },
): { count: number; latestMs: number } | undefined => {
  const aheadMs = Math.max(0, standsAtMs - nowMs);
  const fits = (ms: number) => Math.min(wanted, 1 + Math.floor(ms / gapMs));
  if (aheadMs > Math.min(AHEAD_MS, usableMs)) return undefined;
  const count = fits(usableMs - aheadMs);
  // Half of what would fit into an invocation that has just begun: what is cut off costs two writes more.
  if (usableMs <= 0 || count < fits(FRESH_MS) / 2) return undefined;
  // Never before the clock as it stands, whatever fractions add up to: who asks again would ask for ever.
  return { count, latestMs: nowMs + Math.max(aheadMs, Math.min(AHEAD_MS, usableMs - (count - 1) * gapMs)) };
};

/** About what an invocation of a sender may wait. */
const FRESH_MS = 14_000;

/** What SQS delays a message by at most. */
const LONGEST_MS = 900_000;
const SHORTEST_MS = 1_000;
/** With less to wait for its turn has come, and it was not enough. */
const NEAR_MS = 4_000;

export const isTurnNear = (turnMs: number, nowMs: number): boolean => turnMs - nowMs < NEAR_MS;

/** How long the promotional queues gather messages (lib/delivery/senders.ts): who is there in time is there earlier. */
export const GATHER_MS = 5_000;
/** Whoever has less to wait comes this often; it is more often than needed, and cheap while the line is short. */
const OFTEN_MS = 30_000;

/**
 * How long a message waits whose turn is about `turnMs`: a quarter of the time at most, or half a minute, so that it is there
 * when there is room sooner than it seemed, because the speed was raised or others were not sent. Each time costs about a
 * millionth of a dollar; for an hour's wait it is eighteen of them. `share`, 0 to 1, keeps those apart that were put off together.
 */
export const comesAgainIn = (turnMs: number, nowMs: number, share: number): number => {
  const left = turnMs - nowMs - GATHER_MS;
  const ms = Math.min(left / 2, Math.max(OFTEN_MS, left / 4), LONGEST_MS);
  return Math.round(Math.max(SHORTEST_MS, ms) * (0.8 + 0.2 * share));
};
