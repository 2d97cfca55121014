import * as z from 'zod/mini';
import { CHANNELS, LANES } from '../delivery/channel.ts';
import { condition, propertyPath } from './condition.ts';
import type { Window } from './trigger.ts';
import { MAX_WINDOW_EVENTS } from './window-state.ts';

const id = z.string().check(z.minLength(1), z.maxLength(64));
const eventType = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/));
const where = z.optional(z.array(condition).check(z.maxLength(20)));
const eventPattern = z.strictObject({ eventType, where });

const whole = (maximum: number) => z.int().check(z.minimum(1), z.maximum(maximum));
const duration = z.union([
  z.strictObject({ seconds: whole(2_678_400) }),
  z.strictObject({ minutes: whole(44_640) }),
  z.strictObject({ hours: whole(744) }),
  z.strictObject({ days: whole(31) }),
]);

const date = z.iso.datetime({ offset: true });
const spans = [{ within: duration }, { since: date, until: z.optional(date) }];
const limits = [{ reaches: z.number() }, { fallsTo: z.number() }];
const amounts = [{ sum: propertyPath }, { min: propertyPath }, { max: propertyPath }];
const same = z.optional(propertyPath);
const windows = z.union([
  ...amounts.flatMap((amount) =>
    spans.flatMap((span) => limits.map((limit) => z.strictObject({ ...amount, ...span, ...limit }))),
  ),
  // More events than are kept of a person can never be counted in a sliding window.
  z.strictObject({ count: z.literal(true), within: duration, reaches: whole(MAX_WINDOW_EVENTS) }),
  z.strictObject({ count: z.literal(true), within: duration, fallsTo: whole(MAX_WINDOW_EVENTS) }),
  ...limits.map((limit) => z.strictObject({ count: z.literal(true), since: date, until: z.optional(date), ...limit })),
  z.strictObject({ after: eventPattern, within: duration, inAnyOrder: z.optional(z.literal(true)), same }),
  z.strictObject({ without: eventPattern, within: duration, same }),
]) as unknown as z.ZodMiniType<Window, Window>;
const window = windows.check(
  z.refine((one) => !('since' in one && one.until !== undefined && Date.parse(one.until) <= Date.parse(one.since)), {
    path: ['until'],
    error: 'A period ends after it begins',
  }),
);

/** An event-triggered message: when such an event arrives, and its window if it has one is fulfilled, send. */
export const triggerInput = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(100)),
  eventType,
  /** All must hold. */
  where,
  window: z.optional(window),
  templateId: id,
  channelPolicy: z.array(z.enum(CHANNELS)).check(z.minLength(1), z.maxLength(3)),
  topic: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,31}$/)),
  lane: z.enum(LANES),
  /** Events older than this many seconds when they arrive count in windows and reports, but send nothing. */
  maxLatenessSeconds: z.optional(z.int().check(z.minimum(1), z.maximum(7 * 86_400))),
});
