import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Channel } from '../../../core/delivery/channel.ts';
import type { ChannelSender, Outgoing, SendResult } from '../../../core/delivery/sender.ts';
import type { breakerOf as BreakerOf, BreakerStore } from '../../../lambdas/adapters/breakers.ts';
import { guardSender } from '../../../lambdas/delivery/guard-sender.ts';
import { startAws } from '../adapters/aws.ts';

let breakerOf: typeof BreakerOf;
let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startAws({ ledger: ['run', 'unit'] });
  breakerOf = (await import('../../../lambdas/adapters/breakers.ts')).breakerOf;
});
afterAll(() => stop());

const MINUTE = 60_000;
let nowMs = 0;
let provider: SendResult = { status: 'sent', messageId: 'm' };
let calls = 0;
let reports: string[] = [];
let key = 0;
beforeEach(() => {
  [nowMs, calls, reports] = [1_000_000, 0, []];
  provider = { status: 'sent', messageId: 'm' };
  key += 1;
});

const down: SendResult = { status: 'retry', reason: '503', fault: 'down' };
const raw: ChannelSender = {
  channel: 'email',
  chunk: 1,
  async send(messages) {
    calls += 1;
    return new Map(messages.map((message) => [message.key, provider]));
  },
};
/** A worker of its own, with a memory and a cache of its own. */
const worker = () =>
  guardSender(raw, {
    breaker: breakerOf('ledger', `channel-${key}`),
    now: () => nowMs,
    report: (channel: Channel, reason) => void reports.push(`${channel}: ${reason}`),
  });
const send = async (sender: ChannelSender) => (await sender.send([{ key: 7 } as Outgoing], 'promotional')).get(7);

describe('a breaker', () => {
  test('opens after five failures, tells it once, and holds for a worker that has seen none', async () => {
    provider = down;
    const one = worker();
    for (let n = 0; n < 5; n += 1) expect(await send(one)).toEqual(down);
    expect(reports).toEqual(['email: 503']);
    for (const other of [one, worker()]) {
      expect(await send(other)).toEqual({ status: 'retry', reason: 'The breaker is open: 503', fault: 'breaker' });
    }
    expect(calls).toBe(5);
  });

  test('credentials that are refused open it at once', async () => {
    provider = { status: 'retry', reason: 'AccessDenied', fault: 'account' };
    const one = worker();
    await send(one);
    expect(await send(one)).toMatchObject({ fault: 'breaker' });
    expect(calls).toBe(1);
  });

  test('half open, one worker tries; it works again, and all may', async () => {
    provider = down;
    const one = worker();
    for (let n = 0; n < 5; n += 1) await send(one);
    nowMs += MINUTE;
    provider = { status: 'sent', messageId: 'm' };
    const answers = await Promise.all([worker(), worker(), worker()].map(send));
    expect(answers.filter((answer) => answer?.status === 'sent')).toHaveLength(1);
    expect(calls).toBe(6);
    expect(await send(worker())).toEqual(provider);
  });

  test('half open and still down: it stays open for longer', async () => {
    provider = down;
    const one = worker();
    for (let n = 0; n < 5; n += 1) await send(one);
    nowMs += MINUTE;
    expect(await send(one)).toEqual(down);
    nowMs += MINUTE;
    expect(await send(one)).toMatchObject({ fault: 'breaker' });
    nowMs += MINUTE;
    await send(one);
    expect(calls).toBe(7);
    expect(reports).toHaveLength(1);
  });

  test('a worker that died while it tried leaves the trial to the next one', async () => {
    provider = down;
    const one = worker();
    for (let n = 0; n < 5; n += 1) await send(one);
    nowMs += MINUTE;
    const store = breakerOf('ledger', `channel-${key}`);
    const { tried } = await import('../../../core/delivery/breaker.ts');
    expect(await store.save(tried(await store.get(), nowMs))).toBe(true);
    expect(await send(worker())).toMatchObject({ fault: 'breaker' });
    nowMs += 20_000;
    provider = { status: 'sent', messageId: 'm' };
    expect(await send(worker())).toEqual(provider);
  });

  test('of workers that open it at once one tells', async () => {
    provider = { status: 'retry', reason: 'AccessDenied', fault: 'account' };
    await Promise.all([worker(), worker(), worker()].map(send));
    expect(reports).toHaveLength(1);
  });

  /** A table that fails from the n-th of its requests on. */
  const failingFrom = (store: BreakerStore, n: number): BreakerStore => {
    let asked = 0;
    const ask = <T>(request: () => Promise<T>): Promise<T> => {
      asked += 1;
      return asked < n ? request() : Promise.reject(new Error('throttled'));
    };
    return { get: () => ask(store.get), save: (breaker) => ask(() => store.save(breaker)) };
  };
  const workerWith = (breaker: BreakerStore) => guardSender(raw, { breaker, now: () => nowMs, report: () => {} });

  test('whose table cannot be read lets nobody through, and says that nothing was done', async () => {
    const one = workerWith(failingFrom(breakerOf('ledger', `channel-${key}`), 1));
    expect(await send(one)).toMatchObject({ status: 'retry', reason: expect.stringContaining('throttled') });
    expect(calls).toBe(0);
  });

  test('whose table cannot be written keeps what the provider has answered', async () => {
    provider = { status: 'retry', reason: 'AccessDenied', fault: 'account' };
    const one = workerWith(failingFrom(breakerOf('ledger', `channel-${key}`), 2));
    expect(await send(one)).toEqual(provider);

    await send(worker());
    nowMs += MINUTE;
    provider = { status: 'sent', messageId: 'm' };
    // Read, taken for the trial, and then not closed.
    const two = workerWith(failingFrom(breakerOf('ledger', `channel-${key}`), 3));
    expect(await send(two)).toEqual(provider);
    nowMs += 20_000;
    expect(await send(worker())).toEqual(provider);
  });
});
