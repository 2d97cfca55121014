import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Outgoing, SendResult } from '../../../core/delivery/sender.ts';
import { type AwsAnswer, type AwsRequest, startAws } from './aws.ts';
import { outgoing } from './outgoing.ts';

let requests: AwsRequest[] = [];
let answer: (request: AwsRequest) => AwsAnswer | Promise<AwsAnswer> = () => ({});
let stop: () => Promise<void>;
let channels: {
  push: typeof import('../../../lambdas/adapters/push.ts');
  sms: typeof import('../../../lambdas/adapters/sms.ts');
  email: typeof import('../../../lambdas/adapters/email.ts');
  whatsapp: typeof import('../../../lambdas/adapters/whatsapp.ts');
};
beforeAll(async () => {
  stop = await startAws({}, (request) => {
    requests.push(request);
    return answer(request);
  });
  channels = {
    push: await import('../../../lambdas/adapters/push.ts'),
    sms: await import('../../../lambdas/adapters/sms.ts'),
    email: await import('../../../lambdas/adapters/email.ts'),
    whatsapp: await import('../../../lambdas/adapters/whatsapp.ts'),
  };
});
afterAll(() => stop());
beforeEach(() => {
  requests = [];
});

const refused = (reason: string) => ({ status: 'refused', reason });
const failure = (status: number, type: string, extra: object = {}): AwsAnswer => ({
  status,
  headers: { 'x-amzn-errortype': type },
  body: { __type: type, message: type, Message: type, ...extra },
});

