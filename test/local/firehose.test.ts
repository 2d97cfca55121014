import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { firehose } from '../../local/firehose.ts';
import { s3 } from '../../local/s3.ts';
import { call, create, jsonOf, serviceContext } from './service-context.ts';

const setUp = (destination: object = {}) => {
  const world = serviceContext();
  const bucket = create(s3(world.context), 'AWS::S3::Bucket', 'Lake').ref;
  const service = firehose(world.context);
  const properties = {
    ExtendedS3DestinationConfiguration: {
      BucketARN: `arn:aws:s3:::${bucket}`,
      RoleARN: 'role',
      Prefix: 'events/dt=!{timestamp:yyyy-MM-dd}/',
      ErrorOutputPrefix: 'errors/',
      CompressionFormat: 'GZIP',
      BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 1 },
      ...destination,
    },
  };
  const stream = create(service, 'AWS::KinesisFirehose::DeliveryStream', 'EventsStream', properties).ref;
  const put = (body: object) =>
    jsonOf(call(service, { action: 'PutRecordBatch', body: { DeliveryStreamName: stream, ...body } }));
  const record = (text: string) => ({ Data: Buffer.from(text).toString('base64') });
  const objects = () =>
    world.context.services.s3.keys(bucket, '').map((key) => {
      const bytes = world.context.services.s3.get(bucket, key) ?? Buffer.alloc(0);
      return { key, text: (key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString() };
    });
  return { ...world, service, properties, put, record, objects, bucket };
};

it('writes one gzip object when the interval is over, named after stream and time, in order', async () => {
  const { put, record, objects, clock } = setUp();
  await put({ Records: [record('1\n')] });
  expect(await put({ Records: [record('2\n'), record('3\n')] })).toMatchObject({
    FailedPutCount: 0,
    RequestResponses: [{ RecordId: expect.any(String) }, { RecordId: expect.any(String) }],
  });
  await clock.advance(59_999);
  expect(objects()).toEqual([]);
  await clock.advance(1);
  expect(objects()).toEqual([
    {
      key: expect.stringMatching(
        /^events\/dt=2026-03-01\/Herald-local-EventsStream-1-2026-03-01-12-00-00-[0-9a-f-]{36}\.gz$/,
      ),
      text: '1\n2\n3\n',
    },
  ]);
});

it('uses the day of the oldest record', async () => {
  const { put, record, objects, clock } = setUp();
  await clock.advanceTo(Date.parse('2026-03-01T23:59:30Z'));
  await put({ Records: [record('late')] });
  await clock.advance(60_000);
  expect(objects()[0]?.key).toMatch(/^events\/dt=2026-03-01\//);
});

it('flushes when the size is reached, and on flushAll', async () => {
  const { put, record, objects, service } = setUp();
  await put({ Records: [record('x'.repeat(600_000)), record('y'.repeat(600_000))] });
  expect(objects()).toHaveLength(1);
  await put({ Records: [record('z')] });
  service.flushAll();
  expect(objects()).toHaveLength(2);
  service.flushAll();
  expect(objects()).toHaveLength(2);
});

it('keeps accepted records over a restart', async () => {
  const { put, record, context, bucket, clock, properties } = setUp();
  await put({ Records: [record('survivor')] });
  const again = firehose(context);
  create(again, 'AWS::KinesisFirehose::DeliveryStream', 'EventsStream', properties);
  await again.start?.();
  await clock.advance(60_000);
  const keys = context.services.s3.keys(bucket, '');
  expect(keys).toHaveLength(1);
});

it('bills each record in steps of 5 KB', async () => {
  const { put, record, billed } = setUp();
  await put({
    Records: [record('x'), record('y'.repeat(5 * 1024)), record('z'.repeat(5 * 1024 + 1))],
  });
  expect(billed()['firehose-gb']?.units).toBeCloseTo((4 * 5 * 1024) / 1e9, 12);
});

it.each([
  ['no records', { Records: [] }, '1 to 500 records'],
  ['501 records', { Records: Array.from({ length: 501 }, () => ({ Data: 'eA==' })) }, '1 to 500 records'],
  ['a record of 1,001 KiB', { Records: [{ Data: Buffer.alloc(1001 * 1024).toString('base64') }] }, 'of 1,000 KiB'],
  ['5 MB', { Records: Array.from({ length: 5 }, () => ({ Data: Buffer.alloc(1e6).toString('base64') })) }, '4 MiB'],
])('refuses %s', async (_, body, message) => {
  await expect(setUp().put(body)).rejects.toThrow(message);
});

it('refuses an unknown stream, and at boot what it cannot do', async () => {
  await expect(setUp().put({ DeliveryStreamName: 'other', Records: [] })).rejects.toThrow('not found');
  expect(() => setUp({ CompressionFormat: 'Snappy' })).toThrow('Snappy');
  expect(() => setUp({ ProcessingConfiguration: {} })).toThrow('ProcessingConfiguration');
  expect(() => setUp({ Prefix: '!{partitionKeyFromQuery:x}/' })).toThrow('wants !{timestamp');
});
