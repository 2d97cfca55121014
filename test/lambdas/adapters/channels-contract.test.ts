import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CHANNELS, type Channel } from '../../../core/delivery/channel.ts';
import type { ChannelSender, Outgoing, SendResult } from '../../../core/delivery/sender.ts';
import type { WebhookEndpoint } from '../../../core/delivery/webhook.ts';
import { type AwsAnswer, type AwsRequest, startAws } from './aws.ts';
import { outgoing } from './outgoing.ts';

/**
 * What every channel keeps (core/delivery/sender.ts), whatever stands behind it. A channel joins by its row in `CHANNELS`: this
 * file does not compile without what its provider says.
 */
type Provider<C extends Channel> = {
  sender(): Promise<ChannelSender<C>>;
  message(key: number): Outgoing<C>;
  /** A request that comes before any message: for a token. */
  isPrelude?(request: AwsRequest): boolean;
  /** Accepts every message of the call. */
  accepts(request: AwsRequest): AwsAnswer;
  /** Accepts every message but that of key 1, which is refused for good. Absent: it refuses nobody. */
  refusesOne?(request: AwsRequest): AwsAnswer;
  tooMany: AwsAnswer;
  denied: AwsAnswer;
  /** The receiver knows a repeat, so what got no answer is tried again; else nobody knows whether it was taken. */
  knowsRepeats: boolean;
};

const awsError = (status: number, name: string): AwsAnswer => ({
  status,
  headers: { 'x-amzn-errortype': name },
  body: { __type: name, message: name },
});
const aws = { tooMany: awsError(429, 'ThrottlingException'), denied: awsError(403, 'AccessDeniedException') };

const addressesIn = ({ body }: AwsRequest) => Object.keys((body as { Addresses: object }).Addresses);
const tokens = (request: AwsRequest, dead?: string): AwsAnswer => ({
  body: {
    Result: Object.fromEntries(
      addressesIn(request).map((token) => [
        token,
        token === dead
          ? { DeliveryStatus: 'PERMANENT_FAILURE', StatusCode: 410 }
          : { DeliveryStatus: 'SUCCESSFUL', StatusCode: 200, MessageId: `m-${token}` },
      ]),
    ),
  },
});

type Bulk = { BulkEmailEntries: { Destination: { ToAddresses: string[] } }[] };
const emails = ({ body }: AwsRequest, refused?: string): AwsAnswer => ({
  body: {
    BulkEmailEntryResults: (body as Bulk).BulkEmailEntries.map(
      ({
        Destination: {
          ToAddresses: [to],
        },
      }) => (to === refused ? { Status: 'INVALID_PARAMETER' } : { Status: 'SUCCESS', MessageId: `m-${to}` }),
    ),
  },
});

const recipientOf = ({ body }: AwsRequest): string =>
  JSON.parse(Buffer.from((body as { message: string }).message, 'base64').toString()).to;

const wechatAnswers =
  (errcode: (to: string) => number) =>
  ({ path, body }: AwsRequest): AwsAnswer => {
    if (path === '/cgi-bin/stable_token') return { body: { access_token: 'token', expires_in: 7_200 } };
    const { touser } = body as { touser: string };
    return { body: Buffer.from(`{"errcode":${errcode(touser)},"msgid":17556679729808${touser.slice(5)}0674}`) };
  };

const endpoint: WebhookEndpoint = {
  ...{ id: 'e1', version: 1, name: 'Calls', url: '', enabled: true, createdBy: 'ada', createdMs: 0 },
};