describe('push', () => {
  const news: object[] = [];
  beforeEach(() => {
    news.length = 0;
  });
  const note = (key: number, address: string) =>
    outgoing<'push'>(key, address, { channel: 'push', title: `t${key}`, body: `b${key}` });
  const send = (...addresses: string[]) =>
    channels.push
      .pushChannel('app1', async (told) => void news.push(...told))
      .send(
        addresses.map((address, n) => note(n, address)),
        'promotional',
      );
  const results = (byAddress: Record<string, object>): AwsAnswer => ({
    body: { ApplicationId: 'app1', Result: byAddress },
  });

  test('one call, each address with its own content and platform', async () => {
    const apns = 'a1'.repeat(32);
    answer = () =>
      results({
        [apns]: { DeliveryStatus: 'SUCCESSFUL', StatusCode: 200, MessageId: 'm1' },
        'fcm:x': { DeliveryStatus: 'SUCCESSFUL', StatusCode: 200, MessageId: 'm2' },
      });
    expect(await send(apns, 'fcm:x')).toEqual(
      new Map<number, SendResult>([
        [0, { status: 'sent', messageId: 'm1' }],
        [1, { status: 'sent', messageId: 'm2' }],
      ]),
    );
    expect(requests).toHaveLength(1);
    expect(requests[0]?.path).toBe('/v1/apps/app1/messages');
    expect(requests[0]?.body).toMatchObject({
      Addresses: {
        [apns]: { ChannelType: 'APNS', TitleOverride: 't0', BodyOverride: 'b0' },
        'fcm:x': { ChannelType: 'GCM', TitleOverride: 't1', BodyOverride: 'b1' },
      },
    });
  });

  test.each([
    ['SUCCESSFUL', { status: 'sent', messageId: 'm' }],
    ['DUPLICATE', { status: 'sent', messageId: 'm' }],
    ['PERMANENT_FAILURE', refused('provider-refused')],
    ['OPT_OUT', refused('opted-out')],
    ['THROTTLED', { status: 'retry' }],
    ['TEMPORARY_FAILURE', { status: 'retry' }],
    ['UNKNOWN_FAILURE', { status: 'unknown' }],
  ])('HTTP 200 with %s', async (DeliveryStatus, expected) => {
    answer = () => results({ x: { DeliveryStatus, StatusCode: 400, MessageId: 'm' } });
    expect((await send('x')).get(0)).toMatchObject(expected);
  });

  const accepted = { DeliveryStatus: 'SUCCESSFUL', StatusCode: 200, MessageId: 'm' };
  const failed = (StatusCode: number) => ({ DeliveryStatus: 'PERMANENT_FAILURE', StatusCode });
  const busy = { DeliveryStatus: 'THROTTLED', StatusCode: 429 };

  test.each([
    [410, refused('address-refused'), [{ profileId: 'p0', token: 'x' }]],
    [404, refused('address-refused'), []],
    // Our own credentials may be wrong: no token dies of it.
    [400, refused('provider-refused'), []],
  ])('%i for good', async (status, expected, told) => {
    answer = () => results({ x: failed(status) });
    expect((await send('x')).get(0)).toEqual(expected);
    expect(news).toEqual(told);
  });

  test('400 for all of a call are credentials: nobody is refused, the account is to be mended', async () => {
    const tokens = ['a', 'b', 'c', 'd', 'e'];
    answer = () => results(Object.fromEntries(tokens.map((token) => [token, failed(400)])));
    expect([...(await send(...tokens)).values()]).toEqual(
      tokens.map(() => ({ status: 'retry', reason: '400 for all:', fault: 'account' })),
    );
    answer = () => results({ ...Object.fromEntries(tokens.map((token) => [token, failed(400)])), e: accepted });
    expect((await send(...tokens)).get(0)).toEqual(refused('provider-refused'));
  });

  test('a token that has become another one is told', async () => {
    answer = () => results({ x: { ...accepted, UpdatedToken: 'y' }, z: { ...accepted, UpdatedToken: 'z' } });
    expect((await send('x', 'z')).get(0)).toMatchObject({ status: 'sent' });
    expect(news).toEqual([{ profileId: 'p0', token: 'x', becomes: 'y' }]);
  });

  test('a push goes to each device of a person, by its platform', async () => {
    answer = () => results({ a: accepted, b: accepted, c: accepted });
    expect((await send('apns-sandbox a\nbaidu b\nc')).size).toBe(1);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.body).toMatchObject({
      Addresses: { a: { ChannelType: 'APNS_SANDBOX' }, b: { ChannelType: 'BAIDU' }, c: { ChannelType: 'GCM' } },
    });
  });

  test.each([
    ['any has it', { a: failed(410), b: accepted }, { status: 'sent' }],
    ['none has it, and one is busy', { a: failed(410), b: busy }, { status: 'retry' }],
    ['none has it, and of one nobody knows', { a: busy }, { status: 'unknown' }],
    ['all are dead', { a: failed(410), b: failed(410) }, refused('address-refused')],
  ])('of two devices: %s', async (_, byAddress, expected) => {
    answer = () => results(byAddress);
    expect((await send('fcm a\nfcm b')).get(0)).toMatchObject(expected);
  });

  test('more devices than a call takes go in calls of a hundred', async () => {
    answer = (request) =>
      results(
        Object.fromEntries(Object.keys((request.body as { Addresses: object }).Addresses).map((t) => [t, accepted])),
      );
    const people = Array.from({ length: 60 }, (_, n) => `fcm a${n}\nfcm b${n}\nfcm c${n}`);
    expect([...(await send(...people)).values()].map(({ status }) => status)).toEqual(people.map(() => 'sent'));
    expect(requests.map(({ body }) => Object.keys((body as { Addresses: object }).Addresses).length)).toEqual([
      100, 80,
    ]);
  });

  test('who cannot be told of a dead token tells nobody else', async () => {
    answer = () => results({ x: failed(410) });
    const channel = channels.push.pushChannel('app1', () => Promise.reject(new Error('throttled')));
    expect((await channel.send([note(0, 'x')], 'promotional')).get(0)).toEqual(refused('address-refused'));
  });

  test('an address without a result is unknown', async () => {
    answer = () => results({});
    expect((await send('x')).get(0)).toMatchObject({ status: 'unknown' });
  });

  test('people who share a device go in calls of their own', async () => {
    answer = () => results({ x: { DeliveryStatus: 'SUCCESSFUL', StatusCode: 200, MessageId: 'm' } });
    expect((await send('x', 'x')).size).toBe(2);
    expect(requests).toHaveLength(2);
  });

  test.each([
    [400, 'BadRequestException', refused('provider-refused')],
    [403, 'ForbiddenException', { status: 'retry' }],
    [404, 'NotFoundException', { status: 'retry' }],
    [429, 'TooManyRequestsException', { status: 'retry' }],
    [500, 'InternalServerErrorException', { status: 'retry' }],
    [504, 'GatewayTimeout', { status: 'unknown' }],
  ])('the whole call answers %i %s, and is not repeated inside the SDK', async (status, type, expected) => {
    answer = () => failure(status, type);
    expect((await send('x')).get(0)).toMatchObject(expected);
    expect(requests).toHaveLength(1);
  });
});

