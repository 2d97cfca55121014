import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import { PinpointClient, SendMessagesCommand } from '@aws-sdk/client-pinpoint';
import { PinpointSMSVoiceV2Client, SendTextMessageCommand } from '@aws-sdk/client-pinpoint-sms-voice-v2';
import { SESv2Client, SendBulkEmailCommand } from '@aws-sdk/client-sesv2';
import { AwsClient } from 'aws4fetch';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { athena } from '../../local/athena.ts';
import { eventBridge } from '../../local/event-bridge.ts';
import { firehose } from '../../local/firehose.ts';
import { type FrontDoor, openFrontDoor } from '../../local/front-door.ts';
import { httpApi } from '../../local/http-api.ts';
import { inbox } from '../../local/inbox.ts';
import { pinpoint } from '../../local/pinpoint.ts';
import { s3 } from '../../local/s3.ts';
import { ses } from '../../local/ses.ts';
import { sms } from '../../local/sms.ts';
import { create, serviceContext } from './service-context.ts';

/** The services as the real clients speak to them, over HTTP. */
const { context } = serviceContext(Date.now());
const parts = {
  s3: s3(context),
  firehose: firehose(context),
  athena: athena(context),
  events: eventBridge(context),
  ses: ses(context),
  sms: sms(context),
  push: pinpoint(context),
};
let door: FrontDoor;
let options: {
  region: string;
  endpoint: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  maxAttempts: number;
};
const bucket = create(parts.s3, 'AWS::S3::Bucket', 'Work').ref;

beforeAll(async () => {
  const services = new Map(Object.values(parts).map((service) => [service.signingName, service]));
  door = await openFrontDoor(context.clock, services, httpApi(context), Promise.resolve(), 0);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  options = { region: 'us-east-1', endpoint: door.url, credentials, maxAttempts: 1 };
});
afterAll(async () => {
  await parts.athena.stop?.();
  await door.close();
});

it('S3 by signed fetch and by presigned URL', async () => {
  const client = new AwsClient({ ...options.credentials, service: 's3', region: 'us-east-1', retries: 0 });
  const url = `${door.url}/${bucket}/a/b%20c.txt`;
  expect((await client.fetch(url, { method: 'PUT', body: 'hello' })).status).toBe(200);
  const part = await client.fetch(url, { headers: { range: 'bytes=1-3' } });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 1-3/5', 'ell']);
  const head = await client.fetch(url, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '5']);
  const signed = await client.sign(`${url}?X-Amz-Expires=60`, { method: 'PUT', aws: { signQuery: true } });
  expect((await fetch(signed.url, { method: 'PUT', body: new Blob(['x'.repeat(1e6)]) })).status).toBe(200);
  expect(context.services.s3.get(bucket, 'a/b c.txt')?.length).toBe(1e6);
  const missing = await client.fetch(`${door.url}/${bucket}/none`);
  expect([missing.status, await missing.text()]).toEqual([404, expect.stringContaining('<Code>NoSuchKey</Code>')]);
});

it('Firehose', async () => {
  const { ref } = create(parts.firehose, 'AWS::KinesisFirehose::DeliveryStream', 'Events', {
    ExtendedS3DestinationConfiguration: {
      BucketARN: `arn:aws:s3:::${bucket}`,
      Prefix: 'events/dt=!{timestamp:yyyy-MM-dd}/',
      CompressionFormat: 'GZIP',
    },
  });
  const put = new PutRecordBatchCommand({ DeliveryStreamName: ref, Records: [{ Data: Buffer.from('{}\n') }] });
  expect(await new FirehoseClient(options).send(put)).toMatchObject({ FailedPutCount: 0, RequestResponses: [{}] });
});

