import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SnapshotMessage, SnapshotRow } from '../../../core/delivery/messages.ts';
import { snapshotPart } from '../../../core/delivery/snapshot-part.ts';
import { memoryServices, startAws } from './aws.ts';

const services = memoryServices();
const gets: string[] = [];
let stop: () => Promise<void>;
let readerOf: ReturnType<typeof import('../../../lambdas/adapters/recipients.ts')['recipients']>;
beforeAll(async () => {
  stop = await startAws({}, (request) => {
    if (request.method === 'GET') gets.push(`${request.path} ${request.headers.range}`);
    return services.answer(request);
  });
  readerOf = (await import('../../../lambdas/adapters/recipients.ts')).recipients({
    bucket: 'work',
    erased: async () => () => false,
    profilesTable: 'profiles',
  });
});
afterAll(() => stop());

/** A part of 100 batches with about 30 KB each, and the pointers to them. */
const part = (name: string): SnapshotMessage[] => {
  const rows: SnapshotRow[] = Array.from({ length: 10_000 }, (_, n) => ({
    profileId: `${name}-${n}`,
    attributes: { note: 'é'.repeat(100 + (n % 50)) },
  }));
  const names = {
    plan: { kind: 'campaign', id: 'c1', hash: 'h' },
    runId: 'r',
    part: `parts/${name}.ndjson`,
    step: 0,
  } as const;
  const { body, pointers } = snapshotPart(rows, names);
  services.objects.set(`/work/${names.part}`, Buffer.from(body));
  return pointers;
};

describe('recipients of pointers that came together', () => {
  test('are read in one call when they lie close to each other, each part by itself', async () => {
    const [a, b] = [part('a'), part('b')];
    const pick = (pointers: SnapshotMessage[], ...batches: number[]) =>
      batches.map((n) => pointers[n] as SnapshotMessage);
    const together = [...pick(a, 7, 5, 99, 6, 5), ...pick(b, 8)];
    const rowsOf = readerOf(together);
    for (const pointer of together) {
      const rows = await rowsOf(pointer);
      const expected = Array.from({ length: 100 }, (_, n) => `${pointer.part.slice(6, 7)}-${pointer.batch * 100 + n}`);
      expect(rows.map((row) => row?.profileId)).toEqual(expected);
    }
    const [first, last] = pick(a, 5, 7) as [SnapshotMessage, SnapshotMessage];
    expect(gets).toHaveLength(3);
    expect(gets[0]).toBe(`/work/parts/a.ndjson bytes=${first.offset}-${last.offset + last.bytes - 1}`);
  });

  test('a part that is not there is an error for all that point into it, and for them only', async () => {
    const [there] = part('there');
    const gone = { ...(there as SnapshotMessage), part: 'parts/gone.ndjson' };
    const rowsOf = readerOf([there as SnapshotMessage, gone]);
    await expect(rowsOf(gone)).rejects.toThrow('gone');
    expect(await rowsOf(there as SnapshotMessage)).toHaveLength(100);
  });

  test('a part that does not hold what the pointer says is an error', async () => {
    const [pointer] = part('short');
    const wrong = { ...(pointer as SnapshotMessage), count: 99 };
    await expect(readerOf([wrong])(wrong)).rejects.toThrow('has 100 recipients at 0, not 99');
  });
});