describe('sms', () => {
  const send = (count = 1, lane: 'promotional' | 'transactional' = 'promotional') =>
    channels.sms.smsChannel('pool-1', 'texts').send(
      Array.from({ length: count }, (_, key) => ({
        ...outgoing<'sms'>(key, `+${key}`, { channel: 'sms', text: `hi ${key}` }),
        ref: 'r'.repeat(key === 0 ? 900 : 10),
      })),
      lane,
    );

  test('one call a recipient, of the lane’s type', async () => {
    answer = ({ body }) => ({
      body: { MessageId: `m${(body as { DestinationPhoneNumber: string }).DestinationPhoneNumber}` },
    });
    const results = await send(25, 'transactional');
    expect(results.size).toBe(25);
    expect(results.get(7)).toEqual({ status: 'sent', messageId: 'm+7' });
    expect(requests).toHaveLength(25);
    expect(requests.map(({ body }) => body)).toContainEqual({
      DestinationPhoneNumber: '+0',
      OriginationIdentity: 'pool-1',
      MessageBody: 'hi 0',
      MessageType: 'TRANSACTIONAL',
      ConfigurationSetName: 'texts',
      Context: { 'herald-0': 'r'.repeat(800), 'herald-1': 'r'.repeat(100) },
    });
  });

  test('a whole chunk is under way at once, so one that hangs costs the time of one call', async () => {
    const { chunk } = channels.sms.smsChannel('pool-1', 'texts');
    let together: (() => void) | undefined;
    const all = new Promise<void>((resolve) => {
      together = resolve;
    });
    let under = 0;
    answer = async () => {
      under += 1;
      if (under === chunk) together?.();
      await all;
      return { body: { MessageId: 'm' } };
    };
    expect((await send(chunk, 'promotional')).size).toBe(chunk);
  });

  test.each<[string, AwsAnswer, object]>([
    [
      'opted out',
      failure(409, 'ConflictException', { Reason: 'DESTINATION_PHONE_NUMBER_OPTED_OUT' }),
      refused('opted-out'),
    ],
    [
      'blocked',
      failure(409, 'ConflictException', { Reason: 'DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION' }),
      refused('address-refused'),
    ],
    [
      'our pool',
      failure(409, 'ConflictException', { Reason: 'NO_ORIGINATION_IDENTITIES_FOUND' }),
      refused('provider-refused'),
    ],
    [
      'a bad number',
      failure(400, 'ValidationException', {
        Reason: 'INVALID_PARAMETER',
        Fields: [{ Name: 'DestinationPhoneNumber', Message: '' }],
      }),
      refused('address-refused'),
    ],
    [
      'a bad text',
      failure(400, 'ValidationException', {
        Reason: 'FIELD_VALIDATION_FAILED',
        Fields: [{ Name: 'MessageBody', Message: '' }],
      }),
      refused('provider-refused'),
    ],
    ['throttled', failure(400, 'ThrottlingException'), { status: 'retry' }],
    ['over the spend limit', failure(402, 'ServiceQuotaExceededException'), { status: 'retry' }],
    ['no permission', failure(403, 'AccessDeniedException'), { status: 'retry', fault: 'account' }],
    ['a pool that is gone', failure(400, 'ResourceNotFoundException'), { status: 'retry', fault: 'account' }],
    ['foreign credentials', failure(400, 'UnrecognizedClientException'), { status: 'retry', fault: 'account' }],
    [
      'a sender id that is not taken',
      failure(400, 'ValidationException', { Fields: [{ Name: 'OriginationIdentity', Message: '' }] }),
      refused('provider-refused'),
    ],
    ['broken', failure(500, 'InternalServerException'), { status: 'retry', fault: 'down' }],
  ])('%s', async (_, response, expected) => {
    answer = () => response;
    expect((await send()).get(0)).toMatchObject(expected);
    expect(requests).toHaveLength(1);
  });
});

