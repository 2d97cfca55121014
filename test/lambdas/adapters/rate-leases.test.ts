import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAws } from './aws.ts';

let rateLeases: typeof import('../../../lambdas/adapters/rate-leases.ts')['rateLeases'];
let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startAws({ definitions: ['kind', 'id'] });
  ({ rateLeases } = await import('../../../lambdas/adapters/rate-leases.ts'));
});
afterAll(() => stop());

const WINDOW = 10_000;
const START = 1_000 * WINDOW;

test('workers together let in what the window allows, and the next window starts anew', async () => {
  const workers = [rateLeases('definitions'), rateLeases('definitions'), rateLeases('definitions')];
  const offer = async (nowMs: number) => {
    let taken = 0;
    for (let call = 0; call < 60; call += 1) {
      const wait = await workers[call % 3]?.take('shop', 50, 200, nowMs);
      if (wait === undefined) taken += 50;
    }
    return taken;
  };
  expect(await offer(START + 4_000)).toBe(2_000);
  expect(await workers[0]?.take('shop', 1, 200, START + 4_000)).toBe(6);
  expect(await offer(START + WINDOW)).toBe(2_000);
});

test('sources do not share', async () => {
  const worker = rateLeases('definitions');
  expect(await worker.take('small', 100, 10, START)).toBeUndefined();
  expect(await worker.take('small', 1, 10, START)).toBe(10);
  expect(await worker.take('other', 1, 10, START)).toBeUndefined();
});

test('a write leases a hundred tokens or more', async () => {
  const worker = rateLeases('definitions');
  for (let call = 0; call < 50; call += 1) await worker.take('busy', 1, 1_000, START);
  const { Item } = await new DynamoDBClient().send(
    new GetItemCommand({ TableName: 'definitions', Key: { kind: { S: 'rate' }, id: { S: 'busy' } } }),
  );
  expect(Item?.used?.N).toBe('500');
});
