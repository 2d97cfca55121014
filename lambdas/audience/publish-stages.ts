import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { leadStageRow, type StageChange } from '../../core/audience/lead.ts';
import { stageAttribute } from '../../core/audience/lead-model.ts';
import { ProfileTooLarge } from '../../core/audience/profile.ts';
import type { WebhookMessage } from '../../core/delivery/webhook.ts';
import type { IntakeMessage } from '../../core/event/event.ts';
import { ownEvent } from '../../core/event/own-event.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { appendRows } from '../adapters/lake.ts';
import { leads } from '../adapters/leads.ts';
import { profiles } from '../adapters/profiles.ts';
import { sendAll } from '../adapters/queues.ts';
import { noteFailures } from '../middleware/note-failures.ts';
import { readEnv } from '../middleware/read-env.ts';
import { logFailure, parseRecords } from '../middleware/sqs-records.ts';
import { changeProfile } from './change-profile.ts';
import { env } from './publish-stages.env.ts';

const environment = readEnv(env);
const erased = erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN);
const leadStates = leads(environment.LEADS_TABLE);
const people = {
  profiles: profiles(environment.PROFILES_TABLE),
  sinks: {
    auditTable: environment.AUDIT_TABLE,
    profilesStream: environment.PROFILES_STREAM,
    intakeQueueUrl: environment.INTAKE_QUEUE_URL,
  },
};

/**
 * Tells the world that a lead has moved to another stage: the profile's attribute, the lake, the systems that it is handed
 * over to, and, last, an event that triggers react to. Running it twice is safe: the attribute becomes what the lead's stage
 * is by then, rows, webhooks and events have the change's id.
 */
export const handler = async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
  const { received, broken } = parseRecords<StageChange>(Records);
  const failed = new Set(broken);
  for (const { record, message } of received) {
    try {
      await publish(message);
    } catch (error) {
      logFailure(record, error);
      failed.add(record);
    }
  }
  await noteFailures(environment.FAILURES_TABLE, failed);
  return { batchItemFailures: [...failed].map(({ messageId }) => ({ itemIdentifier: messageId })) };
};

const publish = async (change: StageChange): Promise<void> => {
  // Nobody is left to tell of.
  if ((await erased())(change.profileId)) return;
  await writeAttribute(change);
  await appendRows(environment.LEAD_STAGES_STREAM, [leadStageRow(change)]);
  await sendAll(
    environment.WEBHOOK_QUEUE_URL,
    change.handOver.map((endpointId) => ({ body: webhookOf(change, endpointId), group: endpointId })),
  );
  await sendAll(environment.INTAKE_QUEUE_URL, [{ body: eventOf(change), group: 'herald' }]);
};

/**
 * Changes may be published in any order, also side by side, so what is written is the stage that the lead has, and it is
 * looked at again afterwards: whoever wrote last has seen the last stage. Of a lead that is gone, as its person was erased,
 * nothing is written.
 */
const writeAttribute = async ({ profileId, modelId }: StageChange): Promise<void> => {
  const current = async () => (await leadStates.get({ profileId, modelId }))?.state.stage;
  let written: string | undefined;
  for (let stage = await current(); stage !== undefined && stage !== written; stage = await current()) {
    await write(profileId, stageAttribute(modelId), stage);
    written = stage;
  }
};

/** A profile that is full keeps nobody from hearing of the change. */
const write = async (profileId: string, attribute: string, stage: string): Promise<void> => {
  try {
    await changeProfile(people, profileId, { attributes: { [attribute]: stage } }, 'herald', Date.now());
  } catch (error) {
    if (!(error instanceof ProfileTooLarge)) throw error;
    console.error({ message: 'A stage finds no room in its profile', attribute, error: String(error) });
  }
};

const webhookOf = ({ id, handOver: _, ...change }: StageChange, endpointId: string): WebhookMessage => ({
  endpointId,
  id,
  type: 'lead.stage_changed',
  atMs: change.atMs,
  data: { changeId: id, ...change },
});

const eventOf = ({
  id,
  profileId,
  modelId,
  modelName,
  from,
  stage,
  score,
  cause,
  by,
  atMs,
}: StageChange): IntakeMessage => {
  const properties = { model: modelId, modelName, from, stage, score, cause, ...(by !== undefined && { by }) };
  const event = ownEvent({ id, type: 'herald.lead.stage-changed', profileId, timeMs: atMs, properties });
  return { source: event.source, receivedMs: event.receivedMs, events: [event] };
};
