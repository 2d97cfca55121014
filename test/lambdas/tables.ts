import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';

// dynalite has no types; all that is needed of it is that it is an HTTP server.
const dynalite = createRequire(import.meta.url)('dynalite') as (options: object) => Server;

type Table = {
  name: string;
  keys: string[];
  indexes?: Record<string, [hash: string, range: string]>;
  numbers?: string[];
};

/** The tables that these handlers use, by the names that the handlers' environment gives them in tests. */
const TABLES: Table[] = [
  {
    name: 'definitions',
    keys: ['kind', 'id'],
    indexes: { pending: ['pending', 'updatedMs'], 'by-update': ['kind', 'updatedMs'] },
    numbers: ['updatedMs'],
  },
  { name: 'profiles', keys: ['profileId'], indexes: { pending: ['pending', 'updatedMs'] }, numbers: ['updatedMs'] },
  { name: 'contacts', keys: ['profileId'] },
  { name: 'memberships', keys: ['profileId', 'membership'] },
  { name: 'participants', keys: ['profileId', 'journeyId'] },
  {
    name: 'leads',
    keys: ['profileId', 'modelId'],
    indexes: { pending: ['pending', 'updatedMs'] },
    numbers: ['updatedMs'],
  },
  { name: 'audit', keys: ['subject', 'entry'], indexes: { 'by-day': ['day', 'entry'] } },
  { name: 'idempotency', keys: ['id'] },
  { name: 'ledger', keys: ['run', 'unit'] },
];

const keySchema = ([hash, range]: string[]) => [
  { AttributeName: hash, KeyType: 'HASH' as const },
  ...(range ? [{ AttributeName: range, KeyType: 'RANGE' as const }] : []),
];

const createTable = async (client: DynamoDBClient, { name, keys, indexes = {}, numbers = [] }: Table) => {
  const attributes = new Set([...keys, ...Object.values(indexes).flat()]);
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: keySchema(keys),
      AttributeDefinitions: [...attributes].map((AttributeName) => ({
        AttributeName,
        AttributeType: numbers.includes(AttributeName) ? 'N' : 'S',
      })),
      ...(Object.keys(indexes).length > 0 && {
        GlobalSecondaryIndexes: Object.entries(indexes).map(([IndexName, index]) => ({
          IndexName,
          KeySchema: keySchema(index),
          Projection: { ProjectionType: 'ALL' as const },
        })),
      }),
    }),
  );
};

/** What was asked of Step Functions or Firehose, in order. */
export type Asked = { action: string; input: Record<string, unknown> };

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/**
 * DynamoDB (dynalite) with Herald's tables, and a stand-in for Step Functions and Firehose that notes what it is asked
 * and answers `{}`, or the error whose name `fail` gives. Sets the environment, so handlers are imported after it.
 */
export const startTables = async () => {
  const asked: Asked[] = [];
  const control: { fail: (asked: Asked) => string | undefined } = { fail: () => undefined };
  const other = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const action = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const call = { action, input: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown> };
    const error = control.fail(call);
    if (!error) asked.push(call);
    response.writeHead(error ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(
      JSON.stringify(
        error ? { __type: error, message: error } : { FailedPutCount: 0, startDate: 0, executionArn: 'x' },
      ),
    );
  });
  const database = dynalite({ createTableMs: 0, updateTableMs: 0 });
  const otherUrl = await listen(other);
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_DYNAMODB: await listen(database),
    AWS_ENDPOINT_URL_SFN: otherUrl,
    AWS_ENDPOINT_URL_FIREHOSE: otherUrl,
    DEFINITIONS_TABLE: 'definitions',
    PROFILES_TABLE: 'profiles',
    CONTACTS_TABLE: 'contacts',
    LEADS_TABLE: 'leads',
    AUDIT_TABLE: 'audit',
    IDEMPOTENCY_TABLE: 'idempotency',
    LEDGER_TABLE: 'ledger',
    METRICS_NAMESPACE: 'Herald/test',
    PROFILES_STREAM: 'profiles-stream',
    STAGES_QUEUE_URL: `${otherUrl}/stages`,
    PARTICIPANTS_QUEUE_URL: `${otherUrl}/participants`,
    AWS_ENDPOINT_URL_SQS: otherUrl,
    MEMBERSHIPS_TABLE: 'memberships',
    LIST_MEMBERS_STREAM: 'list-members-stream',
    SCHEDULE_GROUP: 'compile',
    WAKE_FUNCTION_ARN: 'arn:compile',
    WAKE_ROLE_ARN: 'arn:role',
    WAKE_DEAD_LETTERS_ARN: 'arn:dead',
    APPROVE_MACHINE_ARN: 'arn:aws:states:us-east-1:123456789012:stateMachine:approve',
    REPEAT_MACHINE_ARN: 'arn:aws:states:us-east-1:123456789012:stateMachine:repeat',
    RUN_MACHINE_ARN: 'arn:aws:states:us-east-1:123456789012:stateMachine:run',
    RELEASE_MACHINE_ARN: 'arn:aws:states:us-east-1:123456789012:stateMachine:release',
    WEBHOOK_QUEUE_URL: `${otherUrl}/webhooks`,
    INTAKE_QUEUE_URL: `${otherUrl}/intake`,
    REFRESH_MACHINE_ARN: 'arn:aws:states:us-east-1:123456789012:stateMachine:refresh',
    IMPORT_MACHINE_ARN: 'arn:aws:states:us-east-1:123456789012:stateMachine:import',
    FIT_MACHINE_ARN: 'arn:aws:states:us-east-1:123456789012:stateMachine:fit',
    CHANGE_LIST_MACHINE_ARN: 'arn:aws:states:us-east-1:123456789012:stateMachine:change-list',
    EXPORT_MACHINE_ARN: 'arn:aws:states:us-east-1:123456789012:stateMachine:export',
    WORK_BUCKET: 'work',
    GLUE_DATABASE: 'herald',
  });
  const client = new DynamoDBClient({});
  for (const table of TABLES) await createTable(client, table);
  const stop = async () => {
    client.destroy();
    for (const server of [other, database]) {
      server.closeAllConnections?.();
      await new Promise((resolve) => server.close(resolve));
    }
  };
  return { client, asked, control, stop };
};
