import {
  type ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Link } from '../../core/event/identity.ts';
import { batchGet, type Item } from './batch-get.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

/** A link, and whether all that follows from it is done; until then whoever reads it does it (see link-alias.ts). */
export type StoredLink = Link & { settled: boolean };

/** Settled links that are kept in memory: 200 bytes each. */
const MAX_REMEMBERED = 20_000;

/** Whose an alias is, one item each. A link never changes, and goes only when its person is erased (see links-of-person.ts). */
export const identities = (table: string) => {
  const remembered = new Map<string, StoredLink>();
  const remember = (link: StoredLink) => {
    remembered.set(link.alias, link);
    const [oldest] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  };

  /** Strongly consistent. */
  const get = async (alias: string): Promise<StoredLink | undefined> => {
    const { Item } = await dynamo.send(
      new GetItemCommand({ TableName: table, Key: { alias: { S: alias } }, ConsistentRead: true }),
    );
    return Item && decode(Item);
  };

  const readBatch = async (aliases: readonly string[], found: Map<string, StoredLink>) => {
    const keys = aliases.map((alias): Item => ({ alias: { S: alias } }));
    for await (const answer of batchGet(table, keys)) {
      for (const link of (answer.Responses?.[table] ?? []).map(decode)) {
        found.set(link.alias, link);
        if (link.settled) remember(link);
      }
    }
  };

  return {
    get,

    /** The links of those that have one. Eventually consistent (half the price); a settled link is read once. */
    async getMany(aliases: readonly string[]): Promise<Map<string, StoredLink>> {
      const found = new Map<string, StoredLink>();
      const unread = new Set<string>();
      for (const alias of aliases) {
        const known = remembered.get(alias);
        if (known) found.set(alias, known);
        else unread.add(alias);
      }
      await readBatch([...unread], found);
      return found;
    },

    /** Writes the link, provided that the alias has none. The link that it then has: this one, or an earlier one. */
    async put(link: Link): Promise<StoredLink> {
      const { alias, profileId, atMs } = link;
      try {
        await dynamo.send(
          new PutItemCommand({
            TableName: table,
            Item: { alias: { S: alias }, profileId: { S: profileId }, atMs: { N: String(atMs) } },
            ConditionExpression: 'attribute_not_exists(alias)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return { ...link, settled: false };
      } catch (error) {
        if (!isConditionFailure(error)) throw error;
        const { Item } = error as ConditionalCheckFailedException;
        // A service that leaves the item out does no harm; it is there for good.
        return Item ? decode(Item) : ((await get(alias)) as StoredLink);
      }
    },

    /** Notes that all that follows from the link is done. */
    async settle(link: Link): Promise<void> {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { alias: { S: link.alias } },
          UpdateExpression: 'SET settled = :true',
          ExpressionAttributeValues: { ':true': { BOOL: true } },
        }),
      );
      remember({ ...link, settled: true });
    },
  };
};
export type Identities = ReturnType<typeof identities>;

const decode = (item: Item): StoredLink => ({
  alias: item.alias?.S ?? '',
  profileId: item.profileId?.S ?? '',
  atMs: Number(item.atMs?.N),
  settled: item.settled?.BOOL === true,
});
