import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Context, SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHANNELS, LANES, queueVariable } from '../../../core/delivery/channel.ts';
import type { SendMessage, SnapshotRow } from '../../../core/delivery/messages.ts';
import type { OutcomeRow } from '../../../core/delivery/outcome.ts';
import { snapshotPart } from '../../../core/delivery/snapshot-part.ts';
import type { Contacts } from '../../../lambdas/adapters/contacts.ts';
import { type AwsRequest, memoryServices, queueUrl, startAws } from '../adapters/aws.ts';
import { plan } from './delivery-world.ts';

/** The senders with all their real adapters; only the services behind them are stand-ins. */
const services = memoryServices();
const calls: AwsRequest[] = [];
const provider = (request: AwsRequest) => {
  if (request.path.startsWith('/v1/apps/')) {
    calls.push(request);
    const { Addresses } = request.body as { Addresses: Record<string, object> };
    const result = (token: string) =>
      token.startsWith('dead')
        ? { DeliveryStatus: 'PERMANENT_FAILURE', StatusCode: 410 }
        : { DeliveryStatus: 'SUCCESSFUL', StatusCode: 200, MessageId: `m-${token}` };
    return {
      body: { ApplicationId: 'app', Result: Object.fromEntries(Object.keys(Addresses).map((t) => [t, result(t)])) },
    };
  }
  if (String(request.headers['x-amz-target']).endsWith('SendTextMessage')) {
    calls.push(request);
    return { body: { MessageId: 'm-sms' } };
  }
  return services.answer(request);
};

type Sender = typeof import('../../../lambdas/delivery/send-push.ts')['handler'];
let stop: () => Promise<void>;
let sendPush: Sender;
let sendSms: Sender;
let contacts: Contacts;

beforeAll(async () => {
  stop = await startAws(
    {
      definitions: ['kind', 'id'],
      ledger: ['run', 'unit'],
      contacts: ['profileId'],
      profiles: ['profileId'],
      devices: ['deviceId'],
      audit: ['subject', 'entry'],
    },
    provider,
  );
  Object.assign(process.env, {
    DEFINITIONS_TABLE: 'definitions',
    LEDGER_TABLE: 'ledger',
    CONTACTS_TABLE: 'contacts',
    PROFILES_TABLE: 'profiles',
    WORK_BUCKET: 'work',
    OUTCOMES_STREAM: 'outcomes',
    TIMERS_TABLE: 'timers',
    ...{ SCHEDULE_GROUP: 'g', WAKE_FUNCTION_ARN: 'f', WAKE_ROLE_ARN: 'r', WAKE_DEAD_LETTERS_ARN: 'd' },
    LINK_KEY_ARN: 'link-key',
    METRICS_NAMESPACE: 'Herald/test',
    LINKS_URL: 'https://go.example.com',
    PUSH_APPLICATION_ID: 'app',
    ...{ DEVICES_TABLE: 'devices', AUDIT_TABLE: 'audit', PROFILES_STREAM: 'profiles' },
    INTAKE_QUEUE_URL: queueUrl('intake'),
    SMS_ORIGINATION: 'pool',
  });
  for (const channel of CHANNELS) {
    for (const lane of LANES) process.env[queueVariable(channel, lane)] = queueUrl(`${channel}-${lane}`.toUpperCase());
  }
  const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
  const defs = definitions('definitions');
  await defs.put('plan-version', 'c1@h1', plan(), 0, 1);
  await defs.put('campaign', 'c1', { state: 'sending' }, 0, 1);
  await defs.put(
    'plan-version',
    't1@h1',
    plan({ planKind: 'trigger', planId: 't1', lane: 'transactional', channelPolicy: ['sms'] }),
    0,
    1,
  );
  await defs.put('trigger', 't1', { state: 'active' }, 0, 1);
  contacts = (await import('../../../lambdas/adapters/contacts.ts')).contacts('contacts');
  sendPush = (await import('../../../lambdas/delivery/send-push.ts')).handler;
  sendSms = (await import('../../../lambdas/delivery/send-sms.ts')).handler;
});
afterAll(() => stop());

