import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { stageConfig } from '../../lib/stages.ts';
import {
  awsClients,
  BOOTSTRAP_VERSION,
  type Finding,
  preflight,
  reservedConcurrency,
} from '../../scripts/preflight.ts';
import goldenDev from '../lib/golden/Herald-dev.json' with { type: 'json' };
import goldenProd from '../lib/golden/Herald-prod.json' with { type: 'json' };
import goldenDeliveryDev from '../lib/golden/HeraldDelivery-dev.json' with { type: 'json' };
import goldenDeliveryProd from '../lib/golden/HeraldDelivery-prod.json' with { type: 'json' };
import goldenJourneysDev from '../lib/golden/HeraldJourneys-dev.json' with { type: 'json' };
import goldenJourneysProd from '../lib/golden/HeraldJourneys-prod.json' with { type: 'json' };
import { type Account, FINE, refused, refusedBySts, serveAccount } from './account.ts';

const DEV = stageConfig('dev');
/** What it reserves of the account. */
const OWN = reservedConcurrency(DEV);
const SET_UP = {
  ...DEV,
  emailFrom: 'hello@shop.test',
  smsOrigination: 'pool/pool-1',
  pushApplicationId: 'app-1',
} as const;

let server: Awaited<ReturnType<typeof serveAccount>>;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  server = await serveAccount();
  env = { ...process.env };
});
afterEach(() => {
  process.env = { ...env };
});
afterAll(() => server.stop());

const look = (account: Account = {}, stage: typeof DEV = SET_UP): Promise<Finding[]> => {
  server.become(account);
  return preflight(stage, awsClients());
};
/** All that is not well, as `level: what`. Each says what to do. */
const faults = async (account: Account = {}, stage: typeof DEV = SET_UP): Promise<string[]> => {
  const found = (await look(account, stage)).filter(({ level }) => level !== 'ok');
  for (const { todo } of found) expect(todo).toMatch(/\w/);
  for (const finding of found) expect(JSON.stringify(finding)).not.toContain('\\n');
  return found.map(({ level, what }) => `${level}: ${what}`);
};

test('an account that has everything', async () => {
  expect(await look()).toEqual([
    { level: 'ok', what: 'Account 123456789012, eu-west-1, as arn:aws:iam::123456789012:user/ada' },
    { level: 'ok', what: 'CDK bootstrap has version 30' },
    { level: 'ok', what: `Lambda: Herald reserves ${OWN} of 1000 executions at once` },
    { level: 'ok', what: 'SES sends 50000 emails a day, 14 a second' },
    { level: 'ok', what: 'SES has verified hello@shop.test' },
    { level: 'ok', what: 'SMS stops when it has cost $500 in a month' },
    { level: 'ok', what: 'SMS comes from pool/pool-1' },
    { level: 'ok', what: 'Push application app-1 sends to APNS and GCM' },
  ]);
});

test('stages as they come warn of every channel that is not set up, and stop nothing', async () => {
  expect(await faults({}, DEV)).toEqual([
    'warning: Email is not set up: emailFrom is still herald@example.com',
    'warning: SMS is not set up: smsOrigination is still pool/herald',
    'warning: Push is not set up: the deploy makes the application herald-dev, without credentials',
  ]);
});

describe('credentials and region', () => {
  test('no credentials', async () => {
    delete process.env.AWS_ACCESS_KEY_ID;
    process.env.AWS_SHARED_CREDENTIALS_FILE = process.env.AWS_CONFIG_FILE = '/nowhere';
    expect(await faults()).toEqual([expect.stringMatching(/^stop: Cannot sign in to AWS .*CredentialsProviderError/)]);
  });
  test.each(['ExpiredToken', 'InvalidClientTokenId'])('%s', async (code) => {
    expect(await faults({ GetCallerIdentity: refusedBySts(code) })).toEqual([
      expect.stringMatching(`^stop: Cannot sign in to AWS .*${code}`),
    ]);
  });
  test('no region', async () => {
    delete process.env.AWS_REGION;
    process.env.AWS_SHARED_CREDENTIALS_FILE = process.env.AWS_CONFIG_FILE = '/nowhere';
    expect(await faults()).toEqual(['stop: No region is set']);
  });
  test('a region without push', async () => {
    process.env.AWS_REGION = 'eu-north-1';
    expect(await faults()).toEqual([expect.stringMatching(/^stop: eu-north-1 has no AWS End User Messaging Push/)]);
  });
});

