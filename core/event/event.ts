import * as z from 'zod/mini';

/** One event as an app sends it. `time` is when it happened (event time); Herald adds the time it was taken in. */
export const eventInput = z.strictObject({
  /** Unique within its source; a repeated id acts once. */
  id: z.string().check(z.minLength(1), z.maxLength(128)),
  type: z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/)),
  profileId: z.string().check(z.minLength(1), z.maxLength(128)),
  /** ISO 8601 with zone. Absent: the time of intake. */
  time: z.optional(z.iso.datetime({ offset: true })),
  properties: z.optional(z.record(z.string(), z.json())),
});
export type EventInput = z.infer<typeof eventInput>;

/** An event that Herald has accepted. Times are epoch milliseconds, so that every evaluator compares plain numbers. */
export type AcceptedEvent = {
  id: string;
  type: string;
  profileId: string;
  source: string;
  timeMs: number;
  receivedMs: number;
  properties: Record<string, unknown>;
};

/** One event is at most this many bytes of JSON (UTF-8): the unit that SQS and EventBridge bill. */
export const MAX_EVENT_BYTES = 60 * 1024;
export const MAX_EVENTS_PER_CALL = 100;

/** EventBridge detail types of I2. `Herald Event` carries one event as detail, `Herald Events` carries `{events: [...]}`. */
export const DETAIL_TYPE_ONE = 'Herald Event';
export const DETAIL_TYPE_MANY = 'Herald Events';

/** Body of one message in the intake queue. All its events come from one source, which is also its MessageGroupId. */
export type IntakeMessage = { source: string; receivedMs: number; events: AcceptedEvent[] };

/** A row of the lake table `events`. `properties` is JSON text. */
export type EventRow = {
  id: string;
  type: string;
  profile_id: string;
  source: string;
  time_ms: number;
  received_ms: number;
  properties: string;
};
