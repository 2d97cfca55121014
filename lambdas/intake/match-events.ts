import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Channel, Lane } from '../../core/delivery/channel.ts';
import type { AcceptedEvent, EventRow, IntakeMessage } from '../../core/event/event.ts';
import { indexByType } from '../../core/event/match-trigger.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import { cached } from '../adapters/cache.ts';
import { definitions } from '../adapters/definitions.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { appendRows } from '../adapters/lake.ts';
import { sendAll } from '../adapters/queues.ts';
import { sendQueueUrl } from '../adapters/send-queues.ts';
import { windows } from '../adapters/windows.ts';
import { readEnv } from '../middleware/read-env.ts';
import { logFailure, parseRecords } from '../middleware/sqs-records.ts';
import { env } from './match-events.env.ts';
import { messagesOfEvent, type Triggered } from './messages-of-event.ts';

const environment = readEnv(env);
const defs = definitions(environment.DEFINITIONS_TABLE);
const windowStates = windows(environment.WINDOWS_TABLE);

/** A trigger that is activated, changed or paused acts within this time and the second of a request. */
const TRIGGERS_MAX_AGE_MS = 5_000;
const activeTriggers = cached(TRIGGERS_MAX_AGE_MS, async () =>
  indexByType((await defs.all<Trigger>('trigger')).map(({ id, version, body }) => ({ ...body, id, version }))),
);

/** People whose windows are worked on at once. */
const PARALLEL_PEOPLE = 20;

type Job = { record: SQSRecord; event: AcceptedEvent; triggers: Trigger[] };

/**
 * Writes events to the lake, then asks triggers what to send. Running it twice is safe: lake rows are deduplicated by
 * source and id, windows know their events, and a message that is queued again finds itself in the ledger.
 */
export const handler = async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
  const { received: intake, broken } = parseRecords<IntakeMessage>(Records);
  await appendRows(
    environment.EVENTS_STREAM,
    intake.flatMap(({ message }) => message.events.map(rowOf)),
  );

  const byType = await activeTriggers('all');
  const jobs = intake.flatMap(({ record, message }) =>
    message.events.flatMap((event): Job[] => {
      const triggers = byType.get(event.type);
      return triggers ? [{ record, event, triggers }] : [];
    }),
  );
  const failed = new Set<SQSRecord>(broken);
  const found: { record: SQSRecord; triggered: Triggered }[] = [];
  // Events of one person one after the other: side by side they would only fight for the same window.
  const people = [...Map.groupBy(jobs, ({ event }) => event.profileId).values()];
  await inParallel(PARALLEL_PEOPLE, people, async (own) => {
    for (const { record, event, triggers } of own) {
      try {
        for (const triggered of await messagesOfEvent(triggers, windowStates, event, Date.now())) {
          found.push({ record, triggered });
        }
      } catch (error) {
        logFailure(record, error);
        failed.add(record);
      }
    }
  });
  await enqueue(found, failed);
  return { batchItemFailures: [...failed].map(({ messageId }) => ({ itemIdentifier: messageId })) };
};

const rowOf = ({ id, type, profileId, source, timeMs, receivedMs, properties }: AcceptedEvent): EventRow => ({
  id,
  type,
  profile_id: profileId,
  source,
  time_ms: timeMs,
  received_ms: receivedMs,
  properties: JSON.stringify(properties),
});

/** To the queue of each plan's first channel and lane; a queue that refuses fails the records that fed it. */
const enqueue = async (found: readonly { record: SQSRecord; triggered: Triggered }[], failed: Set<SQSRecord>) => {
  const byQueue = Map.groupBy(found, ({ triggered: { trigger } }) =>
    sendQueueUrl(environment, trigger.channelPolicy[0] as Channel, trigger.lane as Lane),
  );
  for (const [url, group] of byQueue) {
    try {
      await sendAll(
        url,
        group.map(({ triggered: { message } }) => ({ body: message, group: message.plan.id })),
      );
    } catch (error) {
      for (const { record } of group) {
        logFailure(record, error);
        failed.add(record);
      }
    }
  }
};
