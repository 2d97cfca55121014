import { knownConsents, snapshotRow, type UnloadedRow } from '../audience/segment-queries.ts';
import type { PlanVersion } from '../strategy/plan-version.ts';
import { firstStep } from './channel.ts';
import { BATCH_SIZE, ERASED, PART_SIZE, type SnapshotMessage, type SnapshotRow } from './messages.ts';
import { channelsOf } from './policy.ts';

/** Recipients that start at the same step of the policy: what a part is made of. */
export type Cut = { step: number; rows: SnapshotRow[] };

/**
 * Sorts people by the step at which they start, and gives each 10,000 of one step away as soon as they are together, the
 * rest at the end. The same rows in the same order always give the same cuts.
 */
export async function* cutParts(
  unloaded: AsyncIterable<UnloadedRow>,
  { channelPolicy, lane }: Pick<PlanVersion, 'channelPolicy' | 'lane'>,
): AsyncGenerator<Cut> {
  const policy = channelsOf(channelPolicy);
  const waiting = policy.map((_, step): Cut => ({ step, rows: [] }));
  for await (const one of unloaded) {
    const row = snapshotRow(one);
    // Who was erased since has no id any more, and keeps their place among the others.
    const addresses = row.erased === undefined ? row : { ...row, profileId: ERASED };
    const { step, sure } = firstStep(policy, addresses, knownConsents(one));
    const cut = waiting[step] as Cut;
    cut.rows.push(sure || lane === 'transactional' ? row : { ...row, lookFirst: true });
    if (cut.rows.length < PART_SIZE) continue;
    yield cut;
    waiting[step] = { step, rows: [] };
  }
  for (const cut of waiting) if (cut.rows.length > 0) yield cut;
}

const LOOK_FIRST = ',"lookFirst":true'.length;

/** Of somebody who was erased a blank line, as long as the line was: a part that is cut again has the same pointers. */
const lineOf = (row: SnapshotRow): string =>
  row.erased === undefined ? JSON.stringify(row) : '{}'.padEnd(row.erased + (row.lookFirst ? LOOK_FIRST : 0));

/**
 * One part of a snapshot: its text (NDJSON) and the pointers to its batches. The same rows always give the same part and
 * the same pointers, so dispatching it again repeats messages that the ledger knows.
 */
export const snapshotPart = (
  rows: readonly SnapshotRow[],
  { plan, runId, part, step, deadlineMs }: Pick<SnapshotMessage, 'plan' | 'runId' | 'part' | 'step' | 'deadlineMs'>,
): { body: Uint8Array; pointers: SnapshotMessage[] } => {
  const batches: Buffer[] = [];
  const pointers: SnapshotMessage[] = [];
  let offset = 0;
  for (let at = 0; at < rows.length; at += BATCH_SIZE) {
    const batch = rows.slice(at, at + BATCH_SIZE);
    const text = Buffer.from(batch.map((row) => `${lineOf(row)}\n`).join(''));
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
      ...(deadlineMs !== undefined && { deadlineMs }),
    });
    batches.push(text);
    offset += text.length;
  }
  return { body: Buffer.concat(batches), pointers };
};
