import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Sql } from '../../../core/audience/sql.ts';
import { LAKE_TABLES, PEOPLE_ASKED } from '../../../lib/lake-tables.ts';
import { athena } from '../../../local/athena.ts';
import { boot } from '../../../local/boot.ts';
import { realClock } from '../../../local/clock.ts';
import { dynamodb } from '../../../local/dynamodb.ts';
import { firehose } from '../../../local/firehose.ts';
import { s3 } from '../../../local/s3.ts';
import { scheduler } from '../../../local/scheduler.ts';
import { secretsManager } from '../../../local/secrets-manager.ts';
import { sqs } from '../../../local/sqs.ts';
import { AwsError, type Context, type Service } from '../../../local/types.ts';

const keySchema = (keys: string[]) =>
  keys.map((AttributeName, n) => ({ AttributeName, KeyType: n === 0 ? 'HASH' : 'RANGE' }));
const table = (keys: string[], indexes: Record<string, string[]> = {}) => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    AttributeDefinitions: [...new Set([...keys, ...Object.values(indexes).flat()])].map((AttributeName) => ({
      AttributeName,
      AttributeType: /Ms$/.test(AttributeName) ? 'N' : 'S',
    })),
    KeySchema: keySchema(keys),
    ...(Object.keys(indexes).length > 0 && {
      GlobalSecondaryIndexes: Object.entries(indexes).map(([IndexName, index]) => ({
        IndexName,
        KeySchema: keySchema(index),
        Projection: { ProjectionType: 'ALL' },
      })),
    }),
  },
});
type Columns = readonly { name: string; type: string }[];
const glueTable = (name: string, columns: Columns, location = `s3://\${Lake}/${name}/`) => ({
  Type: 'AWS::Glue::Table',
  Properties: {
    DatabaseName: 'herald',
    TableInput: {
      Name: name,
      PartitionKeys: [{ Name: 'dt', Type: 'string' }],
      Parameters: {
        'projection.enabled': 'true',
        'projection.dt.type': 'date',
        'projection.dt.format': 'yyyy-MM-dd',
        'projection.dt.range': '1997-01-01,NOW',
      },
      StorageDescriptor: {
        Columns: columns.map((column) => ({ Name: column.name, Type: column.type })),
        Location: { 'Fn::Sub': [location, {}] },
        SerdeInfo: { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
      },
    },
  },
});
const stream = (name: string) => ({
  Type: 'AWS::KinesisFirehose::DeliveryStream',
  Properties: {
    ExtendedS3DestinationConfiguration: {
      BucketARN: { 'Fn::GetAtt': ['Lake', 'Arn'] },
      RoleARN: 'arn:aws:iam::000000000000:role/x',
      Prefix: `${name}/dt=!{timestamp:yyyy-MM-dd}/`,
      CompressionFormat: 'GZIP',
    },
  },
});

const resources = {
  Definitions: table(['kind', 'id']),
  Profiles: table(['profileId']),
  Contacts: table(['profileId']),
  Identities: table(['alias'], { 'by-profile': ['profileId'] }),
  Windows: table(['profileId', 'triggerId']),
  Memberships: table(['profileId', 'membership'], { 'by-membership': ['memberOf', 'profileId'] }),
  Participants: table(['profileId', 'journeyId'], { 'by-journey': ['insideOf', 'profileId'] }),
  Leads: table(['profileId', 'modelId'], { 'by-stage': ['place', 'sinceMs'], pending: ['pending', 'updatedMs'] }),
  Timers: table(['bucket', 'timer']),
  Ledger: table(['run', 'unit']),
  Failures: table(['messageId']),
  Inbox: table(['profileId', 'message']),
  Devices: table(['deviceId']),
  Webhooks: table(['endpointId', 'record']),
  ParticipantsQueue: { Type: 'AWS::SQS::Queue', Properties: {} },
  StagesQueue: { Type: 'AWS::SQS::Queue', Properties: {} },
  IntakeQueue: { Type: 'AWS::SQS::Queue', Properties: {} },
  WebhookQueue: { Type: 'AWS::SQS::Queue', Properties: {} },
  TimersGroup: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: {} },
  Audit: table(['subject', 'entry']),
  Idempotency: table(['id']),
  Erasures: table(['kind', 'id']),
  ErasureKey: {
    Type: 'AWS::SecretsManager::Secret',
    Properties: { GenerateSecretString: { PasswordLength: 43, ExcludePunctuation: true } },
  },
  Lake: { Type: 'AWS::S3::Bucket', Properties: {} },
  Work: { Type: 'AWS::S3::Bucket', Properties: {} },
  ProfilesStream: stream('profiles'),
  EventsStream: stream('events'),
  ConsentsStream: stream('consents'),
  IdentitiesStream: stream('identities'),
  ListMembersStream: stream('list_members'),
  LeadStagesStream: stream('lead_stages'),
  SegmentMembersStream: stream('segment_members'),
  WorkGroup: {
    Type: 'AWS::Athena::WorkGroup',
    Properties: {
      Name: 'herald',
      WorkGroupConfiguration: {
        EnforceWorkGroupConfiguration: true,
        ResultConfiguration: { OutputLocation: { 'Fn::Sub': ['s3://${Work}/athena/', {}] } },
      },
    },
  },
  ...Object.fromEntries(
    Object.entries(LAKE_TABLES).map(([name, columns]) => [
      // `list_members` → `ListMembersTable`
      `_${name}Table`.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      glueTable(name, columns),
    ]),
  ),
  PeopleAskedTable: glueTable('people_asked', PEOPLE_ASKED, 's3://${Work}/asked/'),
};

