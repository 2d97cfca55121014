import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nobodyYet } from '../../../core/strategy/journey/enter.ts';
import type { Participant } from '../../../core/strategy/journey/participant.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let save: (participant: Participant) => Promise<boolean>;
const key = { profileId: 'ada', journeyId: 'j1' };

beforeAll(async () => {
  tables = await startTables();
  const { participants } = await import('../../../lambdas/adapters/participants.ts');
  const own = participants('participants');
  save = (participant) => own.save(key, { participant, told: [] });
});
afterAll(() => tables.stop());

const expiresAt = async () => {
  const Key = { profileId: { S: 'ada' }, journeyId: { S: 'j1' } };
  const { Item } = await tables.client.send(new GetItemCommand({ TableName: 'participants', Key }));
  return Item?.expiresAt && Number(Item.expiresAt.N);
};

test('who has never entered is forgotten after longer than any goal counts; who has entered stays', async () => {
  const outsider = nobodyYet('h');
  expect(await save(outsider)).toBe(true);
  const days = ((await expiresAt())! - Date.now() / 1_000) / 86_400;
  expect(Math.round(days)).toBe(400);
  expect(await save({ ...outsider, version: 1, entry: 1, state: 'over' })).toBe(true);
  expect(await expiresAt()).toBeUndefined();
});
