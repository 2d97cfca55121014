import { DynamoDBClient, GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bucketOf, placeOf, SHARDS, type Timer } from '../../../core/event/timer.ts';
import type { WakeAt } from '../../../lambdas/adapters/schedules.ts';
import { type AwsRequest, startAws } from './aws.ts';
import { throttledDynamo } from './throttled-dynamo.ts';

const NOON = Date.UTC(2026, 10, 18, 12);
const MINUTE = 60_000;
const asked: AwsRequest[] = [];
let status = 200;
let stop: () => Promise<void>;
let under: Awaited<ReturnType<typeof throttledDynamo>>;
let adapter: typeof import('../../../lambdas/adapters/timers.ts');
let wakeSchedules: typeof import('../../../lambdas/adapters/schedules.ts')['wakeSchedules'];
let dynamo: DynamoDBClient;

beforeAll(async () => {
  stop = await startAws({ timers: ['bucket', 'timer'] }, (request) => {
    asked.push(request);
    return { status, body: status === 200 ? { ScheduleArn: 'arn' } : { message: 'no' } };
  });
  under = await throttledDynamo();
  adapter = await import('../../../lambdas/adapters/timers.ts');
  ({ wakeSchedules } = await import('../../../lambdas/adapters/schedules.ts'));
  dynamo = new DynamoDBClient({});
});
afterAll(async () => {
  dynamo.destroy();
  under.stop();
  await stop();
});
beforeEach(() => {
  asked.length = 0;
  status = 200;
  under.control.calls = 0;
  under.control.refuse = () => undefined;
});

const timerOf = (id: string, dueMs: number): Timer => ({
  ...{ triggerId: 't1', version: 1, definition: 'd', dueMs },
  event: { id, type: 'coupon', profileId: 'ada', source: 'shop', timeMs: dueMs, receivedMs: dueMs, properties: { id } },
});
const settings = {
  SCHEDULE_GROUP: 'Herald-Timers',
  WAKE_FUNCTION_ARN: 'arn:function',
  WAKE_ROLE_ARN: 'arn:role',
  WAKE_DEAD_LETTERS_ARN: 'arn:dead',
};
const idsAt = async (minuteMs: number): Promise<string[]> => {
  const ids: string[] = [];
  for (let shard = 0; shard < SHARDS; shard += 1) {
    for await (const page of adapter.dueTimers('timers', bucketOf(minuteMs, shard)))
      ids.push(...page.map(({ timer }) => timer.event.id));
  }
  return ids.sort();
};
const nobody: WakeAt = async () => {};

test('a schedule is made once for each minute, for exactly that minute, and goes when it has fired', async () => {
  const wakeAt = wakeSchedules(settings);
  await Promise.all([wakeAt(NOON), wakeAt(NOON), wakeAt(NOON + MINUTE)]);
  await wakeAt(NOON);
  expect(asked.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
    'POST /schedules/wake-2026-11-18T120000',
    'POST /schedules/wake-2026-11-18T120100',
  ]);
  const first = asked.find(({ path }) => path.endsWith('120000'));
  expect(first?.headers.authorization).toContain('/us-east-1/scheduler/aws4_request');
  expect(first?.body).toEqual({
    GroupName: 'Herald-Timers',
    ScheduleExpression: 'at(2026-11-18T12:00:00)',
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'DELETE',
    Target: {
      Arn: 'arn:function',
      RoleArn: 'arn:role',
      Input: JSON.stringify({ minuteMs: NOON }),
      DeadLetterConfig: { Arn: 'arn:dead' },
    },
  });
});

test('a schedule that somebody else has made is as good; a refusal is an error, and the next one asks again', async () => {
  const wakeAt = wakeSchedules(settings);
  status = 409;
  await wakeAt(NOON);
  await wakeAt(NOON);
  expect(asked).toHaveLength(1);
  status = 403;
  await expect(wakeAt(NOON + MINUTE)).rejects.toThrow('Scheduler, wake-2026-11-18T120100: 403 {"message":"no"}');
  status = 200;
  await wakeAt(NOON + MINUTE);
  expect(asked).toHaveLength(3);
});

test('a timer waits in the bucket of the minute after it is due; set again it is there once', async () => {
  const woken: number[] = [];
  const wakeAt = async (minuteMs: number) => void woken.push(minuteMs);
  const { set } = adapter.timers('timers', wakeAt, () => NOON);
  for (const id of ['a', 'b', 'a']) await set(timerOf(id, NOON + 10 * MINUTE + 1));
  expect(await idsAt(NOON + 11 * MINUTE)).toEqual(['a', 'b']);
  expect(woken).toEqual([NOON + 11 * MINUTE, NOON + 11 * MINUTE, NOON + 11 * MINUTE]);
});