it('Athena', async () => {
  const client = new AthenaClient(options);
  create(parts.athena, 'AWS::Athena::WorkGroup', 'Reports', {
    Name: 'reports',
    WorkGroupConfiguration: {
      EnforceWorkGroupConfiguration: true,
      ResultConfiguration: { OutputLocation: `s3://${bucket}/athena/` },
    },
  });
  const to = { QueryExecutionContext: { Database: 'herald' }, WorkGroup: 'reports' };
  const { QueryExecutionId } = await client.send(
    new StartQueryExecutionCommand({
      ...to,
      QueryString: `SELECT 'x' AS a, CAST(NULL AS DOUBLE) AS b`,
    }),
  );
  const execution = async () => (await client.send(new GetQueryExecutionCommand({ QueryExecutionId }))).QueryExecution;
  await expect.poll(async () => (await execution())?.Status?.State).toBe('SUCCEEDED');
  expect((await execution())?.Status?.SubmissionDateTime).toBeInstanceOf(Date);
  const { ResultSet } = await client.send(new GetQueryResultsCommand({ QueryExecutionId }));
  expect(ResultSet?.Rows).toEqual([
    { Data: [{ VarCharValue: 'a' }, { VarCharValue: 'b' }] },
    { Data: [{ VarCharValue: 'x' }, {}] },
  ]);
  const bad = new StartQueryExecutionCommand({ ...to, QueryString: 'SELECT 1', WorkGroup: 'none' });
  await expect(client.send(bad)).rejects.toMatchObject({ name: 'InvalidRequestException' });
});

it('EventBridge', async () => {
  const put = new PutEventsCommand({
    Entries: [{ Source: 'a', DetailType: 'b', Detail: '{}' }, { Source: 'a' }],
  });
  const { FailedEntryCount, Entries } = await new EventBridgeClient(options).send(put);
  expect([FailedEntryCount, Entries?.[0]?.EventId, Entries?.[1]?.ErrorCode]).toEqual([
    1,
    expect.any(String),
    'InvalidArgument',
  ]);
});

it('SES, SMS and push, with their errors', async () => {
  const bulk = new SendBulkEmailCommand({
    FromEmailAddress: 'herald@example.com',
    DefaultContent: { Template: { TemplateContent: { Subject: '{{s}}', Html: 'h' }, TemplateData: '{"s":"S"}' } },
    BulkEmailEntries: [{ Destination: { ToAddresses: ['a@example.com'] } }],
  });
  expect(await new SESv2Client(options).send(bulk)).toMatchObject({ BulkEmailEntryResults: [{ Status: 'SUCCESS' }] });

  const texts = new PinpointSMSVoiceV2Client(options);
  const text = (DestinationPhoneNumber: string) =>
    texts.send(new SendTextMessageCommand({ DestinationPhoneNumber, MessageBody: 'Hi' }));
  expect(await text('+33612345678')).toMatchObject({ MessageId: expect.any(String) });
  await expect(text('+15555500000')).rejects.toMatchObject({
    name: 'ConflictException',
    Reason: 'DESTINATION_PHONE_NUMBER_OPTED_OUT',
  });
  await expect(text('+15555510000')).rejects.toMatchObject({
    name: 'ValidationException',
    Fields: [{ Name: 'DestinationPhoneNumber' }],
  });
  await expect(text('+15555520000')).rejects.toMatchObject({ name: 'ThrottlingException' });

  const ApplicationId = create(parts.push, 'AWS::Pinpoint::App', 'Push', { Name: 'herald' }).ref;
  const Addresses = {
    good: { ChannelType: 'GCM' as const, BodyOverride: 'B' },
    'dead-1': { ChannelType: 'GCM' as const },
  };
  const send = new SendMessagesCommand({ ApplicationId, MessageRequest: { Addresses, MessageConfiguration: {} } });
  expect(await new PinpointClient(options).send(send)).toMatchObject({
    MessageResponse: {
      Result: {
        good: { DeliveryStatus: 'SUCCESSFUL' },
        'dead-1': { DeliveryStatus: 'PERMANENT_FAILURE', StatusCode: 410 },
      },
    },
  });
  expect(inbox(context).count()).toBe(3);
});

it('the pages of the local cloud, without a signature', async () => {
  const page = await fetch(`${door.url}/_local/inbox`);
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect((await fetch(`${door.url}/v1/none`)).status).toBe(404);
});