const deliver = (handler: Sender, ...messages: SendMessage[]) => {
  const records = messages.map((message, n) => ({
    messageId: `m${n}`,
    body: JSON.stringify(message),
    attributes: { ApproximateReceiveCount: '1' },
  }));
  return handler({ Records: records } as unknown as SQSEvent, { getRemainingTimeInMillis: () => 30_000 } as Context);
};
const outcomes = () => (services.streams.get('outcomes') ?? []) as OutcomeRow[];

test('a batch: push, then sms for whom push does not reach; one touch each, all in the lake', async () => {
  const rows: SnapshotRow[] = [
    { profileId: 'ada', pushToken: 'tok-ada', attributes: {} },
    { profileId: 'bo', pushToken: 'dead-bo', phone: '+4712345678', attributes: {} },
    { profileId: 'cy', phone: '+4712345679', attributes: {} },
  ];
  for (const { profileId } of rows) await contacts.setConsents(profileId, { push: true, sms: true });
  const names = {
    plan: { kind: 'campaign', id: 'c1', hash: 'h1' },
    runId: 'r1',
    part: 'snapshots/r1/parts/0-0.ndjson',
    step: 0,
  } as const;
  const { body, pointers } = snapshotPart(rows, names);
  services.objects.set(`/work/${names.part}`, Buffer.from(body));

  expect(await deliver(sendPush, ...pointers)).toEqual({ batchItemFailures: [] });
  const next = (services.queues.get('SMS-PROMOTIONAL') ?? []).map((message) => message.body as SendMessage);
  expect(next).toMatchObject([{ kind: 'snapshot', step: 1, only: [1, 2] }]);
  expect(await deliver(sendSms, ...next)).toEqual({ batchItemFailures: [] });
  expect(await deliver(sendPush, ...pointers)).toEqual({ batchItemFailures: [] });

  expect(
    calls.map(({ body: asked }) => Object.keys((asked as { Addresses?: object }).Addresses ?? { sms: 1 })),
  ).toEqual([['tok-ada', 'dead-bo'], ['sms'], ['sms']]);
  // The repeated message told the lake its outcome once more, under the same id, and sent nothing.
  const told = outcomes();
  expect(
    told
      .filter(({ outcome_id }, n) => told.findIndex((row) => row.outcome_id === outcome_id) === n)
      .filter(({ final }) => final)
      .map(({ profile_id, channel, outcome, message_id }) => [profile_id, channel, outcome, message_id]),
  ).toEqual([
    ['ada', 'push', 'sent', 'm-tok-ada'],
    ['bo', 'sms', 'sent', 'm-sms'],
    ['cy', 'sms', 'sent', 'm-sms'],
  ]);
  for (const { profileId } of rows) expect((await contacts.get(profileId)).touches).toHaveLength(1);
});

test('an event-triggered message reads the profile; another one in the batch that fails goes back alone', async () => {
  const profile = { profileId: 'di', version: 1, updatedMs: 1, phone: '+4712345670', attributes: {} };
  await new DynamoDBClient().send(
    new PutItemCommand({
      TableName: 'profiles',
      Item: { profileId: { S: 'di' }, body: { S: JSON.stringify(profile) } },
    }),
  );
  const event = { id: 'e1', type: 'order', profileId: 'di', source: 'shop', timeMs: 1, receivedMs: 1, properties: {} };
  const message = (id: string): SendMessage => ({
    kind: 'direct',
    plan: { kind: 'trigger', id, hash: 'h1' },
    profileId: 'di',
    event,
    step: 0,
    deadlineMs: Date.now() + 60_000,
  });
  const before = calls.length;
  expect(await deliver(sendSms, message('gone'), message('t1'))).toEqual({
    batchItemFailures: [{ itemIdentifier: 'm0' }],
  });
  expect(calls.slice(before).map(({ body }) => body)).toMatchObject([
    { DestinationPhoneNumber: '+4712345670', MessageBody: 'Hello di', MessageType: 'TRANSACTIONAL' },
  ]);
  expect(outcomes().at(-1)).toMatchObject({
    plan_kind: 'trigger',
    plan_id: 't1',
    profile_id: 'di',
    outcome: 'sent',
    event_id: 'e1',
  });
});

