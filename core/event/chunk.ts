import type { AcceptedEvent, IntakeMessage } from './event.ts';

/** One event is at most this many bytes of JSON (UTF-8): the unit that SQS and EventBridge bill. */
export const MAX_EVENT_BYTES = 60 * 1024;

/**
 * Packs events of one source into as few queue messages as fit: SQS bills each 64 KB as a request. A message holds at
 * most 60 KB of events, or one event alone.
 */
export const chunkEvents = (source: string, receivedMs: number, events: readonly AcceptedEvent[]): IntakeMessage[] => {
  const messages: IntakeMessage[] = [];
  let room = 0;
  for (const event of events) {
    const bytes = Buffer.byteLength(JSON.stringify(event)) + 1;
    if (bytes > room) {
      messages.push({ source, receivedMs, events: [] });
      room = MAX_EVENT_BYTES;
    }
    messages.at(-1)?.events.push(event);
    room -= bytes;
  }
  return messages;
};
