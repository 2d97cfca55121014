import { describe, expect, it } from 'vitest';
import { inbox } from '../../local/inbox.ts';
import { pinpoint } from '../../local/pinpoint.ts';
import { ses } from '../../local/ses.ts';
import { sms } from '../../local/sms.ts';
import { call, create, jsonOf, serviceContext } from './service-context.ts';

describe('SES', () => {
  const setUp = () => {
    const world = serviceContext();
    const service = ses(world.context);
    const set = create(service, 'AWS::SES::ConfigurationSet', 'Emails', { SuppressionOptions: {} }).ref;
    const post = <T>(path: string, body: object) =>
      jsonOf<T>(call(service, { path, body: { FromEmailAddress: 'herald@example.com', ...body } }));
    return { ...world, service, set, post, messages: inbox(world.context) };
  };
  type Bulk = { BulkEmailEntryResults: { Status: string; Error?: string; MessageId?: string }[] };
  const bulk = (data: [to: string, data: object][], html = '<b>{{html}}</b>') => ({
    DefaultContent: {
      Template: { TemplateContent: { Subject: '{{subject}}', Html: html }, TemplateData: '{"subject":"Default"}' },
    },
    BulkEmailEntries: data.map(([to, values]) => ({
      Destination: { ToAddresses: [to] },
      ReplacementEmailContent: { ReplacementTemplate: { ReplacementTemplateData: JSON.stringify(values) } },
    })),
  });
  const BULK = '/v2/email/outbound-bulk-emails';

  it('puts an email into the inbox', async () => {
    const { post, messages, set } = setUp();
    const { BulkEmailEntryResults: results } = await post<Bulk>(BULK, {
      ...bulk([['ann@example.com', { subject: 'Hi', html: 'Ann' }]]),
      ConfigurationSetName: set,
    });
    expect(messages.list()).toMatchObject([
      {
        messageId: results[0]?.MessageId,
        channel: 'email',
        to: 'ann@example.com',
        title: 'Hi',
        html: '<b>Ann</b>',
        atMs: Date.parse('2026-03-01T12:00:00Z'),
      },
    ]);
  });

  it('answers each entry of a bulk email on its own, in order', async () => {
    const { post, messages, billed } = setUp();
    const entries: [string, object][] = [
      ['ann@example.com', { subject: 'For Ann', html: '<i>&amp; so</i>' }],
      ['reject-bob@example.com', { html: '' }],
      ['not an address', { html: '' }],
      ['cyd@example.com', {}],
      ['dan@example.com', { html: 'x' }],
      ['throttle-once-eve@example.com', { html: 'x' }],
    ];
    const { BulkEmailEntryResults: results } = await post<Bulk>(BULK, bulk(entries));
    expect(results.map(({ Status }) => Status)).toEqual([
      'SUCCESS',
      'MESSAGE_REJECTED',
      'INVALID_PARAMETER',
      'FAILED',
      'SUCCESS',
      'ACCOUNT_THROTTLED',
    ]);
    expect(results[3]?.Error).toContain("'html' is not present");
    // SES does not escape what it fills in.
    expect(messages.list().map(({ title, html }) => [title, html])).toEqual([
      ['Default', '<b>x</b>'],
      ['For Ann', '<b><i>&amp; so</i></b>'],
    ]);
    expect(billed()['channel-email']?.units).toBe(2);
    const again = await post<Bulk>(BULK, bulk([['throttle-once-eve@example.com', { html: 'x' }]]));
    expect(again.BulkEmailEntryResults[0]?.Status).toBe('SUCCESS');
  });

  it.each([
    [
      '51 destinations',
      BULK,
      bulk(Array.from({ length: 51 }, (_, n) => [`p${n}@example.com`, { html: '' }])),
      'BadRequestException',
    ],
    [
      'an unknown configuration set',
      BULK,
      { ...bulk([['a@example.com', {}]]), ConfigurationSetName: 'no' },
      'NotFoundException',
    ],
    ['another operation', '/v2/email/identities', {}, 'NotFoundException'],
  ])('refuses %s', async (_, path, body, code) => {
    await expect(setUp().post(path, body)).rejects.toMatchObject({ code });
  });
});

