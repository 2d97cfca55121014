import type { Context } from 'aws-lambda';
import { HELD_OUT } from '../../core/audience/arms-sql.ts';
import type { UnloadedRow } from '../../core/audience/segment-queries.ts';
import { NOT_AT_ALL } from '../../core/delivery/due-table.ts';
import { heldOutRow } from '../../core/delivery/held-out.ts';
import type { PlanRef } from '../../core/delivery/messages.ts';
import { channelsOf } from '../../core/delivery/policy.ts';
import { type Cut, cutParts, snapshotPart } from '../../core/delivery/snapshot-part.ts';
import { partUnit } from '../../core/delivery/work.ts';
import { durationMs } from '../../core/event/duration.ts';
import { isPopulationRow } from '../../core/measurement/activity-sql.ts';
import { begun } from '../../core/strategy/campaign-decisions.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { PlanCancelled } from '../../core/strategy/plan-cancelled.ts';
import { definitions } from '../adapters/definitions.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { heldMessages } from '../adapters/held-messages.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { appendRows } from '../adapters/lake.ts';
import { ledger } from '../adapters/ledger.ts';
import { gunzipLines } from '../adapters/lines.ts';
import { readObject, writeObject } from '../adapters/objects.ts';
import { plans } from '../adapters/plans.ts';
import { sendAll } from '../adapters/queues.ts';
import { wakeSchedules } from '../adapters/schedules.ts';
import { sendQueueUrl } from '../adapters/send-queues.ts';
import { unloadedFiles } from '../adapters/unloaded-files.ts';
import { readEnv } from '../middleware/read-env.ts';
import { changeCampaign, isRefusal } from '../strategy/change-campaign.ts';
import { env } from './dispatch-snapshot.env.ts';
import { settleDueTimes } from './settle-due-times.ts';

const environment = readEnv(env);
const { WORK_BUCKET, LEDGER_TABLE, DEFINITIONS_TABLE, AUDIT_TABLE, OUTCOMES_STREAM } = environment;
const store = { defs: definitions(DEFINITIONS_TABLE), sinks: { auditTable: AUDIT_TABLE } };
const known = plans(DEFINITIONS_TABLE);
const progress = ledger(LEDGER_TABLE);
const erased = erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN);
const held = heldMessages(environment.TIMERS_TABLE, wakeSchedules(environment), () => Date.now());

/** Pointers put where they wait at once: each is a write of its own. */
const PARALLEL_HOLDS = 25;

/** With less time left no part is begun. One takes well under a second, a throttled queue a while. */
const ENOUGH_MS = 60_000;

/** There is more to dispatch than one invocation has time for. The state machine asks again on this name. */
class MoreToDispatch extends Error {
  override name = 'MoreToDispatch';
}

/**
 * `manifest` is the S3 address of Athena's list of files; absent when the query wrote none. `rest`: those go now who have waited for
 * the decision of an experiment; they get the version `hash`, and `parts` are there already.
 */
type Task = {
  campaignId: string;
  hash: string;
  runId: string;
  manifest?: string;
  rest?: { hash: string; parts: number };
};

/**
 * Task of run-campaign: turns the campaign to `sending`, cuts the files that the snapshot's UNLOAD wrote into parts of
 * 10,000 recipients, and sends pointers to them, 100 recipients each, to send queues. People go to the first channel of
 * the policy that can reach them (see firstStep), in parts of their own, so that batches are full and nobody costs a step
 * without effect; so do those who are due at one time, and their pointers wait for it where messages of quiet hours wait
 * (decision 0029). Who is held out gets no pointer, only an outcome; each variant has parts of its own, whose pointers name its version
 * (decision 0033). Streams: memory holds what waits to be a part. `lastDue`: nobody is due after it; `testSeconds`: for so long an
 * experiment is to be waited for after that.
 *
 * Running it twice is safe: the same files give the same parts and pointers in the same order, the ledger lets each act
 * once, and of the parts that it knows only the last one is sent again, for that may be unfinished. Throws PlanCancelled,
 * and MoreToDispatch when time is short.
 */
