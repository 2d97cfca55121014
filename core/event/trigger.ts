import * as z from 'zod/mini';
import { CHANNELS, LANES } from '../delivery/channel.ts';

const id = z.string().check(z.minLength(1), z.maxLength(64));
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const path = z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}(\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,4}$/));

/** One condition on a property of the event. A missing or wrongly typed property never satisfies a condition. */
export const condition = z.union([
  z.strictObject({ property: path, equals: scalar }),
  z.strictObject({ property: path, in: z.array(scalar).check(z.minLength(1), z.maxLength(100)) }),
  z.strictObject({ property: path, atLeast: z.number() }),
  z.strictObject({ property: path, lessThan: z.number() }),
  z.strictObject({ property: path, exists: z.boolean() }),
]);
export type Condition = z.infer<typeof condition>;

/** An event-triggered message: when such an event arrives (and, with a window, when the sum reaches a limit), send. */
export const triggerInput = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(100)),
  eventType: z.string().check(z.minLength(1), z.maxLength(100)),
  /** All must hold. */
  where: z.optional(z.array(condition).check(z.maxLength(20))),
  /** Fires once per person, on the event with which the sum of `property` since `since` reaches `reaches`. */
  window: z.optional(z.strictObject({ sum: path, since: z.iso.datetime({ offset: true }), reaches: z.number() })),
  templateId: id,
  channelPolicy: z.array(z.enum(CHANNELS)).check(z.minLength(1), z.maxLength(3)),
  topic: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,31}$/)),
  lane: z.enum(LANES),
  /** Events older than this many seconds when they arrive count in windows and reports, but send nothing. */
  maxLatenessSeconds: z.optional(z.int().check(z.minimum(1), z.maximum(7 * 86_400))),
});
export type TriggerInput = z.infer<typeof triggerInput>;
export type TriggerState = 'draft' | 'active' | 'paused';
export type Trigger = TriggerInput & {
  id: string;
  version: number;
  state: TriggerState;
  author: string;
  /** Everybody else who changed it: none of them may activate it. */
  editors: string[];
  createdMs: number;
  /** Hash of the plan version that is in force; set when activated. */
  hash?: string;
  activatedBy?: string;
};
export const DEFAULT_MAX_LATENESS_SECONDS = 3_600;
