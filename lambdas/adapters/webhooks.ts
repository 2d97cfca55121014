import { GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { WebhookSecrets } from '../../core/delivery/webhook.ts';
import type { WebhookDelivery } from '../../core/delivery/webhook-attempt.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

/** What became of a delivery is told for so long. */
const KEPT_SECONDS = 30 * 86_400;

const SECRET = 'secret';
const DELIVERY = 'delivery#';
const keyOf = (endpointId: string, record: string) => ({ endpointId: { S: endpointId }, record: { S: record } });

/**
 * Secrets of webhook endpoints, and what became of deliveries. A table of its own, so that only those who sign may read a
 * secret; DynamoDB encrypts it at rest.
 */
export const webhooks = (table: string) => ({
  async secrets(endpointId: string): Promise<{ secrets: WebhookSecrets; version: number } | undefined> {
    const { Item } = await dynamo.send(
      new GetItemCommand({ TableName: table, Key: keyOf(endpointId, SECRET), ConsistentRead: true }),
    );
    if (!Item) return undefined;
    return { secrets: JSON.parse(Item.body?.S ?? '{}') as WebhookSecrets, version: Number(Item.version?.N) };
  },

  /** Writes version `expected + 1` (0: there are none yet). False when somebody else wrote first. */
  async putSecrets(endpointId: string, secrets: WebhookSecrets, expected: number): Promise<boolean> {
    return putIf(table, {
      Item: {
        ...keyOf(endpointId, SECRET),
        version: { N: String(expected + 1) },
        body: { S: JSON.stringify(secrets) },
      },
      ConditionExpression: expected === 0 ? 'attribute_not_exists(endpointId)' : 'version = :expected',
      ...(expected > 0 && { ExpressionAttributeValues: { ':expected': { N: String(expected) } } }),
    });
  },

  async delivery(endpointId: string, id: string): Promise<WebhookDelivery | undefined> {
    const { Item } = await dynamo.send(
      new GetItemCommand({ TableName: table, Key: keyOf(endpointId, DELIVERY + id), ConsistentRead: true }),
    );
    return Item && (JSON.parse(Item.body?.S ?? 'null') as WebhookDelivery);
  },

  /** Notes what became of an attempt; what is delivered stays so, whatever a late duplicate has met. */
  async note(endpointId: string, delivery: WebhookDelivery): Promise<void> {
    await putIf(table, {
      Item: {
        ...keyOf(endpointId, DELIVERY + delivery.id),
        result: { S: delivery.result },
        body: { S: JSON.stringify(delivery) },
        expiresAt: { N: String(Math.ceil(delivery.lastMs / 1_000) + KEPT_SECONDS) },
      },
      ConditionExpression: 'attribute_not_exists(endpointId) OR #result <> :delivered',
      ExpressionAttributeNames: { '#result': 'result' },
      ExpressionAttributeValues: { ':delivered': { S: 'delivered' } },
    });
  },

  /** The newest first, by when the things happened. `cursor` is the id after which the page starts. */
  async deliveries(endpointId: string, limit: number, cursor?: string) {
    const { Items = [], LastEvaluatedKey } = await dynamo.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'endpointId = :endpoint AND begins_with(#record, :delivery)',
        ExpressionAttributeNames: { '#record': 'record' },
        ExpressionAttributeValues: { ':endpoint': { S: endpointId }, ':delivery': { S: DELIVERY } },
        ConsistentRead: true,
        ScanIndexForward: false,
        Limit: limit,
        ...(cursor && { ExclusiveStartKey: keyOf(endpointId, DELIVERY + cursor) }),
      }),
    );
    const items = Items.map(({ body }) => JSON.parse(body?.S ?? 'null') as WebhookDelivery);
    const next = LastEvaluatedKey?.record?.S?.slice(DELIVERY.length);
    return { items, ...(next && { cursor: next }) };
  },
});
export type Webhooks = ReturnType<typeof webhooks>;

/** False when the condition does not hold. */
const putIf = async (
  table: string,
  input: Omit<ConstructorParameters<typeof PutItemCommand>[0], 'TableName'>,
): Promise<boolean> => {
  try {
    await dynamo.send(new PutItemCommand({ TableName: table, ...input }));
    return true;
  } catch (error) {
    if (isConditionFailure(error)) return false;
    throw error;
  }
};
