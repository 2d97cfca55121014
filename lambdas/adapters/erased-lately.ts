import type { QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import { FRESH_MS, REMEMBERED_MS, STALE_MS } from '../../core/audience/erasure.ts';
import type { ErasedPeople, IsErased, Reads } from './erased-people.ts';
import { hasher } from './person-hash.ts';

/** Partition of the erasures table with an item per erased id, in the order of time: `<epoch ms, 14 digits>#<hash>`. */
export const ERASED_IDS = 'erased-id';
export const erasedIdKey = (atMs: number, hash = ''): string => `${String(atMs).padStart(14, '0')}#${hash}`;

/** Clocks differ, and the table's copies follow by a second: so much is read again. */
const OVERLAP_MS = 600_000;

const nobody: IsErased = () => false;

/** What erasedPeople gives (see there), once it is loaded. */
export const erasedLately = ({ query, key }: Reads, table: string, clock: () => number): ErasedPeople => {
  const known = new Map<string, number>();
  let lookedMs = 0;
  let readFromMs = 0;
  const hashes = hasher(key);

  const look = async (nowMs: number): Promise<void> => {
    const fromMs = Math.max(readFromMs, nowMs - REMEMBERED_MS);
    let from: QueryCommandOutput['LastEvaluatedKey'];
    do {
      const page: QueryCommandOutput = await query({
        TableName: table,
        KeyConditionExpression: '#kind = :kind AND #id >= :from',
        ExpressionAttributeNames: { '#kind': 'kind', '#id': 'id' },
        ExpressionAttributeValues: { ':kind': { S: ERASED_IDS }, ':from': { S: erasedIdKey(fromMs) } },
        ...(from && { ExclusiveStartKey: from }),
      });
      for (const { id } of page.Items ?? []) {
        const [atMs = '', hash = ''] = id?.S?.split('#') ?? [];
        known.set(hash, Math.max(known.get(hash) ?? 0, Number(atMs)));
      }
      from = page.LastEvaluatedKey;
    } while (from);
    for (const [hash, atMs] of known) if (atMs < nowMs - REMEMBERED_MS) known.delete(hash);
    lookedMs = nowMs;
    readFromMs = nowMs - OVERLAP_MS;
  };

  return async () => {
    const nowMs = clock();
    if (nowMs - lookedMs >= FRESH_MS) {
      await look(nowMs).catch((error: unknown) => {
        if (nowMs - lookedMs >= STALE_MS) throw error;
        console.warn({ message: 'New erasures could not be read', error: String(error) });
      });
    }
    if (known.size === 0) return nobody;
    const hash = await hashes.ready();
    return (id) => known.has(hash(id));
  };
};
