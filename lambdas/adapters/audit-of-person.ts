import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { dynamo } from './dynamo.ts';
import type { AuditEntry } from './outbox-entry.ts';
import { itemsOf } from './person-items.ts';

/**
 * Moves the entries of a subject to another one, without their details: who did what and when stays, to whom does not. The copy
 * is written first, under the same key, so repeating it leaves each entry there once.
 */
export const moveAudit = async (table: string, from: string, to: string): Promise<void> => {
  for (const item of await itemsOf(table, 'subject', from)) {
    const entry = JSON.parse(item.body?.S ?? '{}') as AuditEntry;
    const body = { S: JSON.stringify({ ...entry, subject: to, detail: '' } satisfies AuditEntry) };
    await dynamo.send(new PutItemCommand({ TableName: table, Item: { ...item, subject: { S: to }, body } }));
    const Key = { subject: { S: from }, entry: { S: item.entry?.S ?? '' } };
    await dynamo.send(new DeleteItemCommand({ TableName: table, Key }));
  }
};
