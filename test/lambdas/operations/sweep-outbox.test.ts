import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { StageChange } from '../../../core/audience/lead.ts';
import type { OutboxEntry } from '../../../lambdas/adapters/outbox-entry.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let handler: () => Promise<{ published: number }>;
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts').definitions>;
beforeAll(async () => {
  tables = await startTables();
  handler = (await import('../../../lambdas/operations/sweep-outbox.ts')).handler;
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
});
afterAll(() => tables.stop());
beforeEach(() => {
  tables.asked.length = 0;
  tables.control.fail = () => undefined;
});

const start = (name: string): OutboxEntry => ({ effect: 'start-execution', machine: 'approve-plan', name, input: {} });
const old = () => Date.now() - 61_000;
const left = (id: string, atMs = old()) => defs.put('campaign', id, { id }, 0, atMs, [start(id)]);
const names = () => tables.asked.map(({ input }) => input.name);

test('publishes what is a minute old, once, and leaves what is younger to its writer', async () => {
  await left('old');
  await left('young', Date.now());
  expect(await handler()).toEqual({ published: 1 });
  expect(names()).toEqual(['old']);
  expect(tables.asked[0]?.input.stateMachineArn).toBe(process.env.APPROVE_MACHINE_ARN);
  expect((await defs.get('campaign', 'old'))?.outbox).toEqual([]);
  expect((await defs.get('campaign', 'young'))?.outbox).toHaveLength(1);
  expect(await handler()).toEqual({ published: 0 });
});

test('one that cannot be published does not hold up the others, and is told', async () => {
  for (const id of ['bad', 'good-1', 'good-2']) await left(id);
  tables.control.fail = ({ input }) => (input.name === 'bad' ? 'StateMachineDoesNotExist' : undefined);
  await expect(handler()).rejects.toThrow('1 outboxes cannot be published');
  expect(names().sort()).toEqual(['good-1', 'good-2']);
  tables.control.fail = () => undefined;
  expect(await handler()).toEqual({ published: 1 });
});

test('rows of profiles reach the lake', async () => {
  const entry = { effect: 'profile-row', row: { profile_id: 'p', version: 3 } };
  await tables.client.send(
    new PutItemCommand({
      TableName: 'profiles',
      Item: {
        profileId: { S: 'p' },
        version: { N: '3' },
        updatedMs: { N: String(old()) },
        pending: { S: 'pending' },
        body: { S: '{}' },
        outbox: { S: JSON.stringify([entry]) },
      },
    }),
  );
  expect(await handler()).toEqual({ published: 1 });
  expect(tables.asked).toMatchObject([{ action: 'PutRecordBatch', input: { DeliveryStreamName: 'profiles-stream' } }]);
  expect(await handler()).toEqual({ published: 0 });
});

test('a run is bounded; the next ones go on, the oldest first', async () => {
  for (let n = 0; n < 130; n += 1) await left(`many-${n}`, old() - 130 + n);
  expect(await handler()).toEqual({ published: 100 });
  expect(names()[0]).toBe('many-0');
  expect(await handler()).toEqual({ published: 30 });
  expect(new Set(names()).size).toBe(130);
});

test('a newer version that was written meanwhile keeps its own outbox', async () => {
  const { clearPending } = await import('../../../lambdas/adapters/versioned.ts');
  await left('busy');
  await clearPending('definitions', { kind: { S: 'campaign' }, id: { S: 'busy' } }, 0);
  expect((await defs.get('campaign', 'busy'))?.outbox).toHaveLength(1);
});

test('puts people into the list of a call that crashed', async () => {
  await handler();
  tables.asked.length = 0;
  const change = { listId: 'vip', member: true, profileIds: ['ada', 'bob'], atMs: old() };
  await defs.put('list-change', 'crashed', {}, 0, old(), [{ effect: 'list-members', change }]);
  expect(await handler()).toEqual({ published: 1 });
  const Key = { profileId: { S: 'bob' }, membership: { S: 'list#vip' } };
  const { Item } = await tables.client.send(new GetItemCommand({ TableName: 'memberships', Key }));
  expect(Item?.memberOf).toEqual({ S: 'list#vip' });
  expect(tables.asked.map(({ action, input }) => [action, input.DeliveryStreamName])).toEqual([
    ['PutRecordBatch', 'list-members-stream'],
    // Live segments hear that their lists have changed.
    ['SendMessageBatch', undefined],
  ]);
});

test('has the stage change of a lead told whose writer crashed', async () => {
  const { leads } = await import('../../../lambdas/adapters/leads.ts');
  const { newLead } = await import('../../../core/audience/lead.ts');
  const change = { id: '01X', profileId: 'ada', modelId: 'lead', stage: 'hot' } as StageChange;
  const key = { profileId: 'ada', modelId: 'lead' };
  await leads('leads').save(key, newLead('hot', old()), [{ effect: 'stage-change', change }], old());
  await handler();
  const sent = tables.asked.filter(({ action }) => action === 'SendMessageBatch');
  expect(
    sent.map(({ input }) => (input.Entries as { MessageBody: string }[]).map((one) => JSON.parse(one.MessageBody))),
  ).toEqual([[change]]);
  expect((await leads('leads').get(key))?.outbox).toEqual([]);
});
