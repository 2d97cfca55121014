import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { forgetUnloaded } from '../../../core/audience/forget-lines.ts';
import type { UnloadedRow } from '../../../core/audience/segment-queries.ts';
import type { Lane } from '../../../core/delivery/channel.ts';
import { BATCH_SIZE, PART_SIZE, type SnapshotRow } from '../../../core/delivery/messages.ts';
import { type Cut, cutParts, snapshotPart } from '../../../core/delivery/snapshot-part.ts';

const names = {
  plan: { kind: 'campaign', id: 'c', hash: 'h' },
  runId: 'r',
  part: 'parts/0-0.ndjson',
  step: 1,
} as const;

test('the byte ranges of the pointers give back every row, once and in order', () => {
  const rows = fc
    .array(fc.string({ unit: 'grapheme', maxLength: 12 }), { maxLength: 350 })
    .map((ids) => ids.map((id): SnapshotRow => ({ profileId: id, attributes: { name: `${id}\n` } })));
  fc.assert(
    fc.property(rows, (drawn) => {
      const { body, pointers } = snapshotPart(drawn, names);
      const read = pointers.flatMap(({ offset, bytes, count }) => {
        const lines = Buffer.from(body.subarray(offset, offset + bytes))
          .toString()
          .trimEnd()
          .split('\n');
        expect(lines).toHaveLength(count);
        return lines.map((line) => JSON.parse(line) as SnapshotRow);
      });
      expect(read).toEqual(drawn);
      expect(pointers.map(({ batch }) => batch)).toEqual(pointers.map((_, n) => n));
      expect(pointers.every(({ count, step }) => count <= BATCH_SIZE && step === 1)).toBe(true);
      expect(snapshotPart(drawn, names)).toEqual({ body, pointers });
    }),
    { numRuns: 50 },
  );
});

const cutsOf = async (rows: readonly UnloadedRow[], lane: Lane): Promise<Cut[]> => {
  async function* unloaded() {
    yield* rows;
  }
  const cuts: Cut[] = [];
  for await (const cut of cutParts(unloaded(), { channelPolicy: ['push', 'sms'], lane })) cuts.push(cut);
  return cuts;
};

test('people are cut into parts by where they start, full ones first', async () => {
  const rows = Array.from({ length: 2 * PART_SIZE + 2 }, (_, n): UnloadedRow => {
    const sms = { phone: '+1', consents: ',sms:yes,' };
    return { profile_id: `p${n}`, ...(n % 2 ? sms : { push_token: 't', consents: ',push:yes,' }) };
  });
  const cuts = await cutsOf(rows, 'promotional');
  expect(cuts.map(({ step, rows: { length } }) => [step, length])).toEqual([
    [0, PART_SIZE],
    [1, PART_SIZE],
    [0, 1],
    [1, 1],
  ]);
  expect(new Set(cuts.flatMap((cut) => cut.rows.map(({ profileId }) => profileId))).size).toBe(rows.length);
});

const dueCuts = async (count: number, dueOf: (place: number) => number): Promise<Cut[]> => {
  async function* unloaded(): AsyncGenerator<UnloadedRow> {
    for (let n = 0; n < count; n += 1) yield { profile_id: `p${n}`, phone: '+1', consents: ',sms:yes,' };
  }
  const cuts: Cut[] = [];
  const plan = { channelPolicy: ['push', 'sms'] as const, lane: 'promotional' as const };
  for await (const cut of cutParts(unloaded(), { ...plan, channelPolicy: [...plan.channelPolicy] }, dueOf))
    cuts.push(cut);
  return cuts;
};

test('people are cut into parts by when they are due, at the end who is due first', async () => {
  const hours = (place: number) => [7, 0, 9][place % 3] ?? 0;
  const cuts = await dueCuts(3 * PART_SIZE + 5, hours);
  const shape = cuts.map(({ dueMs, step, rows: { length } }) => [dueMs, step, length]);
  expect(shape.slice(0, 3)).toEqual([7, 0, 9].map((dueMs) => [dueMs, 1, PART_SIZE]));
  expect(shape.slice(3)).toEqual([
    [0, 1, 2],
    [7, 1, 2],
    [9, 1, 1],
  ]);
  for (const { dueMs, rows: own } of cuts) {
    expect(own.every(({ profileId }) => hours(Number(profileId.slice(1))) === dueMs)).toBe(true);
  }
  const [, , , first] = cuts;
  expect(snapshotPart(first?.rows ?? [], { ...names, dueMs: 0 }).pointers[0]).not.toHaveProperty('dueMs');
  expect(snapshotPart(first?.rows ?? [], { ...names, dueMs: 9 }).pointers[0]).toHaveProperty('dueMs', 9);
});

test('of hundreds of times no more than fit into memory wait, and nobody is lost', async () => {
  const count = 130_000;
  const cuts = await dueCuts(count, (place) => place % 168);
  expect(cuts.length).toBeGreaterThan(168);
  expect(new Set(cuts.flatMap(({ rows }) => rows.map(({ profileId }) => profileId))).size).toBe(count);
  expect(await dueCuts(count, (place) => place % 168)).toEqual(cuts);
});

test('only a promotional message looks first where no consent is known', async () => {
  const rows: UnloadedRow[] = [
    { profile_id: 'agrees', phone: '+1', consents: ',sms:yes,' },
    { profile_id: 'unknown', phone: '+2', consents: '' },
  ];
  const looked = async (lane: Lane) =>
    (await cutsOf(rows, lane)).flatMap((cut) => cut.rows.filter(({ lookFirst }) => lookFirst));
  expect((await looked('promotional')).map(({ profileId }) => profileId)).toEqual(['unknown']);
  expect(await looked('transactional')).toEqual([]);
});

test('who was erased after the snapshot keeps their place, also where an id is all that a channel needs', async () => {
  const rows: UnloadedRow[] = [{ profile_id: 'ann' }, { profile_id: 'bob' }, { profile_id: 'cy' }];
  const forget = forgetUnloaded(new Set(['bob']));
  const forgotten = rows.map((row) => JSON.parse(forget(JSON.stringify(row)) as string) as UnloadedRow);
  const pointersOf = async (some: readonly UnloadedRow[]) => {
    async function* unloaded() {
      yield* some;
    }
    const pointers: object[] = [];
    for await (const cut of cutParts(unloaded(), { channelPolicy: ['inapp', 'email'], lane: 'transactional' })) {
      pointers.push(...snapshotPart(cut.rows, { ...names, step: cut.step }).pointers);
    }
    return pointers;
  };
  expect(await pointersOf(forgotten)).toEqual(await pointersOf(rows));
});
