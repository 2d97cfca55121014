import {
  type AttributeValue,
  DeleteItemCommand,
  ScanCommand,
  type ScanCommandOutput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Item } from './batch-get.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';
import { inParallel } from './in-parallel.ts';
import { queryAll } from './query-all.ts';

const PARALLEL_DELETES = 10;
/** Each reads a part of the table; one reads a few megabytes a second. */
const SCAN_SEGMENTS = 8;

/** The items whose attribute `key`, the partition key, is this. Strongly consistent. */
export const itemsOf = (table: string, key: string, value: string): Promise<Item[]> =>
  queryAll({
    TableName: table,
    KeyConditionExpression: '#key = :value',
    ExpressionAttributeNames: { '#key': key },
    ExpressionAttributeValues: { ':value': { S: value } },
    ConsistentRead: true,
  });

/**
 * The items of a whole table of which `wanted` says so. Eventually consistent, at half the price: 1 GB costs $0.016. Memory
 * holds what is wanted.
 */
export const scanItems = async (table: string, wanted: (item: Item) => boolean): Promise<Item[]> => {
  const found: Item[] = [];
  const segments = Array.from({ length: SCAN_SEGMENTS }, (_, n) => n);
  await inParallel(SCAN_SEGMENTS, segments, async (Segment) => {
    let from: ScanCommandOutput['LastEvaluatedKey'];
    do {
      const page: ScanCommandOutput = await dynamo.send(
        new ScanCommand({
          TableName: table,
          Segment,
          TotalSegments: SCAN_SEGMENTS,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      found.push(...(page.Items ?? []).filter(wanted));
      from = page.LastEvaluatedKey;
    } while (from);
  });
  return found;
};

/** Deletes items by the attributes of their key. */
export const deleteItems = async (table: string, keys: readonly string[], items: readonly Item[]): Promise<void> => {
  await inParallel(PARALLEL_DELETES, items, async (item) => {
    const Key = Object.fromEntries(keys.map((name) => [name, item[name] as AttributeValue]));
    await dynamo.send(new DeleteItemCommand({ TableName: table, Key }));
  });
};

/** Puts a text in the place of the one that the item was read with. An item that is gone, or has changed, stays as it is. */
export const replaceText = async (table: string, keys: readonly string[], item: Item, name: string, text: string) => {
  try {
    await dynamo.send(
      new UpdateItemCommand({
        TableName: table,
        Key: Object.fromEntries(keys.map((key) => [key, item[key] as AttributeValue])),
        UpdateExpression: 'SET #name = :text',
        ConditionExpression: '#name = :before',
        ExpressionAttributeNames: { '#name': name },
        ExpressionAttributeValues: { ':text': { S: text }, ':before': item[name] as AttributeValue },
      }),
    );
  } catch (error) {
    if (!isConditionFailure(error)) throw error;
  }
};

/** An item as plain JSON. Texts that are JSON objects, as most bodies are, are read. */
export const plainItem = (item: Item): Record<string, unknown> =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plain(value)]));

const plain = (value: AttributeValue): unknown => {
  if (value.S !== undefined) return value.S.startsWith('{') || value.S.startsWith('[') ? jsonOr(value.S) : value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.NS !== undefined) return value.NS.map(Number);
  if (value.L !== undefined) return value.L.map(plain);
  if (value.M !== undefined) return plainItem(value.M);
  return value.SS ?? null;
};

const jsonOr = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
