import * as z from 'zod/mini';
import { CHANNELS, type Channel, LANES, type Lane, queueVariable } from '../../core/delivery/channel.ts';

type QueueVariable = ReturnType<typeof queueVariable>;
export type SendQueuesEnvironment = { [Name in QueueVariable]: string };

const variables = CHANNELS.flatMap((channel) => LANES.map((lane) => queueVariable(channel, lane)));
/** The variables that name the send queues, two a channel, for the environment of whoever sends to them. */
export const sendQueuesEnv = Object.fromEntries(variables.map((name) => [name, z.string()])) as Record<
  QueueVariable,
  z.ZodMiniString
>;

/** URL of the queue of a channel and lane. */
export const sendQueueUrl = (environment: SendQueuesEnvironment, channel: Channel, lane: Lane): string =>
  environment[queueVariable(channel, lane)];
