import { GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { dynamo, isConditionFailure } from './dynamo.ts';
import { inParallel } from './in-parallel.ts';
import type { OutboxEntry } from './outbox-entry.ts';
import { queryAll } from './query-all.ts';
import { clearPending } from './versioned.ts';

const PARALLEL_READS = 20;

/** Kinds of things that people define. Each is one item: kind (partition key), id (sort key), version, JSON body. */
export type DefinitionKind =
  | 'approval-thread'
  | 'audience'
  | 'campaign'
  | 'event-catalogue'
  | 'event-type'
  | 'export'
  | 'import'
  | 'import-lane'
  | 'journey'
  | 'journey-experiment'
  | 'journey-version'
  | 'lead-model'
  | 'list'
  | 'list-change'
  | 'live-journey'
  | 'live-segment'
  | 'material'
  | 'model'
  | 'model-version'
  | 'plan-version'
  | 'pre-flight'
  | 'reference-table'
  | 'sample'
  | 'segment'
  /** By the id of the segment: another rule on the way to the plans in force that listen to it. */
  | 'segment-change'
  | 'settings'
  | 'snapshot'
  | 'source'
  | 'submission'
  | 'template'
  /** By the id of the template: its version on the way into plans in force. */
  | 'template-change'
  /** By the id of the template: its older versions. */
  | `template-version/${string}`
  | 'test-send'
  | 'trigger'
  | 'webhook-endpoint';

export type Stored<T> = { id: string; version: number; updatedMs: number; body: T; outbox: OutboxEntry[] };
export type Page<T> = { items: Stored<T>[]; cursor?: string };

/** The item is not at the version that the writer read: somebody else changed it. Read again and decide again. */
export class VersionConflict extends Error {
  override name = 'VersionConflict';
}

/** Everything that people define, in one table. */
export const definitions = (table: string) => ({
  async get<T>(kind: DefinitionKind, id: string): Promise<Stored<T> | undefined> {
    const { Item } = await dynamo.send(
      new GetItemCommand({ TableName: table, Key: { kind: { S: kind }, id: { S: id } }, ConsistentRead: true }),
    );
    return Item && decode<T>(Item);
  },

  /**
   * Ids from z to a, which is newest first when they are ULIDs; `a-z` is for kinds whose ids people chose. `cursor` is
   * opaque: the id after which the next page starts.
   */
  async list<T>(
    kind: DefinitionKind,
    limit: number,
    cursor?: string,
    order: 'newest' | 'a-z' = 'newest',
  ): Promise<Page<T>> {
    const { Items = [], LastEvaluatedKey } = await dynamo.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: '#k = :k',
        ExpressionAttributeNames: { '#k': 'kind' },
        ExpressionAttributeValues: { ':k': { S: kind } },
        ConsistentRead: true,
        ScanIndexForward: order === 'a-z',
        Limit: limit,
        ...(cursor && { ExclusiveStartKey: { kind: { S: kind }, id: { S: cursor } } }),
      }),
    );
    const next = LastEvaluatedKey?.id?.S;
    return { items: Items.map((item) => decode<T>(item)), ...(next && { cursor: next }) };
  },

  /** Those whose ids begin with a text, from z to a. */
  async listUnder<T>(kind: DefinitionKind, prefix: string, limit: number, cursor?: string): Promise<Page<T>> {
    const { Items = [], LastEvaluatedKey } = await dynamo.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: '#k = :k AND begins_with(id, :prefix)',
        ExpressionAttributeNames: { '#k': 'kind' },
        ExpressionAttributeValues: { ':k': { S: kind }, ':prefix': { S: prefix } },
        ConsistentRead: true,
        ScanIndexForward: false,
        Limit: limit,
        ...(cursor && { ExclusiveStartKey: { kind: { S: kind }, id: { S: cursor } } }),
      }),
    );
    const next = LastEvaluatedKey?.id?.S;
    return { items: Items.map((item) => decode<T>(item)), ...(next && { cursor: next }) };
  },

  /** Every item of a kind, page by page. For kinds that hold at most thousands. */
  async all<T>(kind: DefinitionKind): Promise<Stored<T>[]> {
    const found: Stored<T>[] = [];
    let cursor: string | undefined;
    do {
      const page: Page<T> = await this.list<T>(kind, 500, cursor);
      found.push(...page.items);
      cursor = page.cursor;
    } while (cursor);
    return found;
  },

  /**
   * Items of a kind that were written at or after `sinceMs`, without those whose version `isKnown`. Which they are says an
   * index that follows the table by a second or so; what they are is read strongly consistent.
   */
  async changedSince<T>(
    kind: DefinitionKind,
    sinceMs: number,
    isKnown: (id: string, version: number) => boolean,
  ): Promise<Stored<T>[]> {
    const written = await queryAll({
      TableName: table,
      IndexName: 'by-update',
      KeyConditionExpression: '#k = :k AND updatedMs >= :since',
      ExpressionAttributeNames: { '#k': 'kind' },
      ExpressionAttributeValues: { ':k': { S: kind }, ':since': { N: String(sinceMs) } },
    });
    const ids = written.flatMap(({ id, version }) => (isKnown(id?.S ?? '', Number(version?.N)) ? [] : (id?.S ?? '')));
    const found: Stored<T>[] = [];
    await inParallel(PARALLEL_READS, ids, async (id) => {
      const stored = await this.get<T>(kind, id);
      if (stored) found.push(stored);
    });
    return found;
  },

  /**
   * Writes version `expected + 1`, provided that the item is at version `expected` (0: it must not exist).
   * `outbox` is stored with it; hand the result to `publishOutbox` afterwards. Throws VersionConflict.
   */
  async put<T>(kind: DefinitionKind, id: string, body: T, expected: number, nowMs: number, outbox: OutboxEntry[] = []) {
    const version = expected + 1;
    const stored: Stored<T> = { id, version, updatedMs: nowMs, body, outbox };
    try {
      await dynamo.send(
        new PutItemCommand({
          TableName: table,
          Item: {
            kind: { S: kind },
            id: { S: id },
            version: { N: String(version) },
            updatedMs: { N: String(nowMs) },
            body: { S: JSON.stringify(body) },
            ...(outbox.length > 0 && { outbox: { S: JSON.stringify(outbox) }, pending: { S: 'pending' } }),
          },
          // An outbox that is still unpublished may not be overwritten: its effects would be lost.
          ConditionExpression:
            expected === 0 ? 'attribute_not_exists(id)' : 'version = :expected AND attribute_not_exists(pending)',
          ...(expected > 0 && { ExpressionAttributeValues: { ':expected': { N: String(expected) } } }),
        }),
      );
    } catch (error) {
      if (isConditionFailure(error))
        throw new VersionConflict(`${kind}/${id} is not at version ${expected}, or is busy`);
      throw error;
    }
    return stored;
  },

  /** Forgets the outbox of exactly this version, once its effects are published. */
  clearOutbox: (kind: DefinitionKind, id: string, version: number): Promise<void> =>
    clearPending(table, { kind: { S: kind }, id: { S: id } }, version),
});
export type Definitions = ReturnType<typeof definitions>;

type Item = Record<string, { S?: string; N?: string }>;
const decode = <T>(item: Item): Stored<T> => ({
  id: item.id?.S ?? '',
  version: Number(item.version?.N),
  updatedMs: Number(item.updatedMs?.N),
  body: JSON.parse(item.body?.S ?? 'null') as T,
  outbox: item.outbox?.S ? (JSON.parse(item.outbox.S) as OutboxEntry[]) : [],
});
