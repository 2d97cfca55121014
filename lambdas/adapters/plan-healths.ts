import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { NOTHING_HEARD, type PlanHealth } from '../../core/delivery/plan-health.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

/** Partition in the ledger table; its unit is `healthKey`. */
const RUN = 'plan-health';
/** The last complaint about an email comes within weeks. */
const KEPT_SECONDS = 60 * 86_400;

/** What was heard of plans, one item each of at most 6 KB. Written only when something new was heard. */
export const planHealths = (table: string) => {
  const keyOf = (key: string) => ({ run: { S: RUN }, unit: { S: key } });
  return {
    /** Strongly consistent. */
    async get(key: string): Promise<PlanHealth> {
      const { Item } = await dynamo.send(
        new GetItemCommand({ TableName: table, Key: keyOf(key), ConsistentRead: true }),
      );
      return Item?.body?.S ? (JSON.parse(Item.body.S) as PlanHealth) : NOTHING_HEARD;
    },

    /** Writes the next version. False: somebody else has, so read it again. */
    async save(key: string, health: PlanHealth, nowMs: number): Promise<boolean> {
      const first = health.version === 1;
      try {
        await dynamo.send(
          new PutItemCommand({
            TableName: table,
            Item: {
              ...keyOf(key),
              version: { N: String(health.version) },
              body: { S: JSON.stringify(health) },
              expiresAt: { N: String(Math.floor(nowMs / 1_000) + KEPT_SECONDS) },
            },
            ConditionExpression: first ? 'attribute_not_exists(#n)' : '#n = :before',
            ExpressionAttributeNames: { '#n': first ? 'run' : 'version' },
            ...(!first && { ExpressionAttributeValues: { ':before': { N: String(health.version - 1) } } }),
          }),
        );
        return true;
      } catch (error) {
        if (isConditionFailure(error)) return false;
        throw error;
      }
    },
  };
};
export type PlanHealths = ReturnType<typeof planHealths>;
