import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Scalar } from '../../core/audience/question.ts';
import { batchGet, type Item } from './batch-get.ts';
import { dynamo } from './dynamo.ts';
import { inParallel } from './in-parallel.ts';

/** Columns of a row by name. */
export type ReferenceRow = Record<string, Scalar>;
type Known = { atMs: number; row: ReferenceRow | undefined };

/** A changed row acts within a minute: so long it may be remembered, and DynamoDB's copies catch up in a second. */
const MAX_AGE_MS = 55_000;
/** 20 MB at the most, as a row has at most 4 KB; the rows that were read first go first. */
const MAX_KNOWN = 5_000;
const PARALLEL_WRITES = 20;

/**
 * Rows of reference tables: items of the definitions table, partition `reference/<tableId>`, so a table may have any
 * number. The last write wins. A removed row stays as an item without values: no function of Herald may delete
 * definitions, which this way needs no exception, and a million such items cost a few cents a month.
 */
export const references = (table: string) => {
  const known = new Map<string, Known>();
  const keyOf = (tableId: string, key: string) => ({ kind: { S: `reference/${tableId}` }, id: { S: key } });
  const nameOf = (tableId: string, key: string): string => `${tableId} ${key}`;

  const remember = (name: string, row: ReferenceRow | undefined, atMs: number): void => {
    known.delete(name);
    known.set(name, { atMs, row });
    const [oldest] = known.keys();
    if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
  };

  const read = async (tableId: string, unread: readonly string[]): Promise<Map<string, ReferenceRow>> => {
    const found = new Map<string, ReferenceRow>();
    const keys = unread.map((key) => keyOf(tableId, key));
    for await (const answer of batchGet(table, keys)) {
      for (const item of answer.Responses?.[table] ?? []) {
        const row = decode(item);
        if (row) found.set(item.id?.S ?? '', row);
      }
    }
    return found;
  };

  return {
    /** Rows by key; a key without a row is not in the map. At most a minute old, also in that a row is not there. */
    async getMany(tableId: string, keys: readonly string[]): Promise<Map<string, ReferenceRow>> {
      const nowMs = Date.now();
      const rows = new Map<string, ReferenceRow>();
      const unread: string[] = [];
      for (const key of new Set(keys)) {
        const hit = known.get(nameOf(tableId, key));
        if (!hit || nowMs - hit.atMs >= MAX_AGE_MS) unread.push(key);
        else if (hit.row) rows.set(key, hit.row);
      }
      const found = await read(tableId, unread);
      for (const key of unread) {
        const row = found.get(key);
        remember(nameOf(tableId, key), row, nowMs);
        if (row) rows.set(key, row);
      }
      return rows;
    },

    /** As it is now. */
    async get(tableId: string, key: string): Promise<ReferenceRow | undefined> {
      const { Item } = await dynamo.send(
        new GetItemCommand({ TableName: table, Key: keyOf(tableId, key), ConsistentRead: true }),
      );
      return Item && decode(Item);
    },

    /** Writes rows with distinct keys; without values a row is removed. Repeating it changes nothing. */
    async putMany(tableId: string, rows: readonly { key: string; values: ReferenceRow | undefined }[]): Promise<void> {
      await inParallel(PARALLEL_WRITES, rows, async ({ key, values }) => {
        const body = { S: JSON.stringify(values ?? null) };
        await dynamo.send(new PutItemCommand({ TableName: table, Item: { ...keyOf(tableId, key), body } }));
      });
    },
  };
};
export type References = ReturnType<typeof references>;

const decode = (item: Item): ReferenceRow | undefined =>
  (JSON.parse(item.body?.S ?? 'null') as ReferenceRow | null) ?? undefined;
