import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expectProperties, refuseOthers } from './expect-properties.ts';
import { AwsError, type Context, type Service } from './types.ts';

/** Each record is billed in steps of this many bytes. */
const BILLED_BYTES = 5 * 1024;
const DAY = '!{timestamp:yyyy-MM-dd}';

type Hints = { IntervalInSeconds?: number | string; SizeInMBs?: number | string };
type Destination = { BucketARN: string; Prefix: string; CompressionFormat: string; BufferingHints?: Hints };
type Stream = { name: string; bucket: string; prefix: string; seconds: number; bytes: number; buffer: Buffered };
/** `cancel` calls off the flush that is due. */
type Buffered = { bytes: number; cancel?: () => void };
const DESTINATION = ['BucketARN', 'RoleARN', 'BufferingHints', 'Prefix', 'ErrorOutputPrefix', 'CompressionFormat'];

const sizeOf = (records: Buffer[]): number => records.reduce((sum, { length }) => sum + length, 0);

/** Firehose to S3: an accepted record is durable at once, and becomes part of an object by size or by time. */
export const firehose = (ctx: Context): Service & { flushAll(): void } => {
  const table = 'firehose_records (n INTEGER PRIMARY KEY, stream TEXT, at INTEGER, data BLOB)';
  ctx.store.exec(`CREATE TABLE IF NOT EXISTS ${table}`);
  const insert = ctx.store.prepare('INSERT INTO firehose_records (stream, at, data) VALUES (?, ?, ?)');
  const select = ctx.store.prepare('SELECT at, data FROM firehose_records WHERE stream = ? ORDER BY n');
  const streams = new Map<string, Stream>();

  /** Writing the object and forgetting the records are two steps: a crash between them repeats records, as AWS may. */
  const flush = (stream: Stream): void => {
    stream.buffer.cancel?.();
    stream.buffer = { bytes: 0 };
    const rows = select.all(stream.name) as { at: number; data: Uint8Array }[];
    if (!rows[0]) return;
    // Day and name are those of the oldest record.
    const time = new Date(rows[0].at).toISOString().slice(0, 19);
    const folder = stream.prefix.replace(DAY, time.slice(0, 10));
    const key = `${folder}${stream.name}-1-${time.replace(/[T:]/g, '-')}-${randomUUID()}.gz`;
    ctx.services.s3.put(stream.bucket, key, gzipSync(Buffer.concat(rows.map(({ data }) => data)), { level: 1 }));
    ctx.meter.count('s3-put', 1, 'firehose:deliver');
    ctx.store.prepare('DELETE FROM firehose_records WHERE stream = ?').run(stream.name);
  };

  const flushAll = () => streams.forEach(flush);

  return {
    signingName: 'firehose',
    flushAll,
    async handle({ action, body }) {
      if (action !== 'PutRecordBatch')
        throw new AwsError('UnknownOperationException', `The local Firehose does not support ${action}`);
      type Request = { DeliveryStreamName: string; Records: { Data: string }[] };
      const { DeliveryStreamName: name, Records } = JSON.parse((await body()).toString()) as Request;
      const stream = streams.get(name);
      if (!stream) throw new AwsError('ResourceNotFoundException', `Firehose ${name} not found`);
      const records = Records.map(({ Data }) => Buffer.from(Data, 'base64'));
      const tooLarge = sizeOf(records) > 4 * 1024 * 1024 || records.some(({ length }) => length > 1000 * 1024);
      if (records.length === 0 || records.length > 500 || tooLarge)
        throw new AwsError('InvalidArgumentException', 'A batch has 1 to 500 records of 1,000 KiB, together 4 MiB');
      const now = ctx.clock.now();
      ctx.store.exec('BEGIN');
      for (const data of records) insert.run(name, now, data);
      ctx.store.exec('COMMIT');
      const steps = records.reduce((sum, { length }) => sum + Math.ceil(length / BILLED_BYTES), 0);
      ctx.meter.count('firehose-gb', (steps * BILLED_BYTES) / 1e9, 'firehose:PutRecordBatch');
      stream.buffer.cancel ??= ctx.clock.at(now + stream.seconds * 1000, () => flush(stream));
      stream.buffer.bytes += sizeOf(records);
      if (stream.buffer.bytes >= stream.bytes) flush(stream);
      return { body: { FailedPutCount: 0, RequestResponses: records.map(() => ({ RecordId: randomUUID() })) } };
    },
    resources: {
      'AWS::KinesisFirehose::DeliveryStream': {
        supported: ['ExtendedS3DestinationConfiguration'],
        ignored: ['DeliveryStreamEncryptionConfigurationInput', 'DeliveryStreamType', 'Tags'],
        create({ logicalId, stack, properties }) {
          const destination = properties.ExtendedS3DestinationConfiguration as Destination;
          const { BucketARN, Prefix, BufferingHints: hints = {} } = destination;
          refuseOthers(logicalId, destination, DESTINATION);
          expectProperties(logicalId, destination, { CompressionFormat: 'GZIP' });
          if (!Prefix.includes(DAY)) throw new Error(`${logicalId}: the local Firehose wants ${DAY} in ${Prefix}`);
          const name = `${stack}-${logicalId}`.slice(0, 64);
          const bucket = BucketARN.replace('arn:aws:s3:::', '');
          const seconds = Number(hints.IntervalInSeconds ?? 300);
          const bytes = Number(hints.SizeInMBs ?? 5) * 1024 * 1024;
          streams.set(name, { name, bucket, prefix: Prefix, seconds, bytes, buffer: { bytes: 0 } });
          const arn = `arn:aws:firehose:${ctx.region}:${ctx.account}:deliverystream/${name}`;
          return { ref: name, attributes: { Arn: arn } };
        },
      },
    },
    // What a killed process had buffered.
    start: flushAll,
  };
};
