import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bundleFolder, handlerEntries } from '../../lib/kit/bundle.ts';
import { STAGES } from '../../lib/stages.ts';
import { functionOf, idIn } from './policies.ts';
import { synthesized } from './synthesized.ts';

/** Operations of the SDK → the action that allows them. */
const ACTION: Record<string, string> = {
  GetItem: 'dynamodb:GetItem',
  BatchGetItem: 'dynamodb:BatchGetItem',
  Query: 'dynamodb:Query',
  PutItem: 'dynamodb:PutItem',
  UpdateItem: 'dynamodb:UpdateItem',
  BatchWriteItem: 'dynamodb:BatchWriteItem',
  DeleteItem: 'dynamodb:DeleteItem',
  Scan: 'dynamodb:Scan',
  SendMessage: 'sqs:SendMessage',
  SendMessageBatch: 'sqs:SendMessage',
  ReceiveMessage: 'sqs:ReceiveMessage',
  DeleteMessage: 'sqs:DeleteMessage',
  GetQueueAttributes: 'sqs:GetQueueAttributes',
  StartMessageMoveTask: 'sqs:StartMessageMoveTask',
  ListMessageMoveTasks: 'sqs:ListMessageMoveTasks',
  CancelMessageMoveTask: 'sqs:CancelMessageMoveTask',
  InvokeFunction: 'lambda:InvokeFunction',
  ChangeMessageVisibility: 'sqs:ChangeMessageVisibility',
  PutRecordBatch: 'firehose:PutRecordBatch',
  StartExecution: 'states:StartExecution',
  SendTaskSuccess: 'states:SendTaskSuccess',
  StartQueryExecution: 'athena:StartQueryExecution',
  GetQueryExecution: 'athena:GetQueryExecution',
  GetQueryResults: 'athena:GetQueryResults',
  SendMessages: 'mobiletargeting:SendMessages',
  SendTextMessage: 'sms-voice:SendTextMessage',
  SendWhatsAppMessage: 'social-messaging:SendWhatsAppMessage',
  SendBulkEmail: 'ses:SendBulkEmail',
  CreateSchedule: 'scheduler:CreateSchedule',
  GetSecretValue: 'secretsmanager:GetSecretValue',
};

/** Operations that are called by signed fetch, by what their request has in the bundle. */
const FETCHED: Record<string, string> = {
  CreateSchedule: 'ActionAfterCompletion',
  GetSecretValue: 'secretsmanager.GetSecretValue',
  SendTextMessage: 'PinpointSMSVoiceV2.SendTextMessage',
  SendWhatsAppMessage: '/v1/whatsapp/send',
  SendBulkEmail: '/outbound-bulk-emails',
  InvokeFunction: '2015-03-31/functions/',
};

/**
 * Adapters bring these along for handlers whose outbox has no such effect, the API middleware those of idempotency keys:
 * who uses them has a variable that names what they are used on.
 */
const USED_WITH: Record<string, RegExp> = {
  GetItem: /_TABLE$/,
  PutItem: /_TABLE$/,
  UpdateItem: /_TABLE$/,
  DeleteItem: /^IDEMPOTENCY_TABLE$/,
  PutRecordBatch: /_STREAM$/,
  SendMessageBatch: /^(INTAKE|STAGES|WEBHOOK|PARTICIPANTS)_QUEUE_URL$|^SEND_\w+_URL$/,
  CreateSchedule: /^SCHEDULE_GROUP$/,
  StartExecution: /_MACHINE_ARN$/,
  SendTaskSuccess: /^(APPROVE|FOLLOW)_MACHINE_ARN$/,
};
/** They use of their adapters only what reads. */
const READERS = [
  'access/read-audit',
  'audience/estimate-audience',
  'audience/explain-membership',
  'audience/preview-audience',
  'audience/prepare-fit',
  'intake/compile-triggers',
  'intake/read-event-types',
  'measurement/read-reports',
];
const WRITING = ['PutItem', 'UpdateItem'];
/** They delete what there is about a person, or whose a device was. */
const DELETERS = ['audience/cleanse-stores', 'audience/forget-person', 'audience/manage-devices', 'delivery/send-push'];
/** They answer an approval that somebody else has started, or a run that waits for the end of its pause. */
const ANSWERERS = ['strategy/manage-approvals', 'strategy/begin-run'];

