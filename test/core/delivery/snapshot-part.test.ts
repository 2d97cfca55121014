import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BATCH_SIZE, type SnapshotRow } from '../../../core/delivery/messages.ts';
import { snapshotPart } from '../../../core/delivery/snapshot-part.ts';

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
