import * as z from 'zod/mini';
import { ANONYMOUS, isAnonymous, isPlaceholder, PLACEHOLDER_MESSAGE } from './identity.ts';
import { isOwnType, OWN_TYPES } from './own-event.ts';

const id = z.string().check(z.minLength(1), z.maxLength(128));
/** Of somebody who is known. */
export const personId = id.check(
  z.refine((value) => !isAnonymous(value), `Ids that begin with ${ANONYMOUS} are reserved`),
);

const anonymousId = personId.check(z.refine((value) => !isPlaceholder(value), PLACEHOLDER_MESSAGE));

/** What happened, as `order.placed`. */
export const eventType = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/));

/** One event as an app sends it. `time` is when it happened (event time); Herald adds the time it was taken in. */
export const eventInput = z
  .strictObject({
    /** Unique within its source; a repeated id acts once. */
    id,
    type: eventType.check(
      z.refine((type) => !isOwnType(type), `Types that begin with ${OWN_TYPES} are of events that Herald makes itself`),
    ),
    /** Whose event it is. Absent: of whom `anonymousId` is linked to, now or later. */
    profileId: z.optional(personId),
    /** What the app calls somebody who has not signed in. Beside a `profileId` it is linked to that, for good. */
    anonymousId: z.optional(anonymousId),
    /** ISO 8601 with zone. Absent: the time of intake, on the bus that of the bus event. */
    time: z.optional(z.iso.datetime({ offset: true })),
    properties: z.optional(z.record(z.string(), z.json())),
  })
  .check(
    z.refine(({ profileId, anonymousId }) => profileId !== undefined || anonymousId !== undefined, {
      path: ['profileId'],
      error: 'An event has a profileId, an anonymousId, or both',
    }),
  );
export type EventInput = z.infer<typeof eventInput>;

/** An event that Herald has accepted. Times are epoch milliseconds, so that every evaluator compares plain numbers. */
export type AcceptedEvent = {
  id: string;
  type: string;
  /** Of an event that names only an anonymous id: `anonymous:<anonymousId>`, until a link says whose it is. */
  profileId: string;
  anonymousId?: string;
  source: string;
  timeMs: number;
  receivedMs: number;
  properties: Record<string, unknown>;
};

export const MAX_EVENTS_PER_CALL = 100;

/** EventBridge detail types of I2. `Herald Event` carries one event as detail, `Herald Events` carries `{events: [...]}`. */
export const DETAIL_TYPE_ONE = 'Herald Event';
export const DETAIL_TYPE_MANY = 'Herald Events';

/** Body of one message in the intake queue. All its events come from one source, which is also its MessageGroupId. */
export type IntakeMessage = { source: string; receivedMs: number; events: AcceptedEvent[] };

/**
 * A row of the lake table `events`. `properties` is JSON text. `profile_id` is as it was known on arrival: queries about
 * people look up who `anonymous:<anonymousId>` has turned out to be.
 */
export type EventRow = {
  id: string;
  type: string;
  profile_id: string;
  source: string;
  time_ms: number;
  received_ms: number;
  properties: string;
};
