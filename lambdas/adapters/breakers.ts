import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type Breaker, CLOSED } from '../../core/delivery/breaker.ts';
import { cached } from './cache.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

/** A breaker that another worker has opened holds here after at most this long. */
const MAX_AGE_MS = 3_000;

/** Partition of the breakers in the ledger table, one small item a channel: far apart from runs, whose ids are longer. */
const RUN = 'breaker';

/** The item of a channel's breaker, shared by all workers. None: it was never opened. */
export const breakerOf = (table: string, channel: string) => {
  const key = { run: { S: RUN }, unit: { S: channel } };
  const read = cached(MAX_AGE_MS, async (): Promise<Breaker> => {
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }));
    return Item?.body?.S ? (JSON.parse(Item.body.S) as Breaker) : CLOSED;
  });
  let own = CLOSED;

  return {
    /** At most some seconds old, and never older than what this worker has written itself. */
    async get(): Promise<Breaker> {
      const stored = await read('');
      return own.version > stored.version ? own : stored;
    },

    /** Writes it, provided that nobody has changed it since it was read. False: somebody has. */
    async save(breaker: Breaker): Promise<boolean> {
      try {
        await dynamo.send(
          new PutItemCommand({
            TableName: table,
            Item: { ...key, version: { N: String(breaker.version) }, body: { S: JSON.stringify(breaker) } },
            ConditionExpression: breaker.version === 1 ? 'attribute_not_exists(#run)' : '#version = :before',
            ExpressionAttributeNames: breaker.version === 1 ? { '#run': 'run' } : { '#version': 'version' },
            ...(breaker.version > 1 && {
              ExpressionAttributeValues: { ':before': { N: String(breaker.version - 1) } },
            }),
          }),
        );
        own = breaker;
        return true;
      } catch (error) {
        if (isConditionFailure(error)) return false;
        throw error;
      }
    },
  };
};
export type BreakerStore = ReturnType<typeof breakerOf>;
