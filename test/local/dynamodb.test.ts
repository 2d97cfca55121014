import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { virtualClock } from '../../local/clock.ts';
import { bill, type Counts, diff } from '../../local/meter.ts';
import { credentials, miniCloud } from './mini-cloud.ts';

const attribute = (AttributeName: string, AttributeType = 'S') => ({ AttributeName, AttributeType });
const key = (AttributeName: string, KeyType = 'HASH') => ({ AttributeName, KeyType });

let cloud: Awaited<ReturnType<typeof miniCloud>>;
let client: DynamoDBClient;
let before: Counts;
beforeAll(async () => {
  cloud = await miniCloud(virtualClock(Date.UTC(1998, 6, 1)), {
    Plain: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        KeySchema: [key('id')],
        AttributeDefinitions: [attribute('id')],
        BillingMode: 'PAY_PER_REQUEST',
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      },
    },
    Indexed: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        KeySchema: [key('pk'), key('sk', 'RANGE')],
        AttributeDefinitions: [attribute('pk'), attribute('sk'), attribute('pending'), attribute('group')],
        GlobalSecondaryIndexes: [
          { IndexName: 'pending', KeySchema: [key('pending')], Projection: { ProjectionType: 'ALL' } },
          { IndexName: 'group', KeySchema: [key('group')], Projection: { ProjectionType: 'KEYS_ONLY' } },
        ],
      },
    },
  });
  client = new DynamoDBClient({ endpoint: cloud.url, region: 'us-east-1', credentials });
});
afterAll(async () => {
  client.destroy();
  await cloud.stop();
});
beforeEach(() => {
  before = cloud.meter.snapshot();
});
const units = (item: string) => bill(diff(before, cloud.meter.snapshot())).items[item]?.units ?? 0;
const plain = () => cloud.ref('Plain');
const put = (id: string, bytes = 10) =>
  client.send(new PutItemCommand({ TableName: plain(), Item: { id: { S: id }, body: { S: 'x'.repeat(bytes) } } }));

describe('write units', () => {
  test('one per started KB of the larger of the item before and after', async () => {
    await put('a', 100);
    expect(units('dynamodb-write-unit')).toBe(1);
    await put('a', 2_500);
    expect(units('dynamodb-write-unit')).toBe(1 + 3);
    await put('a', 10);
    expect(units('dynamodb-write-unit')).toBe(1 + 3 + 3);
  });

  test('a failed condition is billed, and tells the item when asked', async () => {
    await put('b');
    before = cloud.meter.snapshot();
    const again = (more: object) =>
      client.send(
        new PutItemCommand({
          TableName: plain(),
          Item: { id: { S: 'b' } },
          ConditionExpression: 'attribute_not_exists(id)',
          ...more,
        }),
      );
    await expect(again({})).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      $metadata: { attempts: 1 },
    });
    await expect(again({ ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })).rejects.toMatchObject({
      Item: { id: { S: 'b' } },
    });
    expect(units('dynamodb-write-unit')).toBe(2);
    expect(units('dynamodb-read-unit')).toBe(0);
  });

  test('a batch is the sum of its items', async () => {
    const Items = ['c', 'd', 'e'].map((id) => ({
      PutRequest: { Item: { id: { S: id }, body: { S: 'x'.repeat(1_100) } } },
    }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [plain()]: Items } }));
    expect(units('dynamodb-write-unit')).toBe(6);
  });

  test('a sparse global index is billed when an item enters, changes in or leaves it', async () => {
    const TableName = cloud.ref('Indexed');
    const Key = { pk: { S: 'p' }, sk: { S: 's' } };
    const update = (UpdateExpression: string, values?: object) =>
      client.send(
        new UpdateItemCommand({
          TableName,
          Key,
          UpdateExpression,
          ...(values && { ExpressionAttributeValues: values as never }),
        }),
      );
    await update('SET body = :b', { ':b': { S: 'x' } });
    expect(units('dynamodb-write-unit')).toBe(1);
    await update('SET pending = :p', { ':p': { S: 'pending' } });
    expect(units('dynamodb-write-unit')).toBe(3);
    const found = await client.send(
      new QueryCommand({
        TableName,
        IndexName: 'pending',
        KeyConditionExpression: 'pending = :p',
        ExpressionAttributeValues: { ':p': { S: 'pending' } },
      }),
    );
    expect(found.Count).toBe(1);
    await update('REMOVE pending');
    expect(units('dynamodb-write-unit')).toBe(5);
  });

  test('a write that changes nothing of what an index shows is not billed for the index', async () => {
    const put = (body: string, group: string) =>
      client.send(
        new PutItemCommand({
          TableName: cloud.ref('Indexed'),
          Item: { pk: { S: 'g' }, sk: { S: 's' }, body: { S: body }, group: { S: group } },
        }),
      );
    await put('1', 'a');
    expect(units('dynamodb-write-unit')).toBe(2);
    await put('2', 'a');
    expect(units('dynamodb-write-unit')).toBe(3);
    // Out of one group and into another.
    await put('3', 'b');
    expect(units('dynamodb-write-unit')).toBe(6);
  });
});

describe('read units', () => {
  test('4 KB strong is 1, eventual half of it, nothing found costs the least', async () => {
    await put('r', 5_000);
    before = cloud.meter.snapshot();
    const get = (id: string, ConsistentRead: boolean) =>
      client.send(new GetItemCommand({ TableName: plain(), Key: { id: { S: id } }, ConsistentRead }));
    await get('r', true);
    expect(units('dynamodb-read-unit')).toBe(2);
    await get('r', false);
    expect(units('dynamodb-read-unit')).toBe(3);
    await get('none', false);
    expect(units('dynamodb-read-unit')).toBe(3.5);
  });

  test('a batch rounds each item up by itself', async () => {
    const ids = Array.from({ length: 20 }, (_, n) => `many-${n}`);
    await Promise.all(ids.map((id) => put(id)));
    before = cloud.meter.snapshot();
    const Keys = ids.map((id) => ({ id: { S: id } }));
    const { Responses, ConsumedCapacity } = await client.send(
      new BatchGetItemCommand({ RequestItems: { [plain()]: { Keys } } }),
    );
    expect(Responses![plain()]).toHaveLength(20);
    expect(ConsumedCapacity).toBeUndefined(); // it was not asked for
    expect(units('dynamodb-read-unit')).toBe(10);
  });

  test('who asks for the consumed capacity gets it', async () => {
    const { ConsumedCapacity } = await client.send(
      new GetItemCommand({ TableName: plain(), Key: { id: { S: 'r' } }, ReturnConsumedCapacity: 'TOTAL' }),
    );
    expect(ConsumedCapacity).toMatchObject({ TableName: plain(), CapacityUnits: 1 });
  });
});

test.each([
  [
    'a table that does not exist',
    () => client.send(new GetItemCommand({ TableName: 'none', Key: { id: { S: 'x' } } })),
    'ResourceNotFoundException',
  ],
  [
    'a key of another shape',
    () => client.send(new GetItemCommand({ TableName: plain(), Key: { x: { S: 'x' } } })),
    'ValidationException',
  ],
  [
    'a transaction',
    () => client.send(new TransactWriteItemsCommand({ TransactItems: [] })),
    'UnknownOperationException',
  ],
])('%s is refused and not billed', async (_, call, name) => {
  await expect(call()).rejects.toMatchObject({ name });
  expect(units('dynamodb-read-unit') + units('dynamodb-write-unit')).toBe(0);
});
