import { createHash } from 'node:crypto';
import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { dynamo } from './dynamo.ts';
import type { AuditEntry } from './outbox-entry.ts';

/**
 * Sorts by time, then version. The same change always has the same key, so writing it twice leaves one entry. Consents
 * have no version: the hash keeps apart what two people record about one person in the same millisecond.
 */
const entryKey = ({ atMs, version, action, actor, detail }: AuditEntry): string => {
  const hash = createHash('sha256')
    .update(JSON.stringify([action, actor, detail]))
    .digest('base64url')
    .slice(0, 8);
  return `${String(atMs).padStart(14, '0')}#${version}#${hash}`;
};

const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

export const putAudit = async (table: string, entry: AuditEntry): Promise<void> => {
  await dynamo.send(
    new PutItemCommand({
      TableName: table,
      Item: {
        subject: { S: entry.subject },
        entry: { S: entryKey(entry) },
        day: { S: dayOf(entry.atMs) },
        body: { S: JSON.stringify(entry) },
      },
    }),
  );
};

export type AuditPage = { items: AuditEntry[]; cursor?: string };

/**
 * Newest first, of one subject (`campaign/01J…`) or of one day (YYYY-MM-DD, UTC). A day is read from an index that is
 * behind by moments; a subject is read strongly. `cursor` is `<subject>|<entry>` of the last entry of the page before.
 */
export const readAudit = async (
  table: string,
  by: { subject: string } | { day: string },
  limit: number,
  cursor?: string,
): Promise<AuditPage> => {
  const [attribute, value] = 'subject' in by ? ['subject', by.subject] : ['day', by.day];
  const bar = cursor?.lastIndexOf('|') ?? -1;
  const { Items = [], LastEvaluatedKey } = await dynamo.send(
    new QueryCommand({
      TableName: table,
      ...('day' in by ? { IndexName: 'by-day' } : { ConsistentRead: true }),
      KeyConditionExpression: '#k = :k',
      ExpressionAttributeNames: { '#k': attribute },
      ExpressionAttributeValues: { ':k': { S: value } },
      ScanIndexForward: false,
      Limit: limit,
      ...(cursor &&
        bar > 0 && {
          ExclusiveStartKey: {
            subject: { S: 'subject' in by ? by.subject : cursor.slice(0, bar) },
            entry: { S: cursor.slice(bar + 1) },
            ...('day' in by && { day: { S: by.day } }),
          },
        }),
    }),
  );
  const items = Items.map((item) => JSON.parse(item.body?.S ?? 'null') as AuditEntry);
  return { items, ...(LastEvaluatedKey && { cursor: `${LastEvaluatedKey.subject?.S}|${LastEvaluatedKey.entry?.S}` }) };
};