test('pointers of one invocation are published together; when that fails all come back, and nobody is sent twice', async () => {
  const ids = Array.from({ length: 240 }, (_, n) => `crowd-${n}`);
  const rows = ids.map(
    (profileId, n): SnapshotRow => ({
      profileId,
      pushToken: `${n % 50 === 7 ? 'dead' : 'tok'}-${profileId}`,
      phone: '+4712345678',
      attributes: {},
    }),
  );
  await Promise.all(ids.map((id) => contacts.setConsents(id, { push: true, sms: true })));
  const names = {
    plan: { kind: 'campaign', id: 'c1', hash: 'h1' },
    runId: 'r2',
    part: 'snapshots/r2/parts/0-0.ndjson',
    step: 0,
  } as const;
  const { body, pointers } = snapshotPart(rows, names);
  expect(pointers).toHaveLength(3);
  services.objects.set(`/work/${names.part}`, Buffer.from(body));
  const [before, queued, told] = [calls.length, services.queues.get('SMS-PROMOTIONAL')?.length ?? 0, outcomes().length];

  services.refuse.add('Firehose_20150804.PutRecordBatch');
  expect((await deliver(sendPush, ...pointers)).batchItemFailures).toHaveLength(3);
  expect(outcomes()).toHaveLength(told);
  expect(services.queues.get('SMS-PROMOTIONAL')?.length ?? 0).toBe(queued);
  expect(await deliver(sendPush, ...pointers)).toEqual({ batchItemFailures: [] });

  const tokens = calls
    .slice(before)
    .flatMap(({ body: asked }) => Object.keys((asked as { Addresses: object }).Addresses));
  expect(tokens.sort()).toEqual(rows.map(({ pushToken }) => pushToken).sort());
  const sent = outcomes().slice(told);
  expect(sent).toHaveLength(240);
  expect(sent.filter(({ final }) => final)).toHaveLength(235);
  expect(services.queues.get('SMS-PROMOTIONAL')?.slice(queued)).toHaveLength(3);
  for (const id of ids) expect((await contacts.get(id)).touches).toHaveLength(1);
});

test('with little time left no pointer is begun: it comes again, and is sent then', async () => {
  const row: SnapshotRow = { profileId: 'late', pushToken: 'tok-late', attributes: {} };
  await contacts.setConsents('late', { push: true });
  const names = {
    plan: { kind: 'campaign', id: 'c1', hash: 'h1' },
    runId: 'r3',
    part: 'snapshots/r3/parts/0-0.ndjson',
    step: 0,
  } as const;
  const { body, pointers } = snapshotPart([row], names);
  services.objects.set(`/work/${names.part}`, Buffer.from(body));
  const record = {
    messageId: 'late',
    body: JSON.stringify(pointers[0]),
    attributes: { ApproximateReceiveCount: '1' },
  };
  const before = calls.length;
  const withLeft = (ms: number) =>
    sendPush({ Records: [record] } as unknown as SQSEvent, { getRemainingTimeInMillis: () => ms } as Context);
  expect(await withLeft(17_000)).toEqual({ batchItemFailures: [{ itemIdentifier: 'late' }] });
  expect(calls.length).toBe(before);
  expect((await contacts.get('late')).touches).toEqual([]);
  expect(await withLeft(30_000)).toEqual({ batchItemFailures: [] });
  expect(calls.length).toBe(before + 1);
});

test('a body that is not JSON goes back alone', async () => {
  const gone: SendMessage = {
    kind: 'direct',
    plan: { kind: 'trigger', id: 't1', hash: 'h1' },
    profileId: 'nobody',
    event: { id: 'e9', type: 'order', profileId: 'nobody', source: 'shop', timeMs: 1, receivedMs: 1, properties: {} },
    step: 0,
    deadlineMs: Number.MAX_SAFE_INTEGER,
  };
  const records = ['{"kind":', JSON.stringify(gone)].map((body, n) => ({
    messageId: `m${n}`,
    body,
    attributes: { ApproximateReceiveCount: '1' },
  }));
  const context = { getRemainingTimeInMillis: () => 30_000 } as Context;
  const answer = await sendSms({ Records: records } as unknown as SQSEvent, context);
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
  expect(outcomes().at(-1)).toMatchObject({ profile_id: 'nobody', outcome: 'skipped', reason: 'profile-missing' });
});
