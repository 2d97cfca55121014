import { DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { type Erasure, idsOf, type PendingPerson, REMEMBERED_MS } from '../../core/audience/erasure.ts';
import { dynamo } from './dynamo.ts';
import { ERASED_IDS, erasedIdKey } from './erased-lately.ts';

type Kind = 'erasure' | 'pending';

/**
 * The erasures table: kind `erasure` is what remains, kind `pending` says whom a running one is about, and kind
 * `erased-id` is what workers look at (see erased-people.ts). Ids are keyed hashes. `hash` computes them.
 */
export const erasures = (table: string, hash: (id: string) => Promise<string>) => {
  const put = async (kind: Kind, body: Erasure | PendingPerson): Promise<void> => {
    const Item = { kind: { S: kind }, id: { S: body.id }, body: { S: JSON.stringify(body) } };
    await dynamo.send(new PutItemCommand({ TableName: table, Item }));
  };

  const get = async <T>(kind: Kind, id: string): Promise<T | undefined> => {
    const { Item } = await dynamo.send(
      new GetItemCommand({ TableName: table, Key: { kind: { S: kind }, id: { S: id } }, ConsistentRead: true }),
    );
    return Item && (JSON.parse(Item.body?.S ?? 'null') as T);
  };

  const list = async <T>(kind: Kind, limit: number, cursor?: string): Promise<{ items: T[]; cursor?: string }> => {
    const { Items = [], LastEvaluatedKey } = await dynamo.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: '#kind = :kind',
        ExpressionAttributeNames: { '#kind': 'kind' },
        ExpressionAttributeValues: { ':kind': { S: kind } },
        ConsistentRead: true,
        Limit: limit,
        ...(cursor && { ExclusiveStartKey: { kind: { S: kind }, id: { S: cursor } } }),
      }),
    );
    const next = LastEvaluatedKey?.id?.S;
    return { items: Items.map(({ body }) => JSON.parse(body?.S ?? 'null') as T), ...(next && { cursor: next }) };
  };

  return {
    hash,
    get: (id: string) => get<Erasure>('erasure', id),
    list: (limit: number, cursor?: string) => list<Erasure>('erasure', limit, cursor),
    person: (id: string) => get<PendingPerson>('pending', id),

    async people(): Promise<PendingPerson[]> {
      const found: PendingPerson[] = [];
      let cursor: string | undefined;
      do {
        const page: { items: PendingPerson[]; cursor?: string } = await list('pending', 200, cursor);
        found.push(...page.items);
        cursor = page.cursor;
      } while (cursor);
      return found;
    },

    /**
     * Notes whom the erasure is about. First for the workers, so that nobody is known here of whom they will not hear.
     * Repeating it changes nothing but for how long they remember.
     */
    async note(person: PendingPerson, nowMs: number): Promise<void> {
      for (const id of idsOf(person)) {
        const expiresAt = String(Math.ceil((nowMs + REMEMBERED_MS) / 1_000) + 86_400);
        const sortKey = erasedIdKey(nowMs, await hash(id));
        const Item = { kind: { S: ERASED_IDS }, id: { S: sortKey }, expiresAt: { N: expiresAt } };
        await dynamo.send(new PutItemCommand({ TableName: table, Item }));
      }
      await put('pending', person);
    },

    save: (erasure: Erasure) => put('erasure', erasure),

    /** Nothing but the hash stays. */
    async forgetPerson(id: string): Promise<void> {
      const Key = { kind: { S: 'pending' }, id: { S: id } };
      await dynamo.send(new DeleteItemCommand({ TableName: table, Key }));
    },
  };
};
export type Erasures = ReturnType<typeof erasures>;
