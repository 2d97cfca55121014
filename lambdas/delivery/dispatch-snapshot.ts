import type { Context } from 'aws-lambda';
import { knownConsents, snapshotRow, type UnloadedRow } from '../../core/audience/segment-queries.ts';
import { firstStep } from '../../core/delivery/channel.ts';
import { PART_SIZE, type PlanRef, type SnapshotRow } from '../../core/delivery/messages.ts';
import { snapshotPart } from '../../core/delivery/snapshot-part.ts';
import { partUnit } from '../../core/delivery/work.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { type Decision, MACHINE } from '../../core/strategy/campaign-decisions.ts';
import { nextState } from '../../core/strategy/campaign-states.ts';
import { PlanCancelled } from '../../core/strategy/plan-cancelled.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { definitions } from '../adapters/definitions.ts';
import { ledger } from '../adapters/ledger.ts';
import { gunzipLines } from '../adapters/lines.ts';
import { readObject, writeObject } from '../adapters/objects.ts';
import { plans } from '../adapters/plans.ts';
import { sendAll } from '../adapters/queues.ts';
import { sendQueueUrl } from '../adapters/send-queues.ts';
import { readEnv } from '../middleware/read-env.ts';
import { changeCampaign, isRefusal } from '../strategy/change-campaign.ts';
import { env } from './dispatch-snapshot.env.ts';

const environment = readEnv(env);
const { WORK_BUCKET, LEDGER_TABLE, DEFINITIONS_TABLE, AUDIT_TABLE } = environment;
const store = { defs: definitions(DEFINITIONS_TABLE), sinks: { auditTable: AUDIT_TABLE } };
const known = plans(DEFINITIONS_TABLE);
const progress = ledger(LEDGER_TABLE);

/** With less time left no part is begun. One takes well under a second, a throttled queue a while. */
const ENOUGH_MS = 60_000;

/** There is more to dispatch than one invocation has time for. The state machine asks again on this name. */
class MoreToDispatch extends Error {
  override name = 'MoreToDispatch';
}

/** `manifest` is the S3 address of Athena's list of files; absent when the query wrote none. */
type Task = { campaignId: string; hash: string; runId: string; manifest?: string };

/**
 * Task of run-campaign: turns the campaign to `sending`, cuts the files that the snapshot's UNLOAD wrote into parts of
 * 10,000 recipients, and sends pointers to them, 100 recipients each, to send queues. People go to the first channel of
 * the policy that can reach them (see firstStep), in parts of their own, so that batches are full and nobody costs a step
 * without effect. Streams: memory holds one part a step.
 *
 * Running it twice is safe: the same files give the same parts and pointers in the same order, the ledger lets each act
 * once, and of the parts that it knows only the last one is sent again, for that may be unfinished. Throws PlanCancelled,
 * and MoreToDispatch when time is short. Only the manifest is trusted, for an UNLOAD that failed leaves files behind.
 */
export const handler = async (
  { campaignId, hash, runId, manifest }: Task,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<{ parts: number }> => {
  const begun = await changeCampaign(store, campaignId, MACHINE, Date.now(), (campaign) => begin(campaign, runId));
  if (!begun) throw new Error(`Campaign ${campaignId} is gone`);
  if (isRefusal(begun)) throw new Error(`Campaign ${campaignId} cannot be sent: ${begun.detail}`);
  const plan: PlanRef = { kind: 'campaign', id: campaignId, hash };
  const version = await known.planOf(plan);
  const { channelPolicy, lane } = version;
  const files = manifest ? await filesOf(manifest) : [];
  // Parts are dispatched in order, each known before its pointers go out: all but the last one are out.
  const out = (await progress.parts(runId)).length - 1;

  const dispatch = async (part: string, { step, rows }: Cut) => {
    const channel = channelPolicy[step];
    if (!channel) throw new Error(`${campaignId}@${hash} has no channel`);
    if (context.getRemainingTimeInMillis() < ENOUGH_MS) throw new MoreToDispatch(`${part} is next`);
    if (await known.stopOf(plan)) throw new PlanCancelled(`Campaign ${campaignId} is cancelled`);
    const { body, pointers } = snapshotPart(rows, { plan, runId, part, step });
    await writeObject(WORK_BUCKET, part, body);
    const size = { batches: pointers.length, recipients: rows.length };
    await progress.registerPart({ run: runId, unit: partUnit(part) }, size, Date.now());
    await sendAll(
      sendQueueUrl(environment, channel, lane),
      pointers.map((body) => ({ body, group: campaignId })),
    );
  };

  let parts = 0;
  for await (const cut of partsOf(files, version)) {
    if (parts >= out) await dispatch(`snapshots/${runId}/parts/${parts}.ndjson`, cut);
    parts += 1;
  }
  return { parts };
};

/** Recipients that start at the same step: a part, once there are enough of them. */
type Cut = { step: number; rows: SnapshotRow[] };

async function* partsOf(files: readonly string[], { channelPolicy, lane }: PlanVersion): AsyncGenerator<Cut> {
  const waiting = channelPolicy.map((_, step): Cut => ({ step, rows: [] }));
  for (const file of files) {
    for await (const line of gunzipLines(await readObject(WORK_BUCKET, file))) {
      const unloaded = JSON.parse(line) as UnloadedRow;
      const row = snapshotRow(unloaded);
      const { step, sure } = firstStep(channelPolicy, row, knownConsents(unloaded));
      const cut = waiting[step] as Cut;
      cut.rows.push(sure || lane === 'transactional' ? row : { ...row, lookFirst: true });
      if (cut.rows.length < PART_SIZE) continue;
      yield cut;
      waiting[step] = { step, rows: [] };
    }
  }
  for (const cut of waiting) if (cut.rows.length > 0) yield cut;
}

const begin = (campaign: Campaign, runId: string): Decision => {
  if (campaign.state === 'cancelled') throw new PlanCancelled(`Campaign ${campaign.id} is cancelled`);
  if (campaign.state === 'sending') return { kind: 'same', campaign };
  const state = nextState(campaign.state, 'send');
  return state
    ? { kind: 'change', action: 'send', campaign: { ...campaign, state }, detail: runId }
    : { kind: 'refuse', problem: 'state-conflict', detail: `A campaign that is ${campaign.state} takes no send` };
};

const filesOf = async (manifest: string): Promise<string[]> => {
  const lines = (await (await readObject(WORK_BUCKET, keyOf(manifest))).text()).split(/\r?\n/);
  const addresses = lines.map((line) => line.trim().replace(/^"(.*)"$/, '$1')).filter((line) => line !== '');
  return addresses.map(keyOf).sort();
};

/** Key of `s3://<work bucket>/<key>`. Throws for another bucket: the run would read files that are not its own. */
const keyOf = (address: string): string => {
  const prefix = `s3://${WORK_BUCKET}/`;
  if (!address.startsWith(prefix)) throw new Error(`${address} is not in ${prefix}`);
  return address.slice(prefix.length);
};
