import * as z from 'zod/mini';
import { type Channel, type Lane, queueVariable } from '../../core/delivery/channel.ts';

/** The six variables that name the send queues, for the environment of whoever sends to them. */
export const sendQueuesEnv = {
  SEND_PUSH_TRANSACTIONAL_URL: z.string(),
  SEND_PUSH_PROMOTIONAL_URL: z.string(),
  SEND_SMS_TRANSACTIONAL_URL: z.string(),
  SEND_SMS_PROMOTIONAL_URL: z.string(),
  SEND_EMAIL_TRANSACTIONAL_URL: z.string(),
  SEND_EMAIL_PROMOTIONAL_URL: z.string(),
};
type SendQueues = { [Name in ReturnType<typeof queueVariable>]: string };

/** URL of the queue of a channel and lane. */
export const sendQueueUrl = (environment: SendQueues, channel: Channel, lane: Lane): string =>
  environment[queueVariable(channel, lane)];
