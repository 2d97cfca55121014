import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  LambdaClient,
  paginateListFunctions,
} from '@aws-sdk/client-lambda';
import { PinpointClient } from '@aws-sdk/client-pinpoint';
import { PinpointSMSVoiceV2Client } from '@aws-sdk/client-pinpoint-sms-voice-v2';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { CHANNELS, LANES } from '../core/delivery/channel.ts';
import { FIXED_CONCURRENCY, type Stage, sendersAtOnce } from '../lib/stages.ts';
import { emailAccount, emailSender, pushApplication, textAccount, textOrigination } from './preflight-channels.ts';

/** `stop`: the deploy, or every message of a channel that lib/stages.ts sets up, would fail for sure. */
export type Finding = { level: 'ok' | 'warning' | 'stop'; what: string; todo?: string };

// A call that hangs must not hang the deploy.
const OPTIONS = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
};

/** They find credentials and region where every tool of AWS finds them. */
export const awsClients = () => ({
  sts: new STSClient(OPTIONS),
  ssm: new SSMClient(OPTIONS),
  lambda: new LambdaClient(OPTIONS),
  ses: new SESv2Client(OPTIONS),
  sms: new PinpointSMSVoiceV2Client(OPTIONS),
  push: new PinpointClient(OPTIONS),
});
export type Clients = ReturnType<typeof awsClients>;
export type Check = (stage: Stage, clients: Clients) => Promise<Finding[]>;

/**
 * Regions with `SendMessages`, the service of Herald's that exists in the fewest: the endpoints of "Amazon Pinpoint API" in
 * docs.aws.amazon.com/general/latest/gr/pinpoint.html and in botocore 1.43.11, whose list also has all of Herald's other
 * services in each of these. GovCloud is left out: nobody has looked whether the rest exists there.
 */
export const REGIONS = [
  ...['us-east-1', 'us-east-2', 'us-west-2', 'ca-central-1', 'eu-central-1', 'eu-west-1', 'eu-west-2'],
  ...['ap-northeast-1', 'ap-northeast-2', 'ap-south-1', 'ap-southeast-1', 'ap-southeast-2'],
];

/** What the synthesized templates ask of `cdk bootstrap`. */
export const BOOTSTRAP_VERSION = 6;
/** Lambda refuses a reservation that leaves less (API reference, PutFunctionConcurrency). */
const KEPT_UNRESERVED = 100;

/** Looks, changes nothing, and says everything it found at once. Never throws for what AWS answers. */
export const preflight = async (stage: Stage, clients: Clients): Promise<Finding[]> => {
  const account = await accountAndRegion(clients);
  if (account.some(({ level }) => level === 'stop')) return account;
  const found = await Promise.all(
    CHECKS.map(({ what, actions, check }) =>
      check(stage, clients).catch((error: Error): Finding[] => [
        {
          level: 'warning',
          what: `Could not check ${what} (${why(error)})`,
          todo: `Look yourself, or allow ${actions}`,
        },
      ]),
    ),
  );
  return [...account, ...found.flat()];
};

const why = ({ name, message }: Error): string => `${name}: ${message}`.replace(/\s+/g, ' ').slice(0, 150);

const accountAndRegion = async ({ sts }: Clients): Promise<Finding[]> => {
  const region = await Promise.resolve(sts.config.region()).catch(() => undefined);
  // The CDK command line would take us-east-1 without a word.
  if (!region) return [{ level: 'stop', what: 'No region is set', todo: 'export AWS_REGION=eu-west-1, or another' }];
  if (!REGIONS.includes(region)) {
    const what = `${region} has no AWS End User Messaging Push, with which Herald sends push`;
    return [{ level: 'stop', what, todo: `Set AWS_REGION to one of ${REGIONS.join(', ')}` }];
  }
  try {
    const { Account, Arn } = await sts.send(new GetCallerIdentityCommand());
    return [{ level: 'ok', what: `Account ${Account}, ${region}, as ${Arn}` }];
  } catch (error) {
    return [
      {
        level: 'stop',
        what: `Cannot sign in to AWS (${why(error as Error)})`,
        todo: '`aws sso login` or `aws configure`, and name the profile with AWS_PROFILE',
      },
    ];
  }
};

