import { type AwsAnswer, type AwsRequest, startAws } from '../lambdas/adapters/aws.ts';

/** An AWS account as far as the preflight looks at it: an answer per action. Each test changes what it is about. */
export type Account = Record<string, AwsAnswer>;

const xml = (body: string): AwsAnswer => ({ headers: { 'content-type': 'text/xml' }, body: Buffer.from(body) });

/** Bootstrapped, production access everywhere, nothing deployed yet. */
export const FINE: Account = {
  GetCallerIdentity: xml(
    `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
      <Arn>arn:aws:iam::123456789012:user/ada</Arn><UserId>A</UserId><Account>123456789012</Account>
    </GetCallerIdentityResult></GetCallerIdentityResponse>`,
  ),
  GetParameter: { body: { Parameter: { Value: '30' } } },
  GetAccountSettings: { body: { AccountLimit: { ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 1000 } } },
  ListFunctions: { body: { Functions: [] } },
  GetAccount: {
    body: {
      SendingEnabled: true,
      ProductionAccessEnabled: true,
      EnforcementStatus: 'HEALTHY',
      SendQuota: { Max24HourSend: 50_000, MaxSendRate: 14 },
    },
  },
  'GetEmailIdentity shop.test': { body: { VerifiedForSendingStatus: true } },
  DescribeAccountAttributes: { body: { AccountAttributes: [{ Name: 'ACCOUNT_TIER', Value: 'PRODUCTION' }] } },
  DescribeSpendLimits: {
    body: {
      SpendLimits: [
        { Name: 'VOICE_MESSAGE_MONTHLY_SPEND_LIMIT', EnforcedLimit: 1, MaxLimit: 1, Overridden: false },
        { Name: 'TEXT_MESSAGE_MONTHLY_SPEND_LIMIT', EnforcedLimit: 1, MaxLimit: 500, Overridden: false },
      ],
    },
  },
  DescribePools: { body: { Pools: [{ PoolId: 'pool-1', Status: 'ACTIVE' }] } },
  DescribePhoneNumbers: { body: { PhoneNumbers: [{ PhoneNumberId: 'phone-1', Status: 'ACTIVE' }] } },
  DescribeSenderIds: { body: { SenderIds: [{ SenderId: 'SHOP', IsoCountryCode: 'FR' }] } },
  'GetChannels app-1': { body: { Channels: { APNS: { Enabled: true }, GCM: { Enabled: true } } } },
  GetApps: { body: { Item: [] } },
};

export const refused = (name: string, status = 400): AwsAnswer => ({
  status,
  headers: { 'x-amzn-errortype': name },
  body: { __type: name, message: 'refused' },
});
export const refusedBySts = (code: string): AwsAnswer => ({
  ...xml(
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>refused</Message></Error></ErrorResponse>`,
  ),
  status: 403,
});

/** REST actions by their path; the others name themselves. A group tells apart what the action asks for. */
const REST: [RegExp, string][] = [
  [/^\/2016-08-19\/account-settings/, 'GetAccountSettings'],
  [/^\/2019-09-30\/functions\/([^/]+)\/concurrency/, 'GetFunctionConcurrency'],
  [/^\/2015-03-31\/functions\/?\?Marker=(.+)/, 'ListFunctions'],
  [/^\/2015-03-31\/functions/, 'ListFunctions'],
  [/^\/v2\/email\/account/, 'GetAccount'],
  [/^\/v2\/email\/identities\/([^/?]+)/, 'GetEmailIdentity'],
  [/^\/v1\/apps\/([^/]+)\/channels/, 'GetChannels'],
  [/^\/v1\/apps\?token=(.+)/, 'GetApps'],
  [/^\/v1\/apps/, 'GetApps'],
];
const actionOf = ({ path, headers, body }: AwsRequest): string => {
  const target = headers['x-amz-target'];
  if (target) return String(target).split('.')[1]!;
  for (const [pattern, action] of REST) {
    const match = pattern.exec(path);
    if (match) return [action, ...match.slice(1).map(decodeURIComponent)].join(' ');
  }
  return new URLSearchParams(String(body)).get('Action') ?? path;
};

/** Serves the account on this machine, in region eu-west-1, to every client made from now on in this process. */
export const serveAccount = async () => {
  let account = FINE;
  const stop = await startAws({}, (request) => account[actionOf(request)] ?? refused('NotFoundException', 404));
  Object.assign(process.env, { AWS_REGION: 'eu-west-1', AWS_EC2_METADATA_DISABLED: 'true' });
  return {
    stop,
    become: (changes: Account) => {
      account = { ...FINE, ...changes };
    },
  };
};