const PROVIDERS: { [C in Channel]: Provider<C> } = {
  push: {
    sender: async () => (await import('../../../lambdas/adapters/push.ts')).pushChannel('app', async () => {}),
    message: (key) => outgoing(key, `token-${key}`, { channel: 'push', title: 't', body: 'b' }),
    accepts: (request) => tokens(request),
    refusesOne: (request) => tokens(request, 'token-1'),
    knowsRepeats: false,
    ...aws,
  },
  sms: {
    sender: async () => (await import('../../../lambdas/adapters/sms.ts')).smsChannel('pool', undefined),
    message: (key) => outgoing(key, `+47123456${key}`, { channel: 'sms', text: 'x' }),
    accepts: ({ body }) => ({ body: { MessageId: `m-${(body as Record<string, string>).DestinationPhoneNumber}` } }),
    refusesOne: (request) =>
      (request.body as Record<string, string>).DestinationPhoneNumber === '+471234561'
        ? { ...awsError(409, 'ConflictException'), body: { Reason: 'DESTINATION_PHONE_NUMBER_OPTED_OUT' } }
        : PROVIDERS.sms.accepts(request),
    knowsRepeats: false,
    ...aws,
  },
  email: {
    sender: async () => (await import('../../../lambdas/adapters/email.ts')).emailChannel('a@b.c', 'set'),
    message: (key) => outgoing(key, `p${key}@example.com`, { channel: 'email', subject: 's', html: 'h' }),
    accepts: (request) => emails(request),
    refusesOne: (request) => emails(request, 'p1@example.com'),
    knowsRepeats: false,
    ...aws,
  },
  whatsapp: {
    sender: async () => (await import('../../../lambdas/adapters/whatsapp.ts')).whatsappChannel('arn:number'),
    message: (key) =>
      outgoing(key, `+47123456${key}`, { channel: 'whatsapp', template: 'news', language: 'en', parameters: ['x'] }),
    accepts: (request) => ({ body: { messageId: `m-${recipientOf(request)}` } }),
    refusesOne: (request) =>
      recipientOf(request) === '+471234561'
        ? awsError(400, 'InvalidParametersException')
        : PROVIDERS.whatsapp.accepts(request),
    knowsRepeats: false,
    tooMany: awsError(429, 'ThrottledRequestException'),
    denied: awsError(400, 'AccessDeniedByMetaException'),
  },
  wechat: {
    sender: async () =>
      (await import('../../../lambdas/adapters/wechat.ts')).wechatChannel({
        appId: 'app',
        secret: async () => 'secret',
        endpoint: String(process.env.AWS_ENDPOINT_URL),
      }),
    message: (key) => outgoing(key, `open-${key}`, { channel: 'wechat', templateId: 't', data: { thing1: 'x' } }),
    isPrelude: ({ path }) => path === '/cgi-bin/stable_token',
    accepts: wechatAnswers(() => 0),
    refusesOne: wechatAnswers((to) => (to === 'open-1' ? 43004 : 0)),
    knowsRepeats: false,
    tooMany: { body: { errcode: 45009, errmsg: 'reach max api daily quota limit' } },
    denied: { body: { errcode: 40125, errmsg: 'invalid appsecret' } },
  },
  inapp: {
    sender: async () => {
      const [{ inappChannel }, { inbox }] = await Promise.all([
        import('../../../lambdas/adapters/inapp.ts'),
        import('../../../lambdas/adapters/inbox.ts'),
      ]);
      return inappChannel(inbox('inbox'));
    },
    message: (key) => outgoing(key, `p${key}`, { channel: 'inapp', title: 't', body: 'b', expiresAfterDays: 30 }),
    accepts: () => ({}),
    tooMany: awsError(400, 'ThrottlingException'),
    denied: awsError(400, 'AccessDeniedException'),
    knowsRepeats: true,
  },
  webhook: {
    sender: async () => {
      const { webhookChannel } = await import('../../../lambdas/adapters/webhook.ts');
      const secrets = { current: `whsec_${Buffer.from('secret').toString('base64')}` };
      return webhookChannel({
        endpointOf: async () => ({ ...endpoint, url: `${process.env.AWS_ENDPOINT_URL}/hook` }),
        secretsOf: async () => secrets,
        gone: async () => {},
        loopback: true,
      });
    },
    message: (key) => outgoing(key, `p${key}`, { channel: 'webhook', endpointId: 'e1', fields: { text: 'x' } }),
    accepts: () => ({ status: 204 }),
    refusesOne: ({ body }) => ({
      status: (body as { data: { profileId: string } }).data.profileId === 'p1' ? 422 : 200,
    }),
    tooMany: { status: 429 },
    denied: { status: 503 },
    knowsRepeats: true,
  },
};

let requests: AwsRequest[] = [];
let answer: (request: AwsRequest) => AwsAnswer | Promise<AwsAnswer>;
let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startAws({}, (request) => {
    requests.push(request);
    return answer(request);
  });
  // The inbox is a table: here its service answers as the providers do.
  process.env.AWS_ENDPOINT_URL_DYNAMODB = process.env.AWS_ENDPOINT_URL;
});
afterAll(() => stop());
beforeEach(() => {
  requests = [];
});

describe.each(CHANNELS)('%s', (channel) => {
  // Each row fits itself; of a channel that is chosen at run time TypeScript cannot say so.
  const provider = PROVIDERS[channel] as unknown as Provider<'push'>;
  const send = async (count: number, lane: 'promotional' | 'transactional' = 'promotional') => {
    const sender = await provider.sender();
    return sender.send(
      Array.from({ length: count }, (_, n) => provider.message(n)),
      lane,
    );
  };
  const statuses = (results: Map<number, SendResult>) => [...results.values()].map(({ status }) => status);
  const keys = (results: Map<number, SendResult>) => [...results.keys()].sort((a, b) => a - b);

  test('names itself, and takes 1 to 100 messages a call', async () => {
    const sender = await provider.sender();
    expect(sender.channel).toBe(channel);
    expect(sender.chunk).toBeGreaterThanOrEqual(1);
    expect(sender.chunk).toBeLessThanOrEqual(100);
  });

  test.each(['promotional', 'transactional'] as const)('answers for each of a full %s chunk, by name', async (lane) => {
    answer = provider.accepts;
    const { chunk } = await provider.sender();
    const results = await send(chunk, lane);
    expect(keys(results)).toEqual(Array.from({ length: chunk }, (_, n) => n));
    const ids = [...results.values()].map((result) => (result.status === 'sent' ? result.messageId : ''));
    expect(ids.every((id) => id !== '')).toBe(true);
    expect(new Set(ids).size).toBe(chunk);
  });

  test('nobody asks for nothing', async () => {
    answer = provider.accepts;
    expect((await send(0)).size).toBe(0);
    expect(requests).toHaveLength(0);
  });

  test.skipIf(!provider.refusesOne)('who is refused costs the neighbours nothing', async () => {
    answer = provider.refusesOne!;
    const results = await send(3);
    expect(results.get(1)).toMatchObject({ status: 'refused' });
    expect([results.get(0)?.status, results.get(2)?.status]).toEqual(['sent', 'sent']);
  });

  test('too many requests: again later, for everybody', async () => {
    answer = () => provider.tooMany;
    expect(statuses(await send(2))).toEqual(['retry', 'retry']);
  });

  test('what an operator must mend is nobody’s fault: again later', async () => {
    answer = () => provider.denied;
    expect(statuses(await send(2))).toEqual(['retry', 'retry']);
  });

  test('a line that breaks after the request: unknown, unless a repeat is known as one', async () => {
    answer = (request) => (provider.isPrelude?.(request) ? provider.accepts(request) : { hangUp: true });
    expect(statuses(await send(2))).toEqual(provider.knowsRepeats ? ['retry', 'retry'] : ['unknown', 'unknown']);
  });
});