const bootstrap: Check = async (_, { ssm, sts }) => {
  const todo = `npx cdk bootstrap (once in ${await sts.config.region()})`;
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/cdk-bootstrap/hnb659fds/version' }));
    const version = Number(Parameter?.Value);
    return version >= BOOTSTRAP_VERSION
      ? [{ level: 'ok', what: `CDK bootstrap has version ${version}` }]
      : [{ level: 'stop', what: `CDK bootstrap has version ${version}, ${BOOTSTRAP_VERSION} is needed`, todo }];
  } catch (error) {
    if (!(error instanceof ParameterNotFound)) throw error;
    return [{ level: 'stop', what: 'CDK is not bootstrapped here', todo }];
  }
};

/**
 * What the functions of a stage reserve: match-events, advance-participants, a sender for each channel (lib/delivery/senders.ts),
 * publish-stages and deliver-webhooks.
 */
export const reservedConcurrency = (stage: Stage): number =>
  [
    stage.concurrency.intake,
    stage.concurrency.participants,
    ...CHANNELS.flatMap((channel) => LANES.map((lane) => sendersAtOnce(stage, channel)[lane])),
    ...Object.values(FIXED_CONCURRENCY),
  ].reduce((sum, one) => sum + one, 0);

const concurrency: Check = async (stage, { lambda }) => {
  const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand());
  const { ConcurrentExecutions: limit = 0, UnreservedConcurrentExecutions: unreserved = 0 } = AccountLimit ?? {};
  const wanted = reservedConcurrency(stage);
  const fits = unreserved - wanted >= KEPT_UNRESERVED;
  // An earlier deploy of this stage has its share already: looked up only when that decides.
  const own =
    fits || unreserved === limit
      ? 0
      : await reservedBy(new RegExp(`^Herald(Delivery|Journeys)?-${stage.name}-`), lambda);
  const others = limit - unreserved - own;
  if (limit - others - wanted >= KEPT_UNRESERVED) {
    return [{ level: 'ok', what: `Lambda: Herald reserves ${wanted} of ${limit} executions at once` }];
  }
  // 1,000 is what accounts have by default; new ones start with less.
  const desired = Math.max(1000, others + wanted + KEPT_UNRESERVED);
  return [
    {
      level: 'stop',
      what: `Lambda: of ${limit} executions at once, others reserve ${others}, Herald ${wanted}, and AWS keeps ${KEPT_UNRESERVED}`,
      todo: `aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value ${desired}`,
    },
  ];
};

const reservedBy = async (names: RegExp, client: LambdaClient): Promise<number> => {
  let sum = 0;
  for await (const { Functions = [] } of paginateListFunctions({ client }, {})) {
    for (const { FunctionName = '' } of Functions.filter((fn) => names.test(fn.FunctionName ?? ''))) {
      const { ReservedConcurrentExecutions = 0 } = await client.send(
        new GetFunctionConcurrencyCommand({ FunctionName }),
      );
      sum += ReservedConcurrentExecutions;
    }
  }
  return sum;
};

/** What cannot be checked is a warning, not a stop: who may deploy need not be allowed to read all of this. */
const CHECKS: { what: string; actions: string; check: Check }[] = [
  { what: 'the CDK bootstrap', actions: 'ssm:GetParameter', check: bootstrap },
  {
    what: 'the Lambda concurrency',
    actions: 'lambda:GetAccountSettings, lambda:ListFunctions, lambda:GetFunctionConcurrency',
    check: concurrency,
  },
  { what: 'the SES account', actions: 'ses:GetAccount', check: emailAccount },
  { what: 'the sender of emails', actions: 'ses:GetEmailIdentity', check: emailSender },
  {
    what: 'the SMS account',
    actions: 'sms-voice:DescribeAccountAttributes, sms-voice:DescribeSpendLimits',
    check: textAccount,
  },
  {
    what: 'smsOrigination',
    actions: 'sms-voice:DescribePools, sms-voice:DescribePhoneNumbers, sms-voice:DescribeSenderIds',
    check: textOrigination,
  },
  {
    what: 'the push application',
    actions: 'mobiletargeting:GetApps, mobiletargeting:GetChannels',
    check: pushApplication,
  },
];