export const handler = async (
  { campaignId, hash, runId, manifest, rest }: Task,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<{ parts: number; lastDue: string; testSeconds: number }> => {
  const result = await changeCampaign(store, campaignId, MACHINE, Date.now(), (campaign) => {
    if (campaign.state === 'cancelled') throw new PlanCancelled(`Campaign ${campaignId} is cancelled`);
    return begun(campaign, runId);
  });
  if (!result) throw new Error(`Campaign ${campaignId} is gone`);
  if (isRefusal(result)) throw new Error(`Campaign ${campaignId} cannot be sent: ${result.detail}`);
  const plan: PlanRef = { kind: 'campaign', id: campaignId, hash };
  const version = await known.planOf(plan);
  const { channelPolicy, lane, deadline, sendTime, ifLate, variants = [], experiment } = version;
  const startMs = (rest && result.run?.decision?.atMs) ?? result.run?.startedMs ?? Date.now();
  /** The version that the senders of an arm's recipients are given. */
  const planOf = (arm: number | undefined): PlanRef => ({
    ...plan,
    hash: rest?.hash ?? variants[arm ?? -1]?.hash ?? hash,
  });
  const isWanted = (arm: number | undefined) => (arm === variants.length) === (rest !== undefined);
  const dead = deadline && { deadlineMs: startMs + durationMs(deadline) };
  const files = manifest ? await unloadedFiles(WORK_BUCKET, manifest) : [];
  const due =
    sendTime &&
    (await settleDueTimes(
      {
        bucket: WORK_BUCKET,
        key: `snapshots/${runId}/due-times${rest ? '-rest' : ''}`,
        rows: () => unloadedRows(files),
      },
      { sendTime, ifLate, runId, startMs, channels: channelsOf(channelPolicy), settings: await known.settings() },
    ));
  // Parts are dispatched in order, each known before its pointers go out: all but the last one are out.
  const out = (await progress.parts(runId)).length - 1;

  /** A part of who is held out has no batches, and is done: their outcomes are all there is to do. */
  const leaveOut = async (part: string, rows: Cut['rows']) => {
    const isErased = await erased();
    const nowMs = Date.now();
    const known = rows.filter(({ profileId, erased: gone }) => gone === undefined && !isErased(profileId));
    await appendRows(
      OUTCOMES_STREAM,
      known.map(({ profileId }) => heldOutRow(plan, runId, profileId, nowMs)),
    );
    await progress.registerPart({ run: runId, unit: partUnit(part) }, { batches: 0, recipients: rows.length }, nowMs);
  };

  const dispatch = async (part: string, { step, dueMs, arm, rows }: Cut) => {
    const channel = channelsOf(channelPolicy)[step];
    if (!channel) throw new Error(`${campaignId}@${hash} has no channel`);
    if (context.getRemainingTimeInMillis() < ENOUGH_MS) throw new MoreToDispatch(`${part} is next`);
    if (await known.stopOf(plan)) throw new PlanCancelled(`Campaign ${campaignId} is cancelled`);
    if (arm === HELD_OUT) return leaveOut(part, rows);
    const { body, pointers } = snapshotPart(rows, {
      plan: planOf(arm),
      runId,
      part,
      step,
      // Whom it would reach too late counts as that: the senders settle them.
      ...(dueMs === NOT_AT_ALL ? { dueMs: 0, deadlineMs: startMs - 1 } : { dueMs, ...dead }),
    });
    await writeObject(WORK_BUCKET, part, body);
    const size = { batches: pointers.length, recipients: rows.length };
    await progress.registerPart({ run: runId, unit: partUnit(part) }, size, Date.now());
    if (dueMs > Date.now()) {
      await inParallel(PARALLEL_HOLDS, pointers, (message) => held.hold({ channel, lane, message }, dueMs));
    } else {
      await sendAll(
        sendQueueUrl(environment, channel, lane),
        pointers.map((body) => ({ body, group: campaignId })),
      );
    }
  };

  let parts = rest?.parts ?? 0;
  const dueOf = due && ((place: number) => due.times[due.indexes[place] ?? 0] ?? 0);
  for await (const cut of cutParts(recipientRows(files), version, dueOf, isWanted)) {
    if (parts >= out) await dispatch(`snapshots/${runId}/parts/${parts}.ndjson`, cut);
    parts += 1;
  }
  const lastDue = new Date(Math.max(startMs, ...(due?.times ?? []))).toISOString();
  return { parts, lastDue, testSeconds: (experiment?.minimumHours ?? 0) * 3_600 };
};

async function* recipientRows(files: readonly string[]): AsyncGenerator<UnloadedRow> {
  for await (const row of unloadedRows(files)) if (!isPopulationRow(row)) yield row;
}

/** Lines of all files, one at a time. */
async function* unloadedRows(files: readonly string[]): AsyncGenerator<UnloadedRow> {
  for (const file of files) {
    for await (const line of gunzipLines(await readObject(WORK_BUCKET, file))) yield JSON.parse(line) as UnloadedRow;
  }
}
