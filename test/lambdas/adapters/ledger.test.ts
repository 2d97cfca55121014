import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LedgerRecord, publishRecord, settle } from '../../../core/delivery/ledger.ts';
import type { Ledger } from '../../../lambdas/adapters/ledger.ts';
import { startAws } from './aws.ts';

let ledger: Ledger;
let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startAws({ ledger: ['run', 'unit'] });
  ledger = (await import('../../../lambdas/adapters/ledger.ts')).ledger('ledger');
});
afterAll(() => stop());

const key = (unit: string) => ({ run: 'r1', unit });
const claim = (unit: string, nowMs: number) => ledger.claim(key(unit), '--', nowMs, 500);

test('one of many claims wins, the next wins when the lease is over, with a newer token', async () => {
  const claims = await Promise.all(Array.from({ length: 8 }, () => claim('b#0#0#0', 1_000)));
  expect(claims.filter((result) => result === 'busy')).toHaveLength(7);
  expect(claims.find((result) => result !== 'busy')).toEqual({ token: 1, leaseUntilMs: 1_500, marks: '--' });
  expect(await claim('b#0#0#0', 1_499)).toBe('busy');
  expect(await claim('b#0#0#0', 1_500)).toMatchObject({ token: 2, leaseUntilMs: 2_000 });
});

test('a worker with an older token cannot write', async () => {
  const old = (await claim('b#0#1#0', 1_000)) as LedgerRecord;
  const now = (await claim('b#0#1#0', 2_000)) as LedgerRecord;
  await expect(ledger.save(key('b#0#1#0'), settle(old, new Map([[0, '']])))).rejects.toThrow('taken over');
  await ledger.save(key('b#0#1#0'), { ...settle(now, new Map([[1, 'too-late']])), messageId: 'm1' });
  expect(await claim('b#0#1#0', 3_000)).toEqual({ token: 3, leaseUntilMs: 3_500, marks: '-t', messageId: 'm1' });
});

test('a published record gives its lease back; once settled it says so to whoever claims it again', async () => {
  const first = (await claim('b#0#2#0', 1_000)) as LedgerRecord;
  const half = settle(first, new Map([[0, '']]));
  await ledger.save(key('b#0#2#0'), publishRecord(half));
  const second = (await claim('b#0#2#0', 1_001)) as LedgerRecord;
  expect(second.marks).toBe('S-');
  await ledger.save(key('b#0#2#0'), publishRecord(settle(second, new Map([[1, 'no-consent']]))));
  expect(await claim('b#0#2#0', 9_999_999)).toMatchObject({ token: 3, marks: 'SC' });
});

test('the progress of parts: registered once, each batch counted once, in whatever order', async () => {
  await ledger.batchesDone({ run: 'r2', unit: 'p#0-1' }, [4]);
  for (const unit of ['p#0-0', 'p#0-1'])
    await ledger.registerPart({ run: 'r2', unit }, { batches: 5, recipients: 450 }, 1_000);
  for (const batches of [
    [0, 1, 1],
    [1, 2],
  ])
    await ledger.batchesDone({ run: 'r2', unit: 'p#0-0' }, batches);
  await ledger.registerPart({ run: 'r2', unit: 'p#0-0' }, { batches: 5, recipients: 450 }, 2_000);
  await ledger.claim({ run: 'r2', unit: 'b#0-0#0#0' }, '--', 1_000, 500);
  expect(await ledger.parts('r2')).toEqual([
    { unit: 'p#0-0', batches: 5, recipients: 450, done: 3 },
    { unit: 'p#0-1', batches: 5, recipients: 450, done: 1 },
  ]);
  expect(await ledger.parts('nobody')).toEqual([]);
});

test('what was heard of a batch: each place once, in whatever order', async () => {
  const { heardUnit } = await import('../../../core/delivery/receipt-ref.ts');
  const unit = heardUnit('b#0-0#0#0');
  const note = (delivered: number[], opened: number[]) =>
    ledger.noteHeard({ run: 'r3', unit }, { delivered: new Set(delivered), opened: new Set(opened) }, 1_000);
  expect(await ledger.heardOf({ run: 'r3', unit: 'b#0-0#0#0' })).toEqual({ delivered: new Set(), opened: new Set() });
  await note([3, 4], []);
  await note([4, 9], [9]);
  await note([3], []);
  expect(await ledger.heardOf({ run: 'r3', unit: 'b#0-0#0#0' })).toEqual({
    delivered: new Set([3, 4, 9]),
    opened: new Set([9]),
  });
  expect((await ledger.heardOf({ run: 'r3', unit: 'b#0-0#1#0' })).delivered.size).toBe(0);
});
