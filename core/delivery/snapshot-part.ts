import { BATCH_SIZE, type PlanRef, type SnapshotMessage, type SnapshotRow } from './messages.ts';

/**
 * One part of a snapshot, of people who start at the same step: its text (NDJSON) and the pointers to its batches. The same rows always give the same part and
 * the same pointers, so dispatching a file again repeats messages that the ledger knows.
 */
export const snapshotPart = (
  rows: readonly SnapshotRow[],
  { plan, runId, part, step }: { plan: PlanRef; runId: string; part: string; step: number },
): { body: Uint8Array; pointers: SnapshotMessage[] } => {
  const batches: Buffer[] = [];
  const pointers: SnapshotMessage[] = [];
  let offset = 0;
  for (let at = 0; at < rows.length; at += BATCH_SIZE) {
    const batch = rows.slice(at, at + BATCH_SIZE);
    const text = Buffer.from(batch.map((row) => `${JSON.stringify(row)}\n`).join(''));
    pointers.push({
      kind: 'snapshot',
      plan,
      runId,
      part,
      batch: pointers.length,
      offset,
      bytes: text.length,
      count: batch.length,
      step,
    });
    batches.push(text);
    offset += text.length;
  }
  return { body: Buffer.concat(batches), pointers };
};
