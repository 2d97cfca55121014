import { chunkEvents } from '../../core/event/chunk.ts';
import type { AcceptedEvent } from '../../core/event/event.ts';
import { groupOf } from '../../core/event/group-of.ts';
import { OWN_SOURCE } from '../../core/event/own-event.ts';
import { sendAll } from './queues.ts';

/** Puts events of Herald's own into the intake queue. Resolves when SQS holds them; sending them again is harmless. */
export const sendOwnEvents = async (intakeQueueUrl: string, events: readonly AcceptedEvent[]): Promise<void> => {
  const group = groupOf(OWN_SOURCE);
  const receivedMs = Math.max(0, ...events.map((event) => event.receivedMs));
  await sendAll(
    intakeQueueUrl,
    chunkEvents(OWN_SOURCE, receivedMs, events).map((body) => ({ body, group })),
  );
};
