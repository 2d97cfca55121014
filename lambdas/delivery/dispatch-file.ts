import { allowedChannels, snapshotRow, type UnloadedRow } from '../../core/audience/segment-queries.ts';
import { firstStep } from '../../core/delivery/channel.ts';
import { PART_SIZE, type PlanRef, type SnapshotRow } from '../../core/delivery/messages.ts';
import { snapshotPart } from '../../core/delivery/snapshot-part.ts';
import { partUnit } from '../../core/delivery/work.ts';
import { PlanCancelled } from '../../core/strategy/plan-cancelled.ts';
import { ledger } from '../adapters/ledger.ts';
import { gunzipLines } from '../adapters/lines.ts';
import { readObject, writeObject } from '../adapters/objects.ts';
import { plans } from '../adapters/plans.ts';
import { sendAll } from '../adapters/queues.ts';
import { sendQueueUrl } from '../adapters/send-queues.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './dispatch-file.env.ts';

const environment = readEnv(env);
const { WORK_BUCKET, LEDGER_TABLE, DEFINITIONS_TABLE } = environment;
const known = plans(DEFINITIONS_TABLE);
const progress = ledger(LEDGER_TABLE);

/** `file` is the S3 key of one file of the snapshot, `index` its place among them. */
type Input = { campaignId: string; hash: string; runId: string; file: string; index: number };

/**
 * Cuts one file of a snapshot into parts of 10,000 recipients and sends pointers to them, 100 recipients each, to send
 * queues. People go to the first channel of the policy that can reach them (see firstStep), in parts of their own, so
 * that batches are full and nobody costs a step without effect. Streams: memory holds one part a channel. Running it
 * twice is safe: the same file gives the same parts and pointers, and the ledger lets each act once. Throws PlanCancelled.
 */
export const handler = async ({ campaignId, hash, runId, file, index }: Input) => {
  const plan: PlanRef = { kind: 'campaign', id: campaignId, hash };
  const { channelPolicy, lane } = await known.planOf(plan);
  const totals = { parts: 0, recipients: 0 };

  const dispatch = async (step: number, rows: readonly SnapshotRow[]) => {
    const channel = channelPolicy[step];
    if (!channel) throw new Error(`${campaignId}@${hash} has no channel`);
    if (await known.stopOf(plan)) throw new PlanCancelled(`Campaign ${campaignId} is cancelled`);
    const part = `snapshots/${runId}/parts/${index}-${totals.parts}.ndjson`;
    const { body, pointers } = snapshotPart(rows, { plan, runId, part, step });
    await writeObject(WORK_BUCKET, part, body);
    await progress.registerPart({ run: runId, unit: partUnit(part) }, pointers.length, Date.now());
    await sendAll(
      sendQueueUrl(environment, channel, lane),
      pointers.map((body) => ({ body, group: campaignId })),
    );
    totals.parts += 1;
    totals.recipients += rows.length;
  };

  const waiting = new Map<number, SnapshotRow[]>(channelPolicy.map((_, step) => [step, []]));
  for await (const line of gunzipLines(await readObject(WORK_BUCKET, file))) {
    const unloaded = JSON.parse(line) as UnloadedRow;
    const row = snapshotRow(unloaded);
    const { step, allowed } = firstStep(channelPolicy, row, allowedChannels(unloaded));
    const rows = waiting.get(step) ?? [];
    rows.push(allowed ? row : { ...row, lookFirst: true });
    waiting.set(step, rows);
    if (rows.length === PART_SIZE) {
      await dispatch(step, rows);
      waiting.set(step, []);
    }
  }
  for (const [step, rows] of waiting) if (rows.length > 0) await dispatch(step, rows);
  return totals;
};
