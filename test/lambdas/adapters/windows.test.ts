import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WindowState } from '../../../core/event/window.ts';
import type { Windows } from '../../../lambdas/adapters/windows.ts';
import { startAws } from './aws.ts';

let windows: Windows;
let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startAws({ windows: ['profileId', 'triggerId'] });
  windows = (await import('../../../lambdas/adapters/windows.ts')).windows('windows');
});
afterAll(() => stop());

const state: WindowState = { version: 0, definition: 'd', events: [[1, 'a', 5]], fired: [] };

test('of a state, one write wins', async () => {
  const key = { profileId: 'ada', triggerId: 't0' };
  expect(await windows.get(key)).toBeUndefined();
  expect(await windows.save(key, state)).toBe(true);
  expect(await windows.save(key, { ...state, definition: 'e' })).toBe(false);
  expect(await windows.get(key)).toEqual({ ...state, version: 1 });
  expect(await windows.save(key, { ...state, version: 1, definition: 'f' })).toBe(true);
  expect(await windows.get(key)).toMatchObject({ version: 2, definition: 'f' });
});

test('all windows of a person, and of nobody else', async () => {
  for (const [profileId, triggerId] of [
    ['bo', 't1'],
    ['bo', 't2'],
    ['bob', 't1'],
  ] as const)
    await windows.save({ profileId, triggerId }, { ...state, definition: triggerId });
  expect((await windows.ofPerson('bo')).map(({ triggerId, state: { definition } }) => [triggerId, definition])).toEqual(
    [
      ['t1', 't1'],
      ['t2', 't2'],
    ],
  );
  expect(await windows.ofPerson('nobody')).toEqual([]);
});

test('DynamoDB may delete a state a day after it has stopped to matter; one that always matters stays', async () => {
  const dynamo = new DynamoDBClient({});
  const expiryOf = async (triggerId: string, change: Partial<WindowState>) => {
    await windows.save({ profileId: 'cy', triggerId }, { ...state, ...change });
    const Key = { profileId: { S: 'cy' }, triggerId: { S: triggerId } };
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: 'windows', Key }));
    expect(Item?.body?.S).not.toContain('expires');
    return Item?.expiresAt?.N;
  };
  expect(await expiryOf('t1', { expiresMs: 1_000_500 })).toBe(String(1_001 + 86_400));
  expect(await expiryOf('t2', {})).toBeUndefined();
  dynamo.destroy();
});