/** Every function writes its log and is traced. What it may do with objects is the matter of iam.test.ts. */
const ALWAYS = /^(logs|xray|s3):/;
/** Reading by key is granted as one; see bindings.ts. */
const READING = /^dynamodb:(BatchGetItem|Query)$/;
/** Granted with an operation: a query is also stopped, and looks into the catalogue; a schedule is given its role. */
const IMPLIED: Record<string, RegExp> = {
  StartQueryExecution: /^glue:|^athena:(StopQueryExecution|GetDataCatalog)$/,
  SendBulkEmail: /^ses:SendEmail$/,
  CreateSchedule: /^iam:PassRole$/,
};
/** What the poller of a queue does in the function's name. */
const POLLING = /^sqs:(ReceiveMessage|DeleteMessage|ChangeMessageVisibility|GetQueueAttributes|GetQueueUrl)$/;
/** Lambda sends what such a function failed at to the dead letters, in the function's name. */
const FAILING = /^sqs:(SendMessage|GetQueueAttributes|GetQueueUrl)$/;

/** Operations whose commands are in the bundle: classes of the form `class extends B(p,m,"GetItem",s){}`; and FETCHED. */
const operationsIn = (entry: string): string[] => {
  const texts = readdirSync(bundleFolder(entry)).map((file) => readFileSync(`${bundleFolder(entry)}/${file}`, 'utf8'));
  const found = texts.flatMap((text) => [...text.matchAll(/extends [\w$]+\([\w$]+,[\w$]+,"([A-Z]\w+)",[\w$]+\)\{\}/g)]);
  const fetched = Object.keys(FETCHED).filter((operation) => texts.some((text) => text.includes(FETCHED[operation]!)));
  // DescribeEndpoints is in every DynamoDB client, for the endpoint discovery that is off (see sdk-diet.ts).
  return [...new Set([...found.map(([, operation]) => operation!), ...fetched])]
    .filter((name) => name !== 'DescribeEndpoints')
    .sort();
};

/** Operations that the handler does use, given the names of its variables. */
const usedOf = (entry: string, operations: string[], variables: string[]): string[] =>
  operations.filter((operation) => {
    const needed = USED_WITH[operation];
    if (operation === 'DeleteItem' && DELETERS.includes(entry)) return true;
    if (operation === 'SendTaskSuccess' && ANSWERERS.includes(entry)) return true;
    if (READERS.includes(entry) && WRITING.includes(operation)) return false;
    return !needed || variables.some((name) => needed.test(name));
  });

const stages = await Promise.all(STAGES.map(async (stage) => ({ stage, ...(await synthesized(stage)) })));

describe.each(await handlerEntries())('%s', (entry) => {
  const operations = operationsIn(entry);

  test('does nothing for which no action is known', () => {
    expect(operations.filter((operation) => !ACTION[operation])).toEqual([]);
  });

  test.each(stages)('may do what its code does in $stage', ({ platform }) => {
    const { actions, variables } = functionOf(platform, entry);
    const used = usedOf(entry, operations, variables);
    expect(used.filter((operation) => !actions.includes(ACTION[operation]!))).toEqual([]);
  });

  test.each(stages)('may do nothing that its code does not in $stage', ({ platform }) => {
    const { actions, variables, polled, hasDestination } = functionOf(platform, entry);
    const besides = [
      ALWAYS,
      READING,
      ...operations.flatMap((operation) => IMPLIED[operation] ?? []),
      ...(polled.length > 0 ? [POLLING] : []),
      ...(hasDestination ? [FAILING] : []),
    ];
    const used = usedOf(entry, operations, variables).map((operation) => ACTION[operation]);
    const surplus = actions.filter((action) => !used.includes(action));
    expect(surplus.filter((action) => !besides.some((pattern) => pattern.test(action)))).toEqual([]);
  });

  // Which dead letters an operator reaches is the matter of dead-letters.test.ts.
  const byHand = entry === 'delivery/manage-dead-letters';
  test.skipIf(byHand).each(stages)(
    'takes messages from exactly the queues that invoke it in $stage',
    ({ platform }) => {
      const { statements, polled } = functionOf(platform, entry);
      const taking = statements.filter(({ actions }) => actions.includes('sqs:ReceiveMessage'));
      expect(taking.flatMap(({ resources }) => resources.map(idIn)).sort()).toEqual(polled.sort());
    },
  );
});
