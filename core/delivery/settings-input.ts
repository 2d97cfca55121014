import * as z from 'zod/mini';
import { isTimeZone } from '../audience/profile.ts';
import { CHANNELS } from './channel.ts';
import { MAX_SCOPED_TOUCHES, MAX_TOUCHES } from './contact-state.ts';
import { CALENDAR_PERIODS } from './local-time.ts';

const MAX_HOURS = 24 * 90;
const hours = z.int().check(z.minimum(1), z.maximum(MAX_HOURS));
const touches = z.int().check(z.minimum(1), z.maximum(MAX_TOUCHES));

/** Of `touches` the last `reserved` ones are kept for plans of high priority. */
const leavesRoom = z.refine<{ touches: number; reserved?: number | undefined }>(
  ({ touches: all, reserved = 0 }) => reserved < all,
  { path: ['reserved'], message: 'Fewer touches than the cap has can be reserved' },
);
const reserved = z.optional(z.int().check(z.minimum(0), z.maximum(MAX_TOUCHES)));

export const topicName = z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,31}$/));

/** At most `touches` promotional messages to one person within a time; of one channel, one topic or both where they are named. */
const cap = z
  .strictObject({
    touches,
    /** Any so many hours, or the day, the week from Monday on or the month by the person's own calendar. */
    within: z.union([z.strictObject({ hours }), z.strictObject({ calendar: z.enum(CALENDAR_PERIODS) })]),
    channel: z.optional(z.enum(CHANNELS)),
    topic: z.optional(topicName),
    reserved,
  })
  .check(leavesRoom);

const caps = z.array(cap).check(
  z.maxLength(10),
  z.refine(
    (all) =>
      all.filter(({ channel, topic }) => channel || topic).reduce((sum, one) => sum + one.touches, 0) <=
      MAX_SCOPED_TOUCHES,
    `The touches of all caps on a channel or topic may add up to ${MAX_SCOPED_TOUCHES}: so many are remembered for them`,
  ),
);

export const timeOfDay = z.string().check(z.regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'A time of day, as 21:00'));

const quietHours = z
  .strictObject({
    /** By the clock where the person is; over midnight when `to` is not later than `from`. */
    from: timeOfDay,
    to: timeOfDay,
    /** Wait for their end, or let it be. */
    otherwise: z.enum(['defer', 'drop']),
    /** Absent: all. */
    channels: z.optional(z.array(z.enum(CHANNELS)).check(z.minLength(1))),
    /** After their end batches are spread over so many minutes. Absent: 15. */
    jitterMinutes: z.optional(z.int().check(z.minimum(0), z.maximum(240))),
  })
  .check(z.refine(({ from, to }) => from !== to, { path: ['to'], message: 'Quiet hours that never end' }));

/** What a provider takes a second on a channel, and the part of it that transactional messages have for sure. Absent: 0.2. */
const rate = z.strictObject({
  perSecond: z.number().check(z.minimum(0.1), z.maximum(10_000)),
  transactionalShare: z.optional(z.number().check(z.minimum(0.05), z.maximum(0.9))),
});

/** What operators may set for all plans. Stored as the definition `settings/delivery`. */
export const deliverySettings = z.strictObject({
  /** The cap that always holds: over all channels and topics, in any so many hours. */
  frequencyCap: z.strictObject({ touches, hours, reserved }).check(leavesRoom),
  caps: z.optional(caps),
  /** Between two promotional messages to one person, over all channels and plans. */
  minimumGap: z.optional(z.strictObject({ minutes: z.int().check(z.minimum(1), z.maximum(7 * 24 * 60)) })),
  /** The same content is not sent to the same person again within this time. */
  noDuplicatesWithin: z.optional(z.strictObject({ hours })),
  quietHours: z.optional(quietHours),
  /** True: promotional SMS to numbers of the United States wait for 08:00 to 21:00 where the person is. */
  usSmsWindow: z.optional(z.boolean()),
  /** How fast messages go out, by channel. Without a rate: as fast as workers are. */
  rates: z.optional(z.partialRecord(z.enum(CHANNELS), rate)),
  /** What one message costs, by channel, in whatever currency budgets of plans are in. Without a price: nothing. */
  prices: z.optional(z.partialRecord(z.enum(CHANNELS), z.number().check(z.minimum(0)))),
  /** IANA zone of people whose profile names none. Absent: UTC. */
  fallbackTimeZone: z.optional(z.string().check(z.maxLength(64), z.refine(isTimeZone, 'Not an IANA time zone'))),
});
