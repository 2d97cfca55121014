import { createHash } from 'node:crypto';
import type { Limit } from '../../core/delivery/pace.ts';
import {
  AHEAD_MS,
  CATCH_UP_MS,
  comesAgainIn,
  dueOf,
  gapOf,
  inTime,
  isTurnNear,
  LATE_MS,
  roomFor,
  type Span,
  split,
} from '../../core/delivery/send-rate.ts';
import type { SendRates } from '../adapters/send-rates.ts';

export type PacerPorts = {
  now(): number;
  /** Resolves so many ms later. */
  wait(ms: number): Promise<unknown>;
  rates: SendRates;
};

/** Comes again, the same message, after so long. `turnMs`: when its turn seemed to be. */
export type PutOff = { afterMs: number; turnMs?: number };

/** What is asked for one message of a send queue. `bulk`: it is one of many that are alike, so that tokens are shared. */
export type Asking = { name: string; turnMs: number | undefined; bulk: boolean; limits: readonly Limit[] };

/** Paces the recipients of one message. */
export type Pace = {
  /**
   * Waits until some of `wanted` more recipients may be sent to, and says how many; or says that the rest is to be put off, for
   * there is no room for it in the `usableMs` that are left.
   */
  next(wanted: number, usableMs: number): Promise<number | PutOff>;
  /** So many of the last ones were not sent to after all. */
  unused(count: number): void;
  /** Leaves to others what was leased and is not needed. */
  end(): void;
};

/** Tokens that this worker holds of a lane and nobody of it has asked for, and what it takes to lease more of them at once. */
type Pool = { spans: Span[]; asked: number; spent: { atMs: number; count: number }[]; line: Promise<unknown> };

const BULK_MS = 1_000;
const MAX_BULK = 1_000;

/**
 * The waiting of one worker: tokens of all the rates that a message is under, in that order, each leased in bulk and spent from
 * memory when it is due. A batch keeps what it has leased for itself until it ends.
 */
export const pacer = ({ now, wait, rates }: PacerPorts) => {
  const pools = new Map<string, Pool>();
  const poolOf = ({ key, lane }: Limit): Pool => {
    const name = `${key} ${lane}`;
    const pool = pools.get(name) ?? { spans: [], asked: 0, spent: [], line: Promise.resolve() };
    pools.set(name, pool);
    return pool;
  };

  const leave = (limit: Limit, span: Span): void => {
    const pool = poolOf(limit);
    if (span.count > 0) pool.spans = [...pool.spans, span].sort((a, b) => a.fromMs - b.fromMs);
  };

  /** Up to `count` tokens that somebody has left. */
  const takeLeft = (pool: Pool, count: number): Span | undefined => {
    pool.spans = pool.spans.map((span) => inTime(span, now())).filter((span) => span.count > 0);
    const first = pool.spans.shift();
    if (!first) return undefined;
    const [taken, rest] = split(first, count);
    if (rest.count > 0) pool.spans.unshift(rest);
    return taken;
  };

  /** For messages of one recipient: what all who wait here need, or what this worker used of late, if that is more. */
  const bulkOf = (pool: Pool, { rate, lane }: Limit): number => {
    pool.spent = pool.spent.filter(({ atMs }) => atMs > now() - BULK_MS);
    const lately = pool.spent.reduce((sum, { count }) => sum + count, 0);
    return Math.max(pool.asked, Math.min(lately, MAX_BULK, Math.floor(BULK_MS / gapOf(rate, lane))));
  };

  /** `count` tokens now; `wanted` is how many messages there are altogether, for the line. */
  type Need = { count: number; wanted: number; usableMs: number };

  const lease = async ({ name, turnMs, bulk }: Asking, limit: Limit, need: Need): Promise<Span | PutOff> => {
    const { count, wanted, usableMs } = need;
    const { key, rate, lane } = limit;
    const gapMs = gapOf(rate, lane);
    const nowMs = now();
    const share = createHash('sha256').update(`${name} ${nowMs}`).digest().readUInt32BE() / 2 ** 32;
    const roomIn = (asked: number) => roomFor(asked, gapMs, { nowMs, usableMs, standsAtMs: rates.standsAt(key, lane) });
    // What it has seen of the clock may be old: it is told when it asks for too much.
    for (let room = roomIn(count); room; room = roomIn(count)) {
      const asked = bulk ? (roomIn(bulkOf(poolOf(limit), limit)) ?? room) : room;
      const got = await rates.lease(key, rate, { lane, nowMs, ...asked });
      if (!('gapMs' in got)) continue;
      const [taken, rest] = split(got, count);
      leave(limit, rest);
      return taken;
    }
    // There is room, only not enough time: the next invocation has more.
    if (rates.standsAt(key, lane) <= nowMs + AHEAD_MS)
      return { afterMs: comesAgainIn(nowMs, nowMs, share), ...(turnMs !== undefined && { turnMs }) };
    const keepsTurn = turnMs !== undefined && !isTurnNear(turnMs, nowMs);
    const turn = keepsTurn ? turnMs : await rates.standInLine(key, lane, wanted * gapMs, nowMs);
    return { afterMs: comesAgainIn(turn, nowMs, share), turnMs: turn };
  };

  /** One after the other, so that who comes second finds what the first has leased for both. */
  const obtain = (asking: Asking, limit: Limit, need: Need): Promise<Span | PutOff> => {
    const pool = poolOf(limit);
    pool.asked += need.count;
    const got = pool.line
      .then(async () => takeLeft(pool, need.count) ?? (await lease(asking, limit, need)))
      .finally(() => {
        pool.asked -= need.count;
      });
    pool.line = got.catch(() => {});
    return got;
  };

  const begin = (asking: Asking): Pace => {
    const held = asking.limits.map((limit): { limit: Limit; span?: Span } => ({ limit }));
    const last = held.at(-1);
    /** What a plan's own speed has granted stays granted while the provider, which comes last, is waited for. */
    const kept = ({ span }: (typeof held)[number], isLast: boolean) =>
      span && inTime(span, now(), isLast ? LATE_MS : CATCH_UP_MS);

    return {
      async next(wanted, usableMs) {
        const until = now() + usableMs;
        let most = wanted;
        for (const one of held) {
          let span = kept(one, one === last);
          if (!span || span.count === 0) {
            const got = await obtain(asking, one.limit, { count: most, wanted, usableMs: until - now() });
            if ('afterMs' in got) return got;
            span = got;
          }
          one.span = span;
          if (one === last) break;
          if (span.fromMs > now()) await wait(span.fromMs - now());
          // As many as the plan grants by the time at which the provider has room.
          const { key, lane } = held[1]?.limit ?? one.limit;
          most = Math.min(most, dueOf(span, Math.max(now(), span.fromMs, rates.standsAt(key, lane))));
        }
        if (last?.span && last.span.fromMs > now()) await wait(last.span.fromMs - now());
        const due = held.map(({ span }) => (span ? dueOf(span, Math.max(now(), span.fromMs)) : 0));
        const count = Math.min(wanted, ...due);
        for (const one of held) if (one.span) one.span = split(one.span, count)[1];
        if (asking.bulk) for (const { limit } of held) poolOf(limit).spent.push({ atMs: now(), count });
        return count;
      },

      unused(count) {
        for (const one of held) {
          if (!one.span) continue;
          const { fromMs, gapMs, count: left } = one.span;
          one.span = { fromMs: fromMs - count * gapMs, gapMs, count: left + count };
        }
      },

      end() {
        for (const { limit, span } of held) if (span) leave(limit, span);
      },
    };
  };

  return { begin };
};
export type Pacer = ReturnType<typeof pacer>;