describe('email', () => {
  const mail = (key: number, html = `<p>${key} &amp; {{x}}</p>`, text?: string) => ({
    ...outgoing<'email'>(key, `p${key}@example.com`, {
      channel: 'email',
      subject: `s${key}`,
      html,
      ...(text !== undefined && { text }),
    }),
    ref: 'r'.repeat(300 + key),
  });
  type Bulk = {
    BulkEmailEntries: {
      Destination: { ToAddresses: string[] };
      ReplacementTags: { Name: string; Value: string }[];
      ReplacementEmailContent: { ReplacementTemplate: { ReplacementTemplateData: string } };
    }[];
  };
  const entries = ({ body }: AwsRequest) => (body as Bulk).BulkEmailEntries;
  const accept = (request: AwsRequest): AwsAnswer => ({
    body: {
      BulkEmailEntryResults: entries(request).map(({ Destination }) => ({
        Status: 'SUCCESS',
        MessageId: `m-${Destination.ToAddresses[0]}`,
      })),
    },
  });
  const send = (messages: Outgoing<'email'>[]) =>
    channels.email.emailChannel('shop@example.com', 'set1').send(messages, 'promotional');

  test('fifty in one call, everybody’s content in their own data', async () => {
    answer = accept;
    const results = await send(Array.from({ length: 50 }, (_, n) => mail(n)));
    expect(results.get(49)).toEqual({ status: 'sent', messageId: 'm-p49@example.com' });
    expect(requests).toHaveLength(1);
    expect(requests[0]?.body).toMatchObject({
      FromEmailAddress: 'shop@example.com',
      ConfigurationSetName: 'set1',
      DefaultContent: { Template: { TemplateContent: { Subject: '{{subject}}', Html: '{{html}}' } } },
    });
    const { ReplacementTags, ReplacementEmailContent } = requests.flatMap(
      entries,
    )[3] as Bulk['BulkEmailEntries'][number];
    const { ReplacementTemplateData: data } = ReplacementEmailContent.ReplacementTemplate;
    expect(JSON.parse(data)).toEqual({ subject: 's3', html: '<p>3 &amp; {{x}}</p>' });
    expect(ReplacementTags).toEqual([
      { Name: 'herald-0', Value: 'r'.repeat(256) },
      { Name: 'herald-1', Value: 'r'.repeat(47) },
    ]);
  });

  test('long mails are split over calls of less than 1 MB', async () => {
    answer = accept;
    expect((await send(Array.from({ length: 20 }, (_, n) => mail(n, '"'.repeat(60_000))))).size).toBe(20);
    expect(requests.length).toBeGreaterThan(1);
    for (const { body } of requests) expect(JSON.stringify(body).length).toBeLessThan(1_000_000);
  });

  test('what is longer than SES takes of one message is refused, and costs the others nothing', async () => {
    answer = accept;
    const quotes = (count: number) => '"'.repeat(count);
    // Two characters of JSON each, and 26 around them.
    const results = await send([mail(0, quotes(131_060)), mail(1, quotes(131_059)), mail(2, 'x', 'x'.repeat(262_144))]);
    expect([results.get(0), results.get(2)]).toEqual(Array(2).fill(refused('provider-refused')));
    expect(results.get(1)).toMatchObject({ status: 'sent' });
    const [entry] = requests.flatMap(entries) as Bulk['BulkEmailEntries'];
    const { ReplacementTemplateData } = entry!.ReplacementEmailContent.ReplacementTemplate;
    expect(ReplacementTemplateData).toHaveLength(262_144);
  });

  test('mails with a text part have a template of their own', async () => {
    answer = accept;
    await send([mail(0), mail(1, 'x', 'plain'), mail(2, 'x', 'plain')]);
    expect(requests.map((request) => entries(request).length)).toEqual([1, 2]);
  });

  test.each([
    ['SUCCESS', { status: 'sent', messageId: 'm' }],
    ['INVALID_PARAMETER', refused('address-refused')],
    ['MESSAGE_REJECTED', refused('provider-refused')],
    ['FAILED', refused('provider-refused')],
    ['ACCOUNT_THROTTLED', { status: 'retry' }],
    ['ACCOUNT_DAILY_QUOTA_EXCEEDED', { status: 'retry' }],
    ['ACCOUNT_SENDING_PAUSED', { status: 'retry' }],
    ['TRANSIENT_FAILURE', { status: 'retry' }],
  ])('HTTP 200 with %s', async (Status, expected) => {
    answer = () => ({ body: { BulkEmailEntryResults: [{ Status, MessageId: 'm', Error: 'why' }] } });
    expect((await send([mail(0)])).get(0)).toMatchObject(expected);
  });

  test('one address that fails the whole call costs its neighbours nothing', async () => {
    answer = (request) =>
      entries(request).some(({ Destination }) => Destination.ToAddresses[0] === 'p5@example.com')
        ? failure(400, 'BadRequestException')
        : accept(request);
    const results = await send(Array.from({ length: 12 }, (_, n) => mail(n)));
    const status = [...results].map(([key, result]) => [key, result.status]);
    expect(status.filter(([, is]) => is === 'refused')).toEqual([[5, 'refused']]);
    expect(status.filter(([, is]) => is === 'sent')).toHaveLength(11);
  });

  test.each<[number, string, object]>([
    [429, 'TooManyRequestsException', {}],
    [400, 'LimitExceededException', {}],
    [404, 'NotFoundException', { fault: 'account' }],
    [400, 'AccountSuspendedException', { fault: 'account' }],
    [400, 'SendingPausedException', { fault: 'account' }],
    [400, 'MailFromDomainNotVerifiedException', { fault: 'account' }],
  ])('%i %s: again later, and no address is to blame', async (status, type, more) => {
    answer = () => failure(status, type);
    const result = (await send([mail(0), mail(1)])).get(1);
    expect(result).toMatchObject({ status: 'retry', ...more });
    if (!('fault' in more)) expect(result).not.toHaveProperty('fault');
    expect(requests).toHaveLength(1);
  });

  test('content that SES rejects says nothing against the address', async () => {
    answer = () => failure(400, 'MessageRejected');
    expect([...(await send([mail(0), mail(1)])).values()]).toEqual(Array(2).fill(refused('provider-refused')));
  });
});

