import type { EventBridgeEvent } from 'aws-lambda';
import { acceptEvents } from '../../core/event/accept.ts';
import { chunkEvents } from '../../core/event/chunk.ts';
import { type DETAIL_TYPE_MANY, DETAIL_TYPE_ONE, MAX_EVENTS_PER_CALL } from '../../core/event/event.ts';
import { groupOf } from '../../core/event/group-of.ts';
import { OWN_SOURCE } from '../../core/event/own-event.ts';
import { sendAll } from '../adapters/queues.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './accept-bus-events.env.ts';

const { INTAKE_QUEUE_URL } = readEnv(env);

type BusEvent = EventBridgeEvent<typeof DETAIL_TYPE_ONE | typeof DETAIL_TYPE_MANY, unknown>;

/**
 * Events from the bus join those of the HTTP API in the intake queue; their source is EventBridge's. Nobody waits for an
 * answer, so refused events are logged, and not retried. An event without a time of its own happened when EventBridge says,
 * which a redelivery does not change. Running it twice is safe: an event id acts once.
 */
export const handler = async (event: BusEvent): Promise<void> => {
  const { source } = event;
  if (source === OWN_SOURCE) {
    refuse(event, {
      reason: 'reserved-source',
      message: `The source ${OWN_SOURCE} is of events that Herald makes itself`,
    });
    return;
  }
  const nowMs = Date.now();
  const values = event['detail-type'] === DETAIL_TYPE_ONE ? [event.detail] : eventsOf(event.detail);
  if (values.length > MAX_EVENTS_PER_CALL) {
    refuse(event, { reason: 'too-many-events', message: `${values.length} events in one envelope` });
    return;
  }
  const { events, results } = acceptEvents(values, source, nowMs, Date.parse(event.time));
  for (const result of results) if (result.status === 'refused') refuse(event, result);
  const group = groupOf(source);
  await sendAll(
    INTAKE_QUEUE_URL,
    chunkEvents(source, nowMs, events).map((body) => ({ body, group })),
  );
};

/** An envelope of the wrong form counts as one event, which is then refused with its reason. */
const eventsOf = (detail: unknown): unknown[] => {
  const events = typeof detail === 'object' && detail !== null && 'events' in detail ? detail.events : undefined;
  return Array.isArray(events) ? events : [events];
};

const refuse = ({ id, source }: BusEvent, result: { reason: string; message?: string }) =>
  console.warn({ ...result, message: 'Event from the bus refused', why: result.message, busEventId: id, source });