describe('SMS', () => {
  const setUp = () => {
    const world = serviceContext();
    const service = sms(world.context);
    const send = async (body: object) => {
      const response = await call(service, {
        action: 'SendTextMessage',
        body: { OriginationIdentity: 'pool', MessageType: 'PROMOTIONAL', MessageBody: 'Hi', ...body },
      });
      return { status: response.status ?? 200, ...(await jsonOf(response)) };
    };
    return { ...world, send, messages: inbox(world.context) };
  };

  it('puts a text into the inbox', async () => {
    const { send, messages } = setUp();
    expect(await send({ DestinationPhoneNumber: '+33612345678' })).toMatchObject({
      MessageId: expect.any(String),
    });
    expect(messages.list()).toMatchObject([{ channel: 'sms', to: '+33612345678', body: 'Hi' }]);
  });

  it.each([
    ['+15555500001', { __type: 'ConflictException', Reason: 'DESTINATION_PHONE_NUMBER_OPTED_OUT' }],
    [
      '+15555510001',
      { __type: 'ValidationException', Fields: [expect.objectContaining({ Name: 'DestinationPhoneNumber' })] },
    ],
    ['0612345678', { __type: 'ValidationException' }],
    ['+15555520001', { __type: 'ThrottlingException' }],
  ])('refuses %s', async (DestinationPhoneNumber, error) => {
    const { send, messages } = setUp();
    expect(await send({ DestinationPhoneNumber })).toMatchObject({ status: 400, ...error });
    expect(messages.count()).toBe(0);
  });

  it('throttles a number once', async () => {
    const { send, messages } = setUp();
    await send({ DestinationPhoneNumber: '+15555520001' });
    await send({ DestinationPhoneNumber: '+15555520001' });
    expect(messages.count()).toBe(1);
  });

  it.each([
    ['', { __type: 'ValidationException', Fields: [expect.objectContaining({ Name: 'MessageBody' })] }],
    ['x'.repeat(1601), { __type: 'ValidationException' }],
  ])('refuses a text of the wrong length', async (MessageBody, error) => {
    expect(await setUp().send({ DestinationPhoneNumber: '+33612345678', MessageBody })).toMatchObject(error);
  });

  it.each([
    ['x'.repeat(160), 1],
    ['x'.repeat(161), 2],
    [`${'x'.repeat(159)}€`, 2],
    ['ж'.repeat(70), 1],
    ['ж'.repeat(71), 2],
    ['x'.repeat(307), 3],
  ])('bills %s as its parts', async (MessageBody, parts) => {
    const { send, billed } = setUp();
    await send({ DestinationPhoneNumber: '+33612345678', MessageBody });
    expect(billed()['channel-sms']?.units).toBe(parts);
  });
});

describe('push', () => {
  const setUp = () => {
    const world = serviceContext();
    const service = pinpoint(world.context);
    const app = create(service, 'AWS::Pinpoint::App', 'PushApplication', { Name: 'herald' }).ref;
    type Result = { DeliveryStatus: string; StatusCode: number; MessageId?: string };
    const send = async (addresses: string[], application = app) =>
      (
        await jsonOf<{ Result: Record<string, Result> }>(
          call(service, {
            path: `/v1/apps/${application}/messages`,
            body: {
              Addresses: Object.fromEntries(
                addresses.map((address) => [
                  address,
                  { ChannelType: 'GCM', TitleOverride: `T ${address}`, BodyOverride: 'B' },
                ]),
              ),
              MessageConfiguration: { DefaultPushNotificationMessage: { Action: 'OPEN_APP', Title: 'unused' } },
            },
          }),
        )
      ).Result;
    return { ...world, send, messages: inbox(world.context) };
  };

  it('answers 200 with the result of each address', async () => {
    const { send, messages, billed } = setUp();
    const result = await send(['good', 'dead-1', 'optout-1', 'throttle-once-1']);
    expect(result).toMatchObject({
      good: { DeliveryStatus: 'SUCCESSFUL', StatusCode: 200, MessageId: expect.any(String) },
      'dead-1': { DeliveryStatus: 'PERMANENT_FAILURE', StatusCode: 410 },
      'optout-1': { DeliveryStatus: 'OPT_OUT' },
      'throttle-once-1': { DeliveryStatus: 'THROTTLED' },
    });
    expect(await send(['throttle-once-1'])).toMatchObject({ 'throttle-once-1': { DeliveryStatus: 'SUCCESSFUL' } });
    expect(messages.list().map(({ to, title, body }) => [to, title, body])).toEqual([
      ['throttle-once-1', 'T throttle-once-1', 'B'],
      ['good', 'T good', 'B'],
    ]);
    expect(billed()['channel-push']?.units).toBe(2);
  });

  it('refuses more than 100 addresses and unknown applications', async () => {
    const { send } = setUp();
    await expect(send(Array.from({ length: 101 }, (_, n) => `t${n}`))).rejects.toMatchObject({
      code: 'BadRequestException',
    });
    await expect(send(['a'], 'other')).rejects.toMatchObject({ code: 'NotFoundException' });
  });
});
