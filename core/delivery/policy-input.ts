import * as z from 'zod/mini';
import { durationInput } from '../event/duration-input.ts';
import { CHANNELS } from './channel.ts';
import type { PolicyStep } from './policy.ts';

const step = z.union([
  z.enum(CHANNELS),
  z.strictObject({
    channel: z.enum(CHANNELS),
    /** The next channel gets its turn when no receipt says so long after the message was sent that it was delivered. */
    ifNotDeliveredWithin: z.optional(durationInput),
    /** The same, for opened. */
    ifNotOpenedWithin: z.optional(durationInput),
  }),
]);

/** Ordered: the next channel is tried where one cannot reach the person, and where it may have reached them in vain. */
export const channelPolicyInput = z.array(step).check(z.minLength(1), z.maxLength(CHANNELS.length)) as z.ZodMiniType<
  PolicyStep[],
  PolicyStep[]
>;

/** The most that the messages to one person may cost together, in the currency of the prices in the settings. */
export const budgetInput = z.optional(z.number().check(z.positive()));