/** Requests that change something: operations, and methods of S3. */
const CHANGES = /^(Put|Update|Delete|BatchWrite|Start|Send|PUT|POST|DELETE)/;

/**
 * DynamoDB, S3, Firehose and Athena of the local cloud in this process, and the environment that the handlers read:
 * import them after this. `broken` names services that refuse everything for now; `crash` loses the answer to the `after`th
 * request from now on that changes something, whose effect stays; `started` are the executions asked for.
 */
export const audienceWorld = async () => {
  const broken = new Set<string>();
  const crash = { after: Number.POSITIVE_INFINITY };
  const started: { name: string; input: object }[] = [];
  const flush = { lake: () => {} };
  const states: Service = {
    signingName: 'states',
    resources: {},
    async handle({ body }) {
      const { name, input } = JSON.parse((await body()).toString()) as { name: string; input: string };
      started.push({ name, input: JSON.parse(input) as object });
      return { body: { executionArn: 'arn', startDate: 0 } };
    },
  };
  const breakable = (service: Service): Service => ({
    ...service,
    handle: async (request) => {
      if (broken.has(service.signingName)) throw new AwsError('AccessDeniedException', 'broken for this test');
      const answer = await service.handle(request);
      if (!CHANGES.test(request.action || request.method)) return answer;
      crash.after -= 1;
      if (crash.after === 0) throw new AwsError('AnswerLost', 'lost for this test');
      return answer;
    },
  });
  const nothing: Service = {
    signingName: '',
    resources: {},
    handle: async () => {
      throw new AwsError('NotFound', 'no HTTP API in this test', 404);
    },
  };
  const cloud = await boot(
    { assembly: { stacks: { Test: { Resources: resources } }, assets: {} }, clock: realClock() },
    (ctx: Context) => {
      const stream = firehose(ctx);
      flush.lake = () => stream.flushAll();
      const others = [states, stream, dynamodb(ctx), s3(ctx), athena(ctx), sqs(ctx)].map(breakable);
      return { services: [scheduler(ctx), secretsManager(ctx), ...others], web: nothing };
    },
  );
  const ref = (id: string): string => {
    const found = cloud.resources.find((resource) => resource.logicalId === id);
    if (!found) throw new Error(`No resource ${id}`);
    return found.ref;
  };
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL: cloud.url,
    DEFINITIONS_TABLE: ref('Definitions'),
    PROFILES_TABLE: ref('Profiles'),
    CONTACTS_TABLE: ref('Contacts'),
    IDENTITIES_TABLE: ref('Identities'),
    WINDOWS_TABLE: ref('Windows'),
    MEMBERSHIPS_TABLE: ref('Memberships'),
    AUDIT_TABLE: ref('Audit'),
    IDEMPOTENCY_TABLE: ref('Idempotency'),
    ERASURES_TABLE: ref('Erasures'),
    ERASURE_KEY_ARN: ref('ErasureKey'),
    FAILURES_TABLE: ref('Failures'),
    LEDGER_TABLE: ref('Ledger'),
    INBOX_TABLE: ref('Inbox'),
    DEVICES_TABLE: ref('Devices'),
    PROFILES_STREAM: ref('ProfilesStream'),
    CONSENTS_STREAM: ref('ConsentsStream'),
    IDENTITIES_STREAM: ref('IdentitiesStream'),
    LIST_MEMBERS_STREAM: ref('ListMembersStream'),
    LEAD_STAGES_STREAM: ref('LeadStagesStream'),
    SEGMENT_MEMBERS_STREAM: ref('SegmentMembersStream'),
    LAKE_BUFFER_SECONDS: '60',
    METRICS_NAMESPACE: 'Herald/test',
    LEADS_TABLE: ref('Leads'),
    PARTICIPANTS_TABLE: ref('Participants'),
    TIMERS_TABLE: ref('Timers'),
    WEBHOOKS_TABLE: ref('Webhooks'),
    STAGES_QUEUE_URL: ref('StagesQueue'),
    PARTICIPANTS_QUEUE_URL: ref('ParticipantsQueue'),
    INTAKE_QUEUE_URL: ref('IntakeQueue'),
    WEBHOOK_QUEUE_URL: ref('WebhookQueue'),
    SCHEDULE_GROUP: ref('TimersGroup'),
    WAKE_FUNCTION_ARN: 'arn:aws:lambda:us-east-1:000000000000:function:wake',
    WAKE_ROLE_ARN: 'arn:aws:iam::000000000000:role/wake',
    WAKE_DEAD_LETTERS_ARN: 'arn:aws:sqs:us-east-1:000000000000:dead',
    WORK_BUCKET: ref('Work'),
    LAKE_BUCKET: ref('Lake'),
    ATHENA_WORK_GROUP: 'herald',
    GLUE_DATABASE: 'herald',
    SAMPLE_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:sample',
    QUERY_CUTOFF_BYTES: '1000000000',
    CHANGE_LIST_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:change-list',
    REFRESH_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:refresh',
    IMPORT_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:import',
    EXPORT_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:export',
    ERASE_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:erase',
    CLEANSE_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:cleanse',
    FIT_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:fit',
  });
  const { appendRows } = await import('../../../lambdas/adapters/lake.ts');
  const { queries } = await import('../../../lambdas/adapters/athena.ts');
  const lake = queries({ workGroup: 'herald', database: 'herald' });
  const client = new DynamoDBClient({ endpoint: cloud.url });
  const queues = new SQSClient({ endpoint: cloud.url });
  return {
    broken,
    crash,
    started,
    s3: cloud.services.s3,
    tables: cloud.resources.filter(({ type }) => type === 'AWS::DynamoDB::Table'),
    flushLake: () => flush.lake(),
    appendEvents: (rows: object[]) => appendRows(ref('EventsStream'), rows),
    /** What the lake says, once all that was sent is in it. */
    async ask(sql: string) {
      flush.lake();
      const id = await lake.start(sql as Sql);
      const { state, reason } = await lake.settled(id, 20_000);
      if (state !== 'succeeded') throw new Error(`${state}: ${reason}`);
      return lake.rows(id);
    },
    async item(id: 'Profiles' | 'Contacts', profileId: string) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: ref(id), Key: { profileId: { S: profileId } } }),
      );
      return Item;
    },
    /** Starts a query and waits for its end, however it ends. Gives its id. */
    async start(sql: string) {
      const id = await lake.start(sql as Sql);
      await lake.settled(id, 20_000);
      return id;
    },
    /** Takes what is in a queue, as JSON, and leaves it in flight. */
    async take<T>(id: 'StagesQueue' | 'IntakeQueue' | 'WebhookQueue'): Promise<T[]> {
      const command = new ReceiveMessageCommand({ QueueUrl: ref(id), MaxNumberOfMessages: 10 });
      const { Messages = [] } = await queues.send(command);
      return Messages.map(({ Body = '' }) => JSON.parse(Body) as T);
    },
    /** An object of the work bucket. */
    bytes: (key: string): Buffer => cloud.services.s3.get(ref('Work'), key) ?? Buffer.alloc(0),
    /** Puts an object into the work bucket. */
    put: (key: string, body: Buffer) => cloud.services.s3.put(ref('Work'), key, body),
    async stop() {
      client.destroy();
      queues.destroy();
      await cloud.stop();
    },
  };
};
export type AudienceWorld = Awaited<ReturnType<typeof audienceWorld>>;
