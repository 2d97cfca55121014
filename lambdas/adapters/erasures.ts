import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { type Erasure, idsOf, type PendingPerson, REMEMBERED_MS } from '../../core/audience/erasure.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';
import { ERASED_IDS, erasedIdKey } from './erased-lately.ts';

type Kind = 'erasure' | 'pending';

const ATTEMPTS = 5;

/**
 * The erasures table: kind `erasure` is what remains, kind `pending` says whom a running one is about, and kind
 * `erased-id` is what workers look at (see erased-people.ts). Ids are keyed hashes. `hash` computes them.
 */
export const erasures = (table: string, hash: (id: string) => Promise<string>) => {
  /** False when the item is not as the condition says. */
  const put = async (
    kind: Kind,
    body: Erasure | PendingPerson,
    condition: Omit<PutItemCommandInput, 'TableName' | 'Item'> = {},
  ): Promise<boolean> => {
    const Item = { kind: { S: kind }, id: { S: body.id }, body: { S: JSON.stringify(body) } };
    try {
      await dynamo.send(new PutItemCommand({ TableName: table, Item, ...condition }));
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw error;
    }
  };

  const textOf = async (kind: Kind, id: string): Promise<string | undefined> => {
    const { Item } = await dynamo.send(
      new GetItemCommand({ TableName: table, Key: { kind: { S: kind }, id: { S: id } }, ConsistentRead: true }),
    );
    return Item?.body?.S;
  };
  const get = async <T>(kind: Kind, id: string): Promise<T | undefined> => {
    const text = await textOf(kind, id);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  };

  /** First for the workers, so that nobody is known here of whom they will not hear. */
  const tellWorkers = async (person: PendingPerson, nowMs: number): Promise<void> => {
    for (const id of idsOf(person)) {
      const expiresAt = String(Math.ceil((nowMs + REMEMBERED_MS) / 1_000) + 86_400);
      const sortKey = erasedIdKey(nowMs, await hash(id));
      const Item = { kind: { S: ERASED_IDS }, id: { S: sortKey }, expiresAt: { N: expiresAt } };
      await dynamo.send(new PutItemCommand({ TableName: table, Item }));
    }
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
     * Writes down whom an erasure that begins is about. What remains goes first: whoever waits has it, and as long as nobody
     * waits the next call begins anew.
     */
    async begin(erasure: Erasure, person: PendingPerson): Promise<void> {
      await put('erasure', erasure);
      await tellWorkers(person, erasure.requestedMs);
      await put('pending', person);
    },

    /**
     * Notes what was found of the person; workers remember from now on. False when nobody waits any more: a pass has finished
     * the erasure meanwhile, and the id is not written down again.
     */
    async note(person: PendingPerson, nowMs: number): Promise<boolean> {
      await tellWorkers(person, nowMs);
      return put('pending', person, { ConditionExpression: 'attribute_exists(id)' });
    },

    /** Decides on what the erasure is now, and again when somebody else has written it in between. */
    async change(id: string, decide: (erasure: Erasure) => Erasure): Promise<void> {
      let written: string | undefined;
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const before = await textOf('erasure', id);
        // Also when it was this call's write whose answer was lost: the client then repeats it, and is refused.
        if (before === undefined || before === written) return;
        const condition = {
          ConditionExpression: 'body = :before',
          ExpressionAttributeValues: { ':before': { S: before } },
        };
        const after = decide(JSON.parse(before) as Erasure);
        if (await put('erasure', after, condition)) return;
        written = JSON.stringify(after);
      }
      throw new Error(`An erasure was changed by others ${ATTEMPTS} times in a row`);
    },

    /** Nothing but the hash stays. */
    async forgetPerson(id: string): Promise<void> {
      const Key = { kind: { S: 'pending' }, id: { S: id } };
      await dynamo.send(new DeleteItemCommand({ TableName: table, Key }));
    },
  };
};
export type Erasures = ReturnType<typeof erasures>;
