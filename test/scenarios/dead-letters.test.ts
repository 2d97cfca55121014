import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished } from 'vitest';
import { EMERGENCY_STOP } from '../../core/delivery/emergency-stop.ts';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootShared, type Herald, localTest } from './boot.ts';
import { approve, draftCampaign, importCsv, submit } from './people.ts';
import { putSettings } from './put-back.ts';

const PEOPLE = 250;
const MINUTE = 60_000;
type Queues = { items: { queue: string; messages: number; redrive?: { status: string; moved: number } }[] };
type Letter = { id: string; kind: string; about: string; plan?: object; reason: { from: string; error: string } };
type Letters = { items: Letter[]; remaining: number };

const deadIn = async ({ api, as }: Herald, queue: string) => {
  const { items } = await api.must<Queues>('GET /v1/dead-letters', await as('operator-oscar'));
  return items.find((one) => one.queue === queue)!;
};

localTest(
  'it spoils a record behind the API',
  'senders that can do nothing: the operator sees why, mends it, redrives, and everybody gets exactly one message',
  async () => {
    const herald = await bootShared();
    const { api, as, cloud, own } = herald;
    const oscar = await as('operator-oscar');
    await putSettings(herald, 'delivery', { frequencyCap: { touches: 10, hours: 24 } });
    const rows = Array.from({ length: PEOPLE }, (_, n) => `${own(`p${n}`)},p${n}@example.com,${own('Paris')},yes`);
    const mapping = { id: 'profileId', mail: 'email', city: 'attributes.city', ok: 'consent.email' };
    await importCsv(herald, ['id,mail,city,ok', ...rows].join('\n'), mapping);
    await cloud.clock.advance(120_000);

    const TableName = cloud.resources.find(({ logicalId }) => logicalId.startsWith('DefinitionsTable'))!.ref;
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const dynamo = new DynamoDBClient({ endpoint: cloud.url, region: 'us-east-1', credentials });
    onTestFinished(() => dynamo.destroy());
    // Nobody else reads it on the way of a campaign.
    const Key = { kind: { S: 'settings' }, id: { S: EMERGENCY_STOP } };
    const broken = { ...Key, version: { N: '1' }, updatedMs: { N: '1' }, body: { S: '{"stopped' } };
    await dynamo.send(new PutItemCommand({ TableName, Item: broken }));

    const draft = await draftCampaign(herald, { city: 'Paris', policy: ['email'] });
    await submit(herald, draft);
    await approve(herald, draft);
    const queue = 'send-email-promotional';
    // Twenty receives, three minutes apart.
    await cloud.clock.advance(80 * MINUTE);
    expect(await deadIn(herald, queue)).toMatchObject({ messages: 3 });

    const { items } = await api.must<Letters>(`GET /v1/dead-letters/${queue}`, oscar);
    expect(items).toHaveLength(3);
    for (const { kind, about, plan, reason } of items) {
      expect(kind).toBe('campaign-batch');
      expect(about).toMatch(/\d+ recipients, step 1 of its channels$/);
      expect(plan).toEqual({ kind: 'campaign', id: draft.id });
      expect(reason).toMatchObject({ from: 'receiver', error: 'SyntaxError' });
    }
    expect(await cloud.inbox.count()).toBe(0);

    await dynamo.send(new DeleteItemCommand({ TableName, Key }));
    await cloud.clock.advance(15_000);
    const first = { messageIds: [items[0]!.id] };
    await api.must(`POST /v1/dead-letters/${queue}/redrive`, await as('operator-oscar', first));
    await api.must(`POST /v1/dead-letters/${queue}/redrive`, await as('operator-oscar', { messagesPerSecond: 1 }));
    await herald.finished(draft.id);

    const report = await api.must<CampaignReport>(`GET /v1/campaigns/${draft.id}/report`, await as('viewer-vera'));
    expect(report).toMatchObject({ recipients: PEOPLE, sent: PEOPLE });
    expect(new Set(cloud.inbox.list({ limit: -1 }).map(({ to }) => to)).size).toBe(PEOPLE);
    expect(await cloud.inbox.count()).toBe(PEOPLE);
    expect(await deadIn(herald, queue)).toMatchObject({ messages: 0, redrive: { status: 'COMPLETED', moved: 2 } });
    const audit = await api.must<{ items: { action: string }[] }>(
      `GET /v1/audit?subject=dead-letters/${queue}`,
      await as('viewer-vera'),
    );
    expect(audit.items.map(({ action }) => action)).toEqual(['redrive', 'redrive']);
  },
);

localTest(
  'it writes what Lambda writes when a function keeps failing',
  'events of the bus that could not be taken in are taken in when they are redriven',
  async () => {
    const herald = await bootShared();
    const { api, as, cloud, own } = herald;
    const named = (part: RegExp) => cloud.resources.find(({ logicalId }) => part.test(logicalId))!.attributes.Arn!;
    const event = { id: 'e1', type: own('order.placed'), profileId: own('p1'), properties: {} };
    const requestPayload = {
      ...{ id: 'b1', source: 'shop', 'detail-type': 'Herald Event', time: '2026-11-18T12:00:00Z' },
      detail: event,
    };
    const requestContext = { functionArn: `${named(/^IntakeAcceptBusEventsFunction/)}:$LATEST` };
    const responsePayload = { errorType: 'Error', errorMessage: 'Queue is gone' };
    cloud.services.sqs.send(
      named(/^BusDeadLetters/),
      JSON.stringify({ requestContext, requestPayload, responsePayload }),
    );
    const { items } = await api.must<Letters>('GET /v1/dead-letters/bus', await as('operator-oscar'));
    expect(items).toMatchObject([{ kind: 'invocation', reason: { from: 'letter', error: 'Error' } }]);
    expect(await api.must('POST /v1/dead-letters/bus/redrive', await as('operator-oscar', {}))).toMatchObject({
      redriven: 1,
      remaining: 0,
    });
    await cloud.clock.advance(60_000);
    const { items: types } = await api.must<{ items: { type: string }[] }>(
      'GET /v1/event-types',
      await as('viewer-vera'),
    );
    expect(types.map(({ type }) => type)).toContain(own('order.placed'));
  },
);