const limit = (ConcurrentExecutions: number, UnreservedConcurrentExecutions = ConcurrentExecutions) => ({
  body: { AccountLimit: { ConcurrentExecutions, UnreservedConcurrentExecutions } },
});
const named = (FunctionName: string) => ({ FunctionName });
const ses = (changes: object) => ({ body: { ...(FINE.GetAccount?.body as object), ...changes } });

describe('the account', () => {
  test.each<[string, Account, string[]]>([
    ['not bootstrapped', { GetParameter: refused('ParameterNotFound') }, ['stop: CDK is not bootstrapped here']],
    [
      'bootstrapped long ago',
      { GetParameter: { body: { Parameter: { Value: '5' } } } },
      ['stop: CDK bootstrap has version 5, 6 is needed'],
    ],
    [
      'a new account',
      { GetAccountSettings: limit(10) },
      [`stop: Lambda: of 10 executions at once, others reserve 0, Herald ${OWN}, and AWS keeps 100`],
    ],
    ['the least that is enough', { GetAccountSettings: limit(OWN + 100) }, []],
    [
      'one less',
      { GetAccountSettings: limit(OWN + 99) },
      [`stop: Lambda: of ${OWN + 99} executions at once, others reserve 0, Herald ${OWN}, and AWS keeps 100`],
    ],
    [
      'others reserve too much',
      { GetAccountSettings: limit(1000, OWN + 99) },
      [`stop: Lambda: of 1000 executions at once, others reserve ${901 - OWN}, Herald ${OWN}, and AWS keeps 100`],
    ],
    [
      'deployed before: its own share counts once',
      {
        GetAccountSettings: limit(OWN + 200, 100),
        ListFunctions: { body: { Functions: [{ FunctionName: 'Herald-dev-A' }], NextMarker: 'more' } },
        'ListFunctions more': {
          body: { Functions: ['HeraldDelivery-dev-B', 'Herald-dev-C', 'Herald-prod-A'].map(named) },
        },
        'GetFunctionConcurrency Herald-dev-A': { body: { ReservedConcurrentExecutions: 30 } },
        'GetFunctionConcurrency HeraldDelivery-dev-B': { body: { ReservedConcurrentExecutions: OWN - 30 } },
        'GetFunctionConcurrency Herald-dev-C': { body: {} },
        'GetFunctionConcurrency Herald-prod-A': { body: { ReservedConcurrentExecutions: 100 } },
      },
      [],
    ],
  ])('%s', async (_, account, expected) => {
    expect(await faults(account)).toEqual(expected);
  });

  test.each([
    [DEV, goldenDev, goldenJourneysDev, goldenDeliveryDev],
    [stageConfig('prod'), goldenProd, goldenJourneysProd, goldenDeliveryProd],
  ])('reserves what the templates say', (stage, platform, journeys, delivery) => {
    type Resource = { Properties?: { ReservedConcurrentExecutions?: number } };
    const resources: Record<string, unknown> = {
      ...platform.Resources,
      ...journeys.Resources,
      ...delivery.Resources,
    };
    const reserved = Object.values(resources as Record<string, Resource>).map(
      ({ Properties }) => Properties?.ReservedConcurrentExecutions ?? 0,
    );
    expect(reservedConcurrency(stage)).toBe(reserved.reduce((sum, one) => sum + one));
  });
  test('asks for the bootstrap version that the template asks for', () => {
    const [assertion] = goldenProd.Rules.CheckBootstrapVersion.Assertions;
    expect(assertion?.AssertDescription).toContain(`version ${BOOTSTRAP_VERSION} required`);
  });
});

const sandbox = { body: { AccountAttributes: [{ Name: 'ACCOUNT_TIER', Value: 'SANDBOX' }] } };
const pending = { body: { VerifiedForSendingStatus: false } };
const noIdentity = refused('NotFoundException', 404);

