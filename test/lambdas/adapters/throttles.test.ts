import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Waiting } from '../../../core/strategy/journey/waiting.ts';
import { startAws } from './aws.ts';

let stop: () => Promise<void>;
/** What SQS answers to each call: ids that it refuses, or that it fails. */
let refuses: (bodies: string[], call: number) => string[] | 'fails' = () => [];
const calls: string[][] = [];
beforeAll(async () => {
  stop = await startAws({ ledger: ['run', 'unit'], timers: ['bucket', 'timer'] }, ({ body }) => {
    const { Entries } = body as { Entries: { Id: string; MessageBody: string }[] };
    const bodies = Entries.map(({ MessageBody }) => MessageBody);
    calls.push(bodies);
    const answer = refuses(bodies, calls.length);
    if (answer === 'fails') return { status: 400, body: { __type: 'com.amazonaws.sqs#BatchRequestTooLong' } };
    const isRefused = ({ MessageBody }: { MessageBody: string }) => answer.includes(MessageBody);
    const Failed = Entries.filter(isRefused).map(({ Id }) => ({ Id, Message: 'no', Code: 'X', SenderFault: true }));
    return { body: { Failed, Successful: [] } };
  });
});
afterAll(() => stop());

const NOW = 1_800_000_000_000;
const throttles = async () => (await import('../../../lambdas/adapters/throttles.ts')).throttles('ledger');

describe('turns at a throttle', () => {
  test('of several workers lie end to end, however they are taken together', async () => {
    const workers = [await throttles(), await throttles(), await throttles()];
    const taken: number[] = [];
    for (const [n, turns] of [3, 1, 500, 2, 7].entries()) {
      taken.push(...(await workers[n % 3]!.take('j1', 'slow', 60, turns, NOW + n)));
    }
    expect(taken).toEqual(Array.from({ length: 513 }, (_, n) => NOW + n * 1_000));
  });

  test('side by side are all different', async () => {
    const workers = await Promise.all(Array.from({ length: 6 }, throttles));
    const taken = await Promise.all(workers.map((worker) => worker.take('j1', 'side', 60, 5, NOW)));
    expect(taken.flat().sort()).toEqual(Array.from({ length: 30 }, (_, n) => NOW + n * 1_000));
  });

  test('that nobody took are lost, and nodes know nothing of each other', async () => {
    const { take } = await throttles();
    expect(await take('j1', 'a', 60, 2, NOW)).toEqual([NOW, NOW + 1_000]);
    expect(await take('j1', 'b', 60, 1, NOW)).toEqual([NOW]);
    expect(await take('j2', 'a', 60, 1, NOW)).toEqual([NOW]);
    expect(await take('j1', 'a', 60, 2, NOW + 60_000)).toEqual([NOW + 60_000, NOW + 61_000]);
  });

  test('are never too close where a minute does not divide', async () => {
    const { take } = await throttles();
    const turns = [...(await take('j1', 'seven', 7, 3, NOW)), ...(await take('j1', 'seven', 7, 5, NOW))];
    expect(turns.at(-1)! - NOW).toBeGreaterThanOrEqual(60_000);
    expect(turns.at(-1)! - NOW).toBeLessThan(60_003);
  });
});

describe('messages of which some are not taken', () => {
  const send = async (bodies: string[]) => {
    const { sendEach } = await import('../../../lambdas/adapters/queues.ts');
    calls.length = 0;
    const failed = await sendEach(
      `${process.env.AWS_ENDPOINT_URL}/q`,
      bodies.map((body) => ({ body })),
    );
    return [...failed].map(([{ body }, why]) => `${body}: ${(why as Error).message}`);
  };
  const texts = Array.from({ length: 40 }, (_, n) => `m${n}`);

  test('are named, after they were offered twice', async () => {
    refuses = () => ['"m3"', '"m25"'];
    expect(await send(texts)).toEqual(['m3: SQS: no', 'm25: SQS: no']);
    expect(calls.map(({ length }) => length)).toEqual([10, 1, 10, 10, 1, 10]);
    refuses = (_, call) => (call === 1 ? ['"m3"'] : []);
    expect(await send(texts)).toEqual([]);
  });

  test('take only those of their call with them when it fails', async () => {
    refuses = (bodies) => (bodies.includes('"m12"') ? 'fails' : []);
    expect((await send(texts)).map((one) => one.split(':')[0])).toEqual(texts.slice(10, 20));
  });

  test('are not offered any more when two calls in a row have failed', async () => {
    refuses = () => 'fails';
    expect(await send(texts)).toHaveLength(40);
    expect(calls).toHaveLength(2);
  });

  test('make the call for all of them throw', async () => {
    const { sendAll } = await import('../../../lambdas/adapters/queues.ts');
    refuses = () => ['"m3"'];
    const url = `${process.env.AWS_ENDPOINT_URL}/q`;
    await expect(
      sendAll(
        url,
        texts.map((body) => ({ body })),
      ),
    ).rejects.toThrow('SQS refused 1 messages: no');
  });
});

test('of those who wait only the people of a row that cannot be written are not held', async () => {
  const { participantTimers } = await import('../../../lambdas/adapters/participant-timers.ts');
  const { dueRows } = await import('../../../lambdas/adapters/timers.ts');
  const { waitingBuckets } = await import('../../../core/strategy/journey/waiting.ts');
  const bad = NOW + 600_000;
  const wakeAt = async (minuteMs: number) => {
    if (minuteMs === bad) throw new Error('No schedule');
  };
  const waiting = Array.from({ length: 450 }, (_, n): Waiting => {
    return { profileId: `p${n}`, journeyId: 'j1', entry: 1, step: 2, dueMs: n % 9 === 0 ? bad : bad + 60_000 };
  });
  const failed = await participantTimers('timers', wakeAt, () => NOW).hold(waiting);
  expect([...failed.keys()]).toEqual(waiting.filter((_, n) => n % 9 === 0));
  const found = new Set<string>();
  for (const bucket of waitingBuckets(bad + 60_000)) {
    for await (const page of dueRows<{ waiting: [string][] }>('timers', bucket)) {
      for (const { body } of page) for (const [id] of body.waiting) found.add(id);
    }
  }
  expect(found.size).toBe(400);
});