test('one that is due now, or was, waits for the next minute that is sure to be read after it is written', async () => {
  const { set } = adapter.timers('timers', nobody, () => NOON + 100 * MINUTE + 1);
  await set(timerOf('past', NOON));
  expect(await idsAt(NOON + 102 * MINUTE)).toEqual(['past']);
});

test('when writing took so long that the bucket may have been read, it is written into a later one as well', async () => {
  const times = [
    NOON + 200 * MINUTE,
    NOON + 200 * MINUTE + 50_000,
    NOON + 200 * MINUTE + 50_000,
    NOON + 200 * MINUTE + 51_000,
  ];
  const { set } = adapter.timers('timers', nobody, () => times.shift() ?? Number.NaN);
  await set(timerOf('slow', NOON));
  expect(await idsAt(NOON + 201 * MINUTE)).toEqual(['slow']);
  expect(await idsAt(NOON + 202 * MINUTE)).toEqual(['slow']);
  expect(times).toEqual([]);
});

test('nothing is written when nobody would wake', async () => {
  const before = (await dynamo.send(new ScanCommand({ TableName: 'timers' }))).Count;
  const refuses = () => Promise.reject(new Error('refused'));
  await expect(adapter.timers('timers', refuses, () => NOON).set(timerOf('x', NOON))).rejects.toThrow('refused');
  expect((await dynamo.send(new ScanCommand({ TableName: 'timers' }))).Count).toBe(before);
});

test('a timer that nobody deletes goes by itself, when it is of no use any more', async () => {
  const minuteMs = NOON + 250 * MINUTE;
  const timer = timerOf('stranded', minuteMs);
  await adapter.timers('timers', nobody, () => NOON).set(timer);
  const { shard, key } = placeOf(timer);
  const Key = { bucket: { S: bucketOf(minuteMs, shard) }, timer: { S: key } };
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: 'timers', Key }));
  expect(Item?.expiresAt).toEqual({ N: String(minuteMs / 1_000 + 8 * 86_400) });
});

describe('timers that have rung', () => {
  let minuteMs = NOON + 300 * MINUTE;
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  const always = () => true;
  beforeEach(() => {
    minuteMs += MINUTE;
    pauses.length = 0;
  });
  const setSome = async (count: number) => {
    const { set } = adapter.timers('timers', nobody, () => NOON);
    await Promise.all(Array.from({ length: count }, (_, n) => set(timerOf(`e${n}`, minuteMs))));
    const due = [];
    for (let shard = 0; shard < SHARDS; shard += 1)
      for await (const page of adapter.dueTimers('timers', bucketOf(minuteMs, shard))) due.push(...page);
    return due;
  };

  test('are forgotten, the rest stays', async () => {
    const due = await setSome(60);
    expect(due).toHaveLength(60);
    expect(await adapter.forgetTimers('timers', due.slice(0, 58), always, pause)).toEqual({ left: 0 });
    expect(await idsAt(minuteMs)).toEqual(
      due
        .slice(58)
        .map(({ timer }) => timer.event.id)
        .sort(),
    );
    expect(await adapter.forgetTimers('timers', [], always, pause)).toEqual({ left: 0 });
    expect(pauses).toEqual([]);
  });

  test('that DynamoDB leaves or refuses are deleted after a while', async () => {
    const due = await setSome(3);
    under.control.refuse = (call) => (['unprocessed', 'refused', 'unprocessed'] as const)[call - 1];
    expect(await adapter.forgetTimers('timers', due, always, pause)).toMatchObject({ left: 0 });
    expect(pauses).toEqual([50, 100, 200]);
    expect(await idsAt(minuteMs)).toEqual([]);
  });

  test('that cannot be deleted are left, in bounded time and without an error', async () => {
    const due = await setSome(3);
    under.control.refuse = () => 'refused';
    const { left, why } = await adapter.forgetTimers('timers', due, always, pause);
    expect([left, String(why)]).toEqual([3, 'ValidationException: busy']);
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1_600, 3_200]);
    expect(under.control.calls).toBe(8);
  });

  test('a thousand of them do not wait one after another for what one batch has found out', async () => {
    const due = Array.from({ length: 1_000 }, (_, n) => ({ bucket: bucketOf(minuteMs, 0), key: `k${n}` }));
    under.control.refuse = () => 'unprocessed';
    expect(await adapter.forgetTimers('timers', due, always, pause)).toEqual({ left: 1_000 });
    expect(under.control.calls).toBeLessThanOrEqual(8 * 8);
  });

  test('are left when time is up', async () => {
    const due = await setSome(30);
    under.control.refuse = () => 'unprocessed';
    const mayGoOn = () => under.control.calls < 2;
    expect(await adapter.forgetTimers('timers', due, mayGoOn, pause)).toEqual({ left: 30 });
    expect(under.control.calls).toBe(2);
  });
});
