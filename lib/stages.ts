import type { Channel, Lane } from '../core/delivery/channel.ts';

/**
 * Stages of one codebase. `local` is what the local cloud runs, it is never deployed; `emulator` is deployed to MiniStack
 * by `npm run deploy:emulator` (docs/emulator.md).
 */
export const STAGES = ['dev', 'prod', 'local', 'emulator'] as const;
export type StageName = (typeof STAGES)[number];

/** Invocations at once of a channel's sender; at least 2 a lane. */
type Lanes = Record<Lane, number>;

/** Everything in which stages differ. Edit the table below to fit your account, then `npm run deploy`. */
export type StageConfig = {
  /**
   * Tables, buckets and people survive the deletion of their stack, and refuse to be deleted by mistake.
   * @default true
   */
  keepState: boolean;
  /** Who signs tokens: a Cognito user pool that the stack makes, or an issuer that exists. @default cognito */
  signIn: { kind: 'cognito' } | { kind: 'issuer'; issuer: string; audience: string };
  /**
   * Application of AWS End User Messaging Push (the id that Pinpoint called a project), when you have one.
   * @default an application is made, to which you add your APNs and FCM credentials
   */
  pushApplicationId?: string;
  /**
   * What text messages come from, as the end of its ARN: `pool/pool-…`, `phone-number/phone-…` or `sender-id/NAME/FR`.
   * @default 'pool/herald', which you replace before the first text message: until then each is refused
   */
  smsOrigination: `${'pool' | 'phone-number' | 'sender-id'}/${string}`;
  /**
   * What WhatsApp messages come from, as the end of its ARN: `phone-number-id/…` of a WhatsApp business account that is linked
   * to End User Messaging Social. @default 'phone-number-id/herald', which you replace before the first message
   */
  whatsappOrigination: `phone-number-id/${string}`;
  /**
   * Your WeChat official account; its secret goes into the secret WechatSecret of the state stack. An account answers only
   * addresses that it has allowed, which Lambda's are not: `endpoint` is a proxy of yours at a fixed one. @default no account:
   * each message is refused
   */
  wechat?: { appId: string; endpoint: string };
  /** Sender of emails, at a domain that is verified in SES. @default 'herald@example.com', which you replace */
  emailFrom: `${string}@${string}`;
  /**
   * Invocations at once of match-events, and of each channel's sender per lane: the load on the provider and on your
   * account's concurrency. They are reserved: intake + participants (advance-participants) + 3 × (transactional + promotional)
   * for push, SMS and email, the sum of `others` for each other channel, and 11 for hand-overs and receipts.
   * @default 10, 5, 5 and 5, others 2 and 3: 76 of an account's 1,000
   */
  concurrency: Lanes & { intake: number; participants: number; others: Lanes };
  /** Requests a second that the API takes from all callers together, and how many at one instant. @default 200 and 400 */
  apiThrottle: { rateLimit: number; burstLimit: number };
  /**
   * Address that the links in messages begin with, without a slash at the end: a domain of yours that leads to the API of the output
   * LinksUrl (docs/links-and-preferences.md). People and spam filters look at it.
   * @default the address that API Gateway gives it
   */
  linksUrl?: `https://${string}`;
  /** Requests a second that links and preference pages take, and how many at one instant. @default 500 and 1,000 */
  linksThrottle: { rateLimit: number; burstLimit: number };
  /** An Athena query that would scan more bytes is stopped: the most that one query can cost. @default 200 GB, $1 */
  queryCutoffBytes: number;
  /**
   * First day (UTC) of arrival that the lake may hold. A query that names no days looks into the folder of every day
   * since, so not earlier than needed. @default '2026-01-01'
   */
  lakeFirstDay: `${number}-${number}-${number}`;
  /** How long Firehose gathers rows before it writes a file of the lake. @default 60 */
  lakeBufferSeconds: number;
  /** Where push and SMS go instead of AWS. @default AWS */
  channelEndpoint?: string;
  /** Webhooks may go to the machine itself, and without TLS there: for the local cloud only. @default false */
  loopbackWebhooks: boolean;
  /** SNS topic that is told of every alarm. @default none: alarms show in CloudWatch only */
  alarmTopicArn?: string;
};

/** Channels that most messages take; for each of the others less is reserved. */
const MAIN: ReadonlySet<Channel> = new Set<Channel>(['push', 'sms', 'email']);
/** Invocations at once of a channel's sender, by lane. */
export const sendersAtOnce = ({ concurrency }: Pick<StageConfig, 'concurrency'>, channel: Channel): Lanes =>
  MAIN.has(channel) ? concurrency : concurrency.others;

/** Invocations at once of these functions, in every stage: they are few, or wait for others. */
export const FIXED_CONCURRENCY = { publishStages: 2, deliverWebhooks: 5, recordReceipts: 4 } as const;

export const DEFAULTS: StageConfig = {
  keepState: true,
  signIn: { kind: 'cognito' },
  smsOrigination: 'pool/herald',
  whatsappOrigination: 'phone-number-id/herald',
  emailFrom: 'herald@example.com',
  concurrency: {
    intake: 10,
    participants: 5,
    transactional: 5,
    promotional: 5,
    others: { transactional: 2, promotional: 3 },
  },
  apiThrottle: { rateLimit: 200, burstLimit: 400 },
  linksThrottle: { rateLimit: 500, burstLimit: 1_000 },
  queryCutoffBytes: 200e9,
  lakeFirstDay: '2026-01-01',
  lakeBufferSeconds: 60,
  loopbackWebhooks: false,
};

const CONFIGS: Record<StageName, StageConfig> = {
  dev: DEFAULTS,
  prod: {
    ...DEFAULTS,
    concurrency: {
      ...{ intake: 100, participants: 50, transactional: 50, promotional: 100 },
      others: { transactional: 20, promotional: 30 },
    },
    apiThrottle: { rateLimit: 2_000, burstLimit: 4_000 },
    linksThrottle: { rateLimit: 3_000, burstLimit: 5_000 },
    queryCutoffBytes: 2e12,
  },
  local: {
    ...DEFAULTS,
    keepState: false,
    // The clock of the local cloud may be set to a day long ago, to replay a history.
    lakeFirstDay: '1990-01-01',
    loopbackWebhooks: true,
    signIn: { kind: 'issuer', issuer: 'http://local.herald/issuer', audience: 'herald' },
    wechat: { appId: 'local', endpoint: 'https://api.weixin.qq.com' },
  },
  emulator: {
    ...DEFAULTS,
    keepState: false,
    // What MiniStack has no API for ends in the inbox of the local cloud. The context of the same name says where that is.
    channelEndpoint: 'http://127.0.0.1:4181',
    pushApplicationId: 'emulated',
    lakeBufferSeconds: 1,
  },
};

/** Throws with the names that exist when there is no such stage. */
export const stageConfig = (name: string): StageConfig & { name: StageName } => {
  const stage = STAGES.find((known) => known === name);
  if (!stage) throw new Error(`There is no stage ${name}; there are ${STAGES.join(', ')} (cdk synth -c stage=dev)`);
  return { name: stage, ...CONFIGS[stage] };
};
export type Stage = ReturnType<typeof stageConfig>;
