import { GetAppsCommand, GetChannelsCommand, NotFoundException as NoSuchApplication } from '@aws-sdk/client-pinpoint';
import {
  DescribeAccountAttributesCommand,
  DescribePhoneNumbersCommand,
  DescribePoolsCommand,
  DescribeSenderIdsCommand,
  DescribeSpendLimitsCommand,
  ResourceNotFoundException,
  ValidationException,
} from '@aws-sdk/client-pinpoint-sms-voice-v2';
import { GetAccountCommand, GetEmailIdentityCommand, NotFoundException as NoSuchIdentity } from '@aws-sdk/client-sesv2';
import { DEFAULTS, type Stage } from '../lib/stages.ts';
import type { Check, Clients, Finding } from './preflight.ts';

// A channel that still has its default is not set up, which is a warning: nobody needs all three. One that is set up, and
// would refuse every message, stops the deploy.
const usesEmail = ({ emailFrom }: Stage): boolean => emailFrom !== DEFAULTS.emailFrom;
const usesTexts = ({ smsOrigination }: Stage): boolean => smsOrigination !== DEFAULTS.smsOrigination;

export const emailAccount: Check = async (stage, { ses }) => {
  if (!usesEmail(stage)) return [];
  const account = await ses.send(new GetAccountCommand());
  const { EnforcementStatus: status, SendQuota: { Max24HourSend = 0, MaxSendRate = 0 } = {} } = account;
  if (!account.SendingEnabled || status === 'SHUTDOWN') {
    return [{ level: 'stop', what: `SES sends nothing (${status})`, todo: 'Its console says why: Reputation metrics' }];
  }
  const findings: Finding[] = [
    { level: 'ok', what: `SES sends ${Max24HourSend} emails a day, ${MaxSendRate} a second` },
  ];
  if (!account.ProductionAccessEnabled) {
    findings.push({
      level: 'warning',
      what: 'SES is in its sandbox: only verified addresses get email',
      todo: 'Request production access (docs/deploy.md)',
    });
  }
  if (status === 'PROBATION') {
    findings.push({
      level: 'warning',
      what: 'SES has the account under review',
      todo: 'Its console says why: Reputation metrics',
    });
  }
  return findings;
};

/** The role of send-email names the domain and the address (lib/delivery/senders.ts), so a verified parent domain is not enough. */
export const emailSender: Check = async (stage, { ses }) => {
  const { emailFrom } = stage;
  if (!usesEmail(stage)) {
    return [
      {
        level: 'warning',
        what: `Email is not set up: emailFrom is still ${emailFrom}`,
        todo: 'Before the first email, set it in lib/stages.ts to an address at a domain that SES has verified',
      },
    ];
  }
  const domain = emailFrom.slice(emailFrom.indexOf('@') + 1);
  const states = await Promise.all(
    [domain, emailFrom].map(async (EmailIdentity) => {
      try {
        const { VerifiedForSendingStatus } = await ses.send(new GetEmailIdentityCommand({ EmailIdentity }));
        return VerifiedForSendingStatus ? 'verified' : 'pending';
      } catch (error) {
        if (error instanceof NoSuchIdentity) return 'unknown';
        throw error;
      }
    }),
  );
  if (states.includes('verified')) return [{ level: 'ok', what: `SES has verified ${emailFrom}` }];
  return [
    states.includes('pending')
      ? {
          level: 'stop',
          what: `SES has not verified ${domain} yet`,
          todo: `Put its DKIM records into the domain's DNS: aws sesv2 get-email-identity --email-identity ${domain}`,
        }
      : {
          level: 'stop',
          what: `SES does not know ${domain} in this region`,
          todo: `aws sesv2 create-email-identity --email-identity ${domain}, and put the DKIM records it prints into the domain's DNS`,
        },
  ];
};

