import { createHash, randomInt } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient, type KeySchemaElement } from '@aws-sdk/client-dynamodb';

/**
 * The outside of adapters for tests: DynamoDB is the local cloud's in this process, or the one that HERALD_DYNAMODB names; every
 * other service is a function that answers requests. Adapters make their clients when they load, so import them after `startAws`.
 */
export type AwsRequest = { method: string; path: string; headers: IncomingHttpHeaders; body: unknown; raw: Buffer };
/** A body that is a Buffer is sent as it is, any other as JSON. `hangUp`: nothing is. */
export type AwsAnswer = { status?: number; headers?: Record<string, string>; body?: unknown; hangUp?: true };

type Tables = (action: string, data: object, answer: (status: number, result: object) => void) => void;
// As a package is loaded: once for all files of this process, for it changes dynalite, which is loaded once.
const { openTables } = createRequire(import.meta.url)('../../../local/dynalite.mjs') as { openTables: () => Tables };

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const close = (server: Server): Promise<unknown> => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
};

const bytesOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** The tables behind HTTP: dynalite's own server takes five times as long for an update. */
const tablesServer = (): Server => {
  const tables = openTables();
  return createServer(async (request, response) => {
    const action = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    tables(action, JSON.parse((await bytesOf(request)).toString()), (status, result) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(result));
    });
  });
};

/** The index of the definitions table by the time of the last change. */
const BY_UPDATE = {
  IndexName: 'by-update',
  KeySchema: [
    { AttributeName: 'kind', KeyType: 'HASH' as const },
    { AttributeName: 'updatedMs', KeyType: 'RANGE' as const },
  ],
  Projection: { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: ['version'] },
};

/** `tables`: name → names of the key attributes, all text. A table with the key `kind` has the index of the definitions. */
export const startAws = async (
  tables: Record<string, string[]>,
  answer: (request: AwsRequest) => AwsAnswer | Promise<AwsAnswer> = () => ({ status: 500 }),
) => {
  const database = tablesServer();
  const elsewhere = process.env.HERALD_DYNAMODB;
  const services = createServer(async (request, response) => {
    const raw = await bytesOf(request);
    const text = raw.toString();
    const { method = '', url = '', headers: asked } = request;
    const {
      status = 200,
      headers = {},
      body = {},
      hangUp = false,
    } = await answer({
      method,
      path: url,
      headers: asked,
      body: text.startsWith('{') && asked['content-type']?.includes('json') ? JSON.parse(text) : text,
      raw,
    });
    if (hangUp) return void request.socket.destroy();
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    // The emulator takes twelve digits for an account, so each caller has tables of its own there.
    AWS_ACCESS_KEY_ID: String(randomInt(10 ** 11, 10 ** 12)),
    AWS_SECRET_ACCESS_KEY: 'test',
    // Nobody is erased in these tests: a table with the same keys will do, and the key is never read.
    ERASURES_TABLE: 'definitions',
    ERASURE_KEY_ARN: 'arn:key',
    FAILURES_TABLE: 'failures',
    AWS_ENDPOINT_URL: await listen(services),
    AWS_ENDPOINT_URL_DYNAMODB: elsewhere ?? (await listen(database)),
  });
  const client = new DynamoDBClient();
  for (const [TableName, keys] of Object.entries(tables)) {
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          ...keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
          ...(keys.includes('kind') ? [{ AttributeName: 'updatedMs', AttributeType: 'N' as const }] : []),
        ],
        KeySchema: keys.map(
          (AttributeName, n): KeySchemaElement => ({ AttributeName, KeyType: n === 0 ? 'HASH' : 'RANGE' }),
        ),
        ...(keys.includes('kind') && { GlobalSecondaryIndexes: [BY_UPDATE] }),
      }),
    );
  }
  return async () => {
    client.destroy();
    await Promise.all([...(elsewhere ? [] : [close(database)]), close(services)]);
  };
};

/** URL of a queue of `memoryServices`, once `startAws` has run. */
export const queueUrl = (name: string): string => `${process.env.AWS_ENDPOINT_URL}/${name}`;

/** Queues, streams and buckets that remember what they were given. `refuse` makes a request of that action fail once. */
export const memoryServices = () => {
  const queues = new Map<string, { body: unknown; group: string }[]>();
  const streams = new Map<string, unknown[]>();
  const objects = new Map<string, Buffer>();
  const refuse = new Set<string>();
  /** Names of the schedules that were made. */
  const schedules: string[] = [];
  const sendBatch = (body: unknown): AwsAnswer => {
    const { QueueUrl, Entries } = body as { QueueUrl: string; Entries: Record<string, string>[] };
    const name = QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1);
    const own = queues.get(name) ?? [];
    queues.set(name, own);
    for (const { MessageBody = '', MessageGroupId = '' } of Entries) {
      own.push({ body: JSON.parse(MessageBody), group: MessageGroupId });
    }
    const md5 = (text: string) => createHash('md5').update(text).digest('hex');
    return {
      body: {
        Successful: Entries.map(({ Id, MessageBody = '' }) => ({
          Id,
          MessageId: Id,
          MD5OfMessageBody: md5(MessageBody),
        })),
      },
    };
  };
  const putRecords = (body: unknown): AwsAnswer => {
    const { DeliveryStreamName, Records } = body as { DeliveryStreamName: string; Records: { Data: string }[] };
    const lines = Records.flatMap(({ Data }) => Buffer.from(Data, 'base64').toString().trimEnd().split('\n'));
    streams.set(DeliveryStreamName, [
      ...(streams.get(DeliveryStreamName) ?? []),
      ...lines.map((line) => JSON.parse(line) as unknown),
    ]);
    return { body: { FailedPutCount: 0, RequestResponses: Records.map(() => ({ RecordId: 'r' })) } };
  };
  const object = ({ method, path, headers, raw }: AwsRequest): AwsAnswer => {
    if (method === 'PUT' && headers['if-none-match'] === '*' && objects.has(path)) return { status: 412 };
    if (method === 'PUT') objects.set(path, raw);
    const stored = objects.get(path);
    if (!stored) return { status: 404 };
    const [, first, last] = /bytes=(\d+)-(\d+)/.exec(headers.range ?? '') ?? [];
    return { body: first && last ? stored.subarray(Number(first), Number(last) + 1) : stored };
  };
  const schedule = (path: string): AwsAnswer => {
    schedules.push(path.slice('/schedules/'.length));
    return { body: { ScheduleArn: 'arn:schedule' } };
  };
  const answer = (request: AwsRequest): AwsAnswer => {
    const action = String(request.headers['x-amz-target'] ?? request.method);
    if (refuse.delete(action)) return { status: 400, body: { __type: 'AccessDeniedException' } };
    if (action === 'AmazonSQS.SendMessageBatch') return sendBatch(request.body);
    if (action === 'Firehose_20150804.PutRecordBatch') return putRecords(request.body);
    if (request.path.startsWith('/schedules/')) return schedule(request.path);
    return object(request);
  };
  return { queues, streams, objects, schedules, refuse, answer };
};