describe('whatsapp', () => {
  const send = async (content: Partial<Outgoing<'whatsapp'>['content']>, ref = 'r1') => {
    answer = () => ({ body: { messageId: 'm1' } });
    const whole = { channel: 'whatsapp' as const, template: 'order', language: 'en_US', parameters: [], ...content };
    const message = { ...outgoing<'whatsapp'>(0, '+4712345678', whole), ref };
    expect((await channels.whatsapp.whatsappChannel('arn:number').send([message], 'promotional')).get(0)).toEqual({
      status: 'sent',
      messageId: 'm1',
    });
    const { message: blob, ...rest } = (requests[0] as AwsRequest).body as { message: string };
    return { rest, message: JSON.parse(Buffer.from(blob, 'base64').toString()) };
  };

  test('a template with its places filled, as Meta takes it', async () => {
    const { rest, message } = await send({ header: 'Hi', parameters: ['Ann', 'two\n\n lines'], buttonUrl: 'o/1' });
    expect(requests[0]?.path).toBe('/v1/whatsapp/send');
    expect(rest).toEqual({ originationPhoneNumberId: 'arn:number', metaApiVersion: 'v20.0' });
    const text = (...texts: string[]) => texts.map((one) => ({ type: 'text', text: one }));
    expect(message).toEqual({
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: '+4712345678',
      type: 'template',
      template: {
        name: 'order',
        language: { code: 'en_US' },
        components: [
          { type: 'header', parameters: text('Hi') },
          { type: 'body', parameters: text('Ann', 'two lines') },
          { type: 'button', sub_type: 'url', index: '0', parameters: text('o/1') },
        ],
      },
      biz_opaque_callback_data: 'r1',
    });
  });

  test('a template without places has no components; a ref that Meta would not take is left out', async () => {
    const { message } = await send({}, 'r'.repeat(513));
    expect(message.template).toEqual({ name: 'order', language: { code: 'en_US' } });
    expect(message.biz_opaque_callback_data).toBeUndefined();
  });
});