export const textAccount: Check = async (stage, { sms }) => {
  if (!usesTexts(stage)) return [];
  const { AccountAttributes = [] } = await sms.send(new DescribeAccountAttributesCommand());
  if (AccountAttributes.some(({ Name, Value }) => Name === 'ACCOUNT_TIER' && Value === 'SANDBOX')) {
    return [
      {
        level: 'warning',
        what: 'SMS is in its sandbox: at most 10 verified numbers get texts, for $1 a month',
        todo: 'Request production access (docs/deploy.md)',
      },
    ];
  }
  const { SpendLimits = [] } = await sms.send(new DescribeSpendLimitsCommand());
  const limit = SpendLimits.find(({ Name }) => Name === 'TEXT_MESSAGE_MONTHLY_SPEND_LIMIT');
  const usd = (limit?.Overridden ? limit.EnforcedLimit : limit?.MaxLimit) ?? 0;
  const what = `SMS stops when it has cost $${usd} in a month`;
  // $1 is what every account starts with, and less than 200 texts to the US.
  return usd > 1
    ? [{ level: 'ok', what }]
    : [{ level: 'warning', what, todo: 'Request a higher spend limit (docs/deploy.md)' }];
};

export const textOrigination: Check = async (stage, { sms }) => {
  const { smsOrigination } = stage;
  if (!usesTexts(stage)) {
    return [
      {
        level: 'warning',
        what: `SMS is not set up: smsOrigination is still ${smsOrigination}`,
        todo: 'Before the first text message, set it in lib/stages.ts to your pool, number or sender id',
      },
    ];
  }
  const status = await originationStatus(smsOrigination, sms).catch((error) => {
    if (error instanceof ResourceNotFoundException || error instanceof ValidationException) return 'unknown';
    throw error;
  });
  if (status === 'ACTIVE') return [{ level: 'ok', what: `SMS comes from ${smsOrigination}` }];
  const what = status === 'unknown' ? 'does not exist in this region' : `is ${status}: AWS has not finished it`;
  const todo = 'aws pinpoint-sms-voice-v2 describe-pools (or describe-phone-numbers, describe-sender-ids) lists yours';
  return [{ level: 'stop', what: `smsOrigination ${smsOrigination} ${what}`, todo }];
};

const originationStatus = async (origination: string, sms: Clients['sms']): Promise<string> => {
  const [kind, id = '', IsoCountryCode = ''] = origination.split('/');
  if (kind === 'pool') {
    const { Pools } = await sms.send(new DescribePoolsCommand({ PoolIds: [id] }));
    return Pools?.[0]?.Status ?? 'unknown';
  }
  if (kind === 'phone-number') {
    const { PhoneNumbers } = await sms.send(new DescribePhoneNumbersCommand({ PhoneNumberIds: [id] }));
    return PhoneNumbers?.[0]?.Status ?? 'unknown';
  }
  const { SenderIds } = await sms.send(new DescribeSenderIdsCommand({ SenderIds: [{ SenderId: id, IsoCountryCode }] }));
  return SenderIds?.length ? 'ACTIVE' : 'unknown';
};

/** An application that Herald makes has no credentials before its first deploy; one that the stage names must have some. */
export const pushApplication: Check = async ({ name, pushApplicationId }, { push }) => {
  const todo = 'Add your APNs and FCM credentials (docs/deploy.md) before the first push message';
  const id = pushApplicationId ?? (await applicationNamed(`herald-${name}`, push));
  if (!id) {
    const what = `Push is not set up: the deploy makes the application herald-${name}, without credentials`;
    return [{ level: 'warning', what, todo }];
  }
  try {
    const { ChannelsResponse } = await push.send(new GetChannelsCommand({ ApplicationId: id }));
    const channels = ['APNS', 'GCM'].filter((channel) => ChannelsResponse?.Channels?.[channel]?.Enabled);
    if (channels.length > 0)
      return [{ level: 'ok', what: `Push application ${id} sends to ${channels.join(' and ')}` }];
    return [{ level: pushApplicationId ? 'stop' : 'warning', what: `Push application ${id} has no credentials`, todo }];
  } catch (error) {
    if (!(error instanceof NoSuchApplication)) throw error;
    return [
      {
        level: 'stop',
        what: `There is no push application ${id} in this region`,
        todo: 'Correct pushApplicationId in lib/stages.ts, or leave it out to have one made',
      },
    ];
  }
};

const applicationNamed = async (name: string, push: Clients['push']): Promise<string | undefined> => {
  let Token: string | undefined;
  do {
    const { ApplicationsResponse } = await push.send(new GetAppsCommand(Token ? { Token } : {}));
    const found = ApplicationsResponse?.Item?.find((application) => application.Name === name);
    if (found) return found.Id;
    Token = ApplicationsResponse?.NextToken;
  } while (Token);
  return undefined;
};