describe('channels', () => {
  test.each<[string, Account, string[]]>([
    [
      'SES sandbox',
      { GetAccount: ses({ ProductionAccessEnabled: false }) },
      ['warning: SES is in its sandbox: only verified addresses get email'],
    ],
    [
      'SES under review',
      { GetAccount: ses({ EnforcementStatus: 'PROBATION' }) },
      ['warning: SES has the account under review'],
    ],
    ['SES paused', { GetAccount: ses({ SendingEnabled: false }) }, ['stop: SES sends nothing (HEALTHY)']],
    ['SES shut down', { GetAccount: ses({ EnforcementStatus: 'SHUTDOWN' }) }, ['stop: SES sends nothing (SHUTDOWN)']],
    [
      'unknown sender',
      { 'GetEmailIdentity shop.test': noIdentity },
      ['stop: SES does not know shop.test in this region'],
    ],
    ['unverified sender', { 'GetEmailIdentity shop.test': pending }, ['stop: SES has not verified shop.test yet']],
    [
      'the address is verified, not the domain',
      {
        'GetEmailIdentity shop.test': pending,
        'GetEmailIdentity hello@shop.test': { body: { VerifiedForSendingStatus: true } },
      },
      [],
    ],
    [
      'SMS sandbox',
      { DescribeAccountAttributes: sandbox },
      ['warning: SMS is in its sandbox: at most 10 verified numbers get texts, for $1 a month'],
    ],
    [
      'the spend limit that everybody starts with',
      {
        DescribeSpendLimits: {
          body: {
            SpendLimits: [
              { Name: 'TEXT_MESSAGE_MONTHLY_SPEND_LIMIT', EnforcedLimit: 1, MaxLimit: 500, Overridden: true },
            ],
          },
        },
      },
      ['warning: SMS stops when it has cost $1 in a month'],
    ],
    [
      'missing pool',
      { DescribePools: refused('ResourceNotFoundException') },
      ['stop: smsOrigination pool/pool-1 does not exist in this region'],
    ],
    [
      'not a pool',
      { DescribePools: refused('ValidationException') },
      ['stop: smsOrigination pool/pool-1 does not exist in this region'],
    ],
    [
      'no push application',
      { 'GetChannels app-1': refused('NotFoundException', 404) },
      ['stop: There is no push application app-1 in this region'],
    ],
    [
      'push without credentials',
      { 'GetChannels app-1': { body: { Channels: { EMAIL: { Enabled: true }, GCM: { Enabled: false } } } } },
      ['stop: Push application app-1 has no credentials'],
    ],
  ])('%s', async (_, account, expected) => {
    expect(await faults(account)).toEqual(expected);
  });

  test.each<[`phone-number/${string}` | `sender-id/${string}`, Account, string[]]>([
    ['phone-number/phone-1', {}, []],
    [
      'phone-number/phone-1',
      { DescribePhoneNumbers: { body: { PhoneNumbers: [{ Status: 'PENDING' }] } } },
      ['stop: smsOrigination phone-number/phone-1 is PENDING: AWS has not finished it'],
    ],
    ['sender-id/SHOP/FR', {}, []],
    [
      'sender-id/SHOP/FR',
      { DescribeSenderIds: { body: { SenderIds: [] } } },
      ['stop: smsOrigination sender-id/SHOP/FR does not exist in this region'],
    ],
  ])('SMS from %s', async (smsOrigination, account, expected) => {
    expect(await faults(account, { ...SET_UP, smsOrigination })).toEqual(expected);
  });

  test('the push application that an earlier deploy made is found by its name, on any page', async () => {
    const { pushApplicationId: _, ...stage } = SET_UP;
    const account: Account = {
      GetApps: { body: { Item: [{ Id: 'other', Name: 'herald-prod' }], NextToken: 'more' } },
      'GetApps more': { body: { Item: [{ Id: 'own', Name: 'herald-dev' }] } },
      'GetChannels own': { body: { Channels: {} } },
    };
    expect(await faults(account, stage)).toEqual(['warning: Push application own has no credentials']);
    const android = { 'GetChannels own': { body: { Channels: { GCM: { Enabled: true } } } } };
    expect(await look({ ...account, ...android }, stage)).toContainEqual({
      level: 'ok',
      what: 'Push application own sends to GCM',
    });
  });
});

describe('what may not be looked at is a warning', () => {
  test.each([
    ['GetParameter', 'the CDK bootstrap'],
    ['GetAccountSettings', 'the Lambda concurrency'],
    ['GetAccount', 'the SES account'],
    ['GetEmailIdentity shop.test', 'the sender of emails'],
    ['DescribeAccountAttributes', 'the SMS account'],
    ['DescribeSpendLimits', 'the SMS account'],
    ['DescribePools', 'smsOrigination'],
    ['GetChannels app-1', 'the push application'],
  ])('%s', async (action, what) => {
    expect(await faults({ [action]: refused('AccessDeniedException', 403) })).toEqual([
      expect.stringMatching(`^warning: Could not check ${what} \\(AccessDeniedException: `),
    ]);
  });
});
