import * as z from 'zod/mini';
import { LANES } from '../delivery/channel.ts';
import { planTracking } from '../delivery/links/link-settings.ts';
import { budgetInput, channelPolicyInput } from '../delivery/policy-input.ts';
import { PRIORITIES } from '../delivery/priority.ts';
import { durationInput } from './duration-input.ts';
import { eventType, where } from './event-pattern.ts';
import { windowInput } from './window-input.ts';

const id = z.string().check(z.minLength(1), z.maxLength(64));

/** An event-triggered message: when such an event arrives, and its window if it has one is fulfilled, send. */
export const triggerInput = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(100)),
  eventType,
  /** All must hold. */
  where,
  window: z.optional(windowInput),
  templateId: id,
  channelPolicy: channelPolicyInput,
  budget: budgetInput,
  topic: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,31}$/)),
  lane: z.enum(LANES),
  /** Of promotional messages; absent: normal. High may use the touches that caps reserve. */
  priority: z.optional(z.enum(PRIORITIES)),
  /** After the trigger has fired its message is worth sending for so long. Absent: as long as the event may be late. */
  deadline: z.optional(durationInput),
  /** False: nobody notices who clicks, or opens. Absent: as the settings say. */
  tracking: z.optional(planTracking),
  /** Events older than this many seconds when they arrive count in windows and reports, but send nothing. */
  maxLatenessSeconds: z.optional(z.int().check(z.minimum(1), z.maximum(7 * 86_400))),
});
