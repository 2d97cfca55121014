import type * as z from 'zod/mini';
import { CHANNELS, LANES, queueVariable } from '../../core/delivery/channel.ts';
import type { env as dispatchSnapshotEnv } from '../../lambdas/delivery/dispatch-snapshot.env.ts';
import type { env as manageDeadLettersEnv } from '../../lambdas/delivery/manage-dead-letters.env.ts';
import type { env as recordReceiptsEnv } from '../../lambdas/delivery/record-receipts.env.ts';
import type { env as releaseMessagesEnv } from '../../lambdas/delivery/release-messages.env.ts';
import type { env as releaseParkedEnv } from '../../lambdas/delivery/release-parked.env.ts';
import type { env as sendEmailEnv } from '../../lambdas/delivery/send-email.env.ts';
import type { env as sendInappEnv } from '../../lambdas/delivery/send-inapp.env.ts';
import type { env as sendPushEnv } from '../../lambdas/delivery/send-push.env.ts';
import type { env as sendSmsEnv } from '../../lambdas/delivery/send-sms.env.ts';
import type { env as sendWhatsappEnv } from '../../lambdas/delivery/send-whatsapp.env.ts';
import type { env as finishCampaignEnv } from '../../lambdas/strategy/finish-campaign.env.ts';
import type { env as manageCampaignsEnv } from '../../lambdas/strategy/manage-campaigns.env.ts';

export const REGION = 'us-east-1';
export const ACCOUNT = '123456789012';
export const ENDPOINT = 'http://aws';

export const arnOf = (service: string, name: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;
export const functionArn = (name: string): string => arnOf('lambda', `function:${name.replace('/', '-')}`);
export const queueUrl = (name: string): string => `${ENDPOINT}/${ACCOUNT}/${name}`;
export const queueArn = (name: string): string => arnOf('sqs', name);
export const deadLettersOf = (queue: string): string => `${queue}-dead`;

/** Send queues by name, as `sms-promotional`. */
export const SEND_QUEUES = CHANNELS.flatMap((channel) =>
  LANES.map((lane) => ({ name: `${channel}-${lane}`, channel, lane })),
);
export const RECEIPTS_QUEUE = 'receipts';
/** Nobody reads it: what is told there is another story. */
export const INTAKE_QUEUE = 'intake';
/** Where release-messages ends, and its schedules, when they fail for good. */
export const HELD_DEAD_LETTERS = 'held-messages-dead';
export const RECEIPTS_TOPIC = arnOf('sns', 'receipts');

/** Tables by the variable that names them: their keys. */
export const TABLES = {
  DEFINITIONS_TABLE: ['kind', 'id'],
  AUDIT_TABLE: ['subject', 'entry'],
  LEDGER_TABLE: ['run', 'unit'],
  CONTACTS_TABLE: ['profileId'],
  PROFILES_TABLE: ['profileId'],
  DEVICES_TABLE: ['deviceId'],
  TIMERS_TABLE: ['bucket', 'timer'],
  INBOX_TABLE: ['profileId', 'message'],
  FAILURES_TABLE: ['messageId'],
  ERASURES_TABLE: ['kind', 'id'],
} as const;
export type Table = keyof typeof TABLES;

type Environments = [
  typeof dispatchSnapshotEnv,
  typeof finishCampaignEnv,
  typeof manageCampaignsEnv,
  typeof manageDeadLettersEnv,
  typeof recordReceiptsEnv,
  typeof releaseMessagesEnv,
  typeof releaseParkedEnv,
  typeof sendEmailEnv,
  typeof sendInappEnv,
  typeof sendPushEnv,
  typeof sendSmsEnv,
  typeof sendWhatsappEnv,
];
/** Every variable of every handler that runs: a missing one does not compile. */
type Variables = { [N in keyof Environments]: Required<z.infer<Environments[N]>> }[number];
type All = Record<Variables extends infer V ? (V extends V ? keyof V : never) : never, string>;

/** The environment of all handlers together. */
export const ENVIRONMENT: All & Record<`AWS_${string}`, string> = {
  AWS_REGION: REGION,
  AWS_ACCOUNT_ID: ACCOUNT,
  AWS_ACCESS_KEY_ID: 'simulated',
  AWS_SECRET_ACCESS_KEY: 'simulated',
  AWS_ENDPOINT_URL: ENDPOINT,
  ...(Object.fromEntries(Object.keys(TABLES).map((table) => [table, table])) as { [Name in Table]: Name }),
  ...(Object.fromEntries(
    SEND_QUEUES.map(({ name, channel, lane }) => [queueVariable(channel, lane), queueUrl(name)]),
  ) as Record<ReturnType<typeof queueVariable>, string>),
  WORK_BUCKET: 'work',
  OUTCOMES_STREAM: 'outcomes',
  PROFILES_STREAM: 'profiles',
  INTAKE_QUEUE_URL: queueUrl(INTAKE_QUEUE),
  ERASURE_KEY_ARN: 'erasure-key',
  LINK_KEY_ARN: 'link-key',
  LINKS_URL: 'https://links.example.com',
  METRICS_NAMESPACE: 'Herald',
  SCHEDULE_GROUP: 'held',
  WAKE_FUNCTION_ARN: functionArn('delivery/release-messages'),
  WAKE_ROLE_ARN: 'arn:aws:iam::123456789012:role/wake',
  WAKE_DEAD_LETTERS_ARN: queueArn(HELD_DEAD_LETTERS),
  EMAIL_FROM: 'herald@example.com',
  EMAIL_CONFIGURATION_SET: 'emails',
  SMS_ORIGINATION: arnOf('sms-voice', 'pool/p'),
  SMS_CONFIGURATION_SET: 'texts',
  PUSH_APPLICATION_ID: 'app',
  WHATSAPP_ORIGINATION: arnOf('social-messaging', 'phone-number-id/p'),
  DEAD_LETTERS: JSON.stringify({
    ...Object.fromEntries(SEND_QUEUES.map(({ name }) => [name, queueUrl(deadLettersOf(name))])),
    [RECEIPTS_QUEUE]: queueUrl(deadLettersOf(RECEIPTS_QUEUE)),
  }),
  FAILED_INVOCATIONS: JSON.stringify({ 'held-messages': queueUrl(HELD_DEAD_LETTERS) }),
  IDEMPOTENCY_TABLE: 'none',
  APPROVE_MACHINE_ARN: arnOf('states', 'stateMachine:approve-plan'),
  REPEAT_MACHINE_ARN: arnOf('states', 'stateMachine:repeat-campaign'),
  RUN_MACHINE_ARN: arnOf('states', 'stateMachine:run-campaign'),
  RELEASE_MACHINE_ARN: arnOf('states', 'stateMachine:release-parked'),
  UNDELIVERED: JSON.stringify({ [RECEIPTS_QUEUE]: queueArn(RECEIPTS_QUEUE) }),
  CLEANSE_MACHINE_ARN: arnOf('states', 'stateMachine:cleanse'),
};
