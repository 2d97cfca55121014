import { HELD_OUT } from '../audience/arms-sql.ts';
import { armOf, knownConsents, snapshotRow, type UnloadedRow } from '../audience/segment-queries.ts';
import type { PlanVersion } from '../strategy/plan-version.ts';
import { firstStep } from './channel.ts';
import { BATCH_SIZE, ERASED, PART_SIZE, type SnapshotMessage, type SnapshotRow } from './messages.ts';
import { channelsOf } from './policy.ts';

/**
 * Recipients that start at the same step of the policy, at the same time (epoch ms; 0: at once), in the same arm: what a part is made of.
 * Who is held out starts nowhere.
 */
export type Cut = { step: number; dueMs: number; arm: number | undefined; rows: SnapshotRow[] };

/** So many recipients wait for others of their kind at most: of ten steps and times, or of hundreds, they fit into memory. */
const MAX_WAITING = 100_000;

/**
 * Sorts people by arm, and by when and at which step they start, and gives each 10,000 of one kind away as soon as they are together; the
 * largest kind when too many wait; the rest at the end, who is due first first. The same rows in the same order always give the same cuts.
 * `dueOf`: when somebody is due, by their place among the recipients. `isWanted`: whose arms are cut.
 */
export async function* cutParts(
  unloaded: AsyncIterable<UnloadedRow>,
  { channelPolicy, lane }: Pick<PlanVersion, 'channelPolicy' | 'lane'>,
  dueOf: (place: number) => number = () => 0,
  isWanted: (arm: number | undefined) => boolean = () => true,
): AsyncGenerator<Cut> {
  const policy = channelsOf(channelPolicy);
  const waiting = new Map<string, Cut>();
  let [place, held] = [0, 0];
  for await (const one of unloaded) {
    const arm = armOf(one);
    place += 1;
    if (!isWanted(arm)) continue;
    const row = snapshotRow(one);
    // Who was erased since has no id any more, and keeps their place among the others.
    const addresses = row.erased === undefined ? row : { ...row, profileId: ERASED };
    const { step, sure } = firstStep(policy, addresses, knownConsents(one));
    const at = arm === HELD_OUT ? { step: 0, dueMs: 0, arm } : { step, dueMs: dueOf(place - 1), arm };
    const kind = kindOf(at);
    const cut = waiting.get(kind) ?? { ...at, rows: [] };
    waiting.set(kind, cut);
    cut.rows.push(sure || lane === 'transactional' ? row : { ...row, lookFirst: true });
    held += 1;
    if (cut.rows.length < PART_SIZE && held < MAX_WAITING) continue;
    const full = cut.rows.length < PART_SIZE ? largestOf(waiting.values()) : cut;
    waiting.delete(kindOf(full));
    held -= full.rows.length;
    yield full;
  }
  yield* [...waiting.values()].sort((a, b) => a.dueMs - b.dueMs || a.step - b.step || (a.arm ?? 0) - (b.arm ?? 0));
}

const kindOf = ({ step, dueMs, arm }: Omit<Cut, 'rows'>): string => `${dueMs} ${step} ${arm}`;

const largestOf = (cuts: Iterable<Cut>): Cut =>
  [...cuts].reduce((largest, cut) => (cut.rows.length > largest.rows.length ? cut : largest));

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
  shared: Pick<SnapshotMessage, 'plan' | 'runId' | 'part' | 'step' | 'dueMs' | 'deadlineMs'>,
): { body: Uint8Array; pointers: SnapshotMessage[] } => {
  const { plan, runId, part, step, dueMs, deadlineMs } = shared;
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
      ...(dueMs && { dueMs }),
      ...(deadlineMs !== undefined && { deadlineMs }),
    });
    batches.push(text);
    offset += text.length;
  }
  return { body: Buffer.concat(batches), pointers };
};
