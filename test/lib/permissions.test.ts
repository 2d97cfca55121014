import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bundleFolder, handlerEntries } from '../../lib/kit/bundle.ts';
import { propertiesOf, resourcesOf, synthesized } from './synthesized.ts';

/** Operations of the SDK → the action that allows them. */
const ACTION: Record<string, string> = {
  GetItem: 'dynamodb:GetItem',
  BatchGetItem: 'dynamodb:BatchGetItem',
  Query: 'dynamodb:Query',
  PutItem: 'dynamodb:PutItem',
  UpdateItem: 'dynamodb:UpdateItem',
  DeleteItem: 'dynamodb:DeleteItem',
  SendMessageBatch: 'sqs:SendMessage',
  PutRecordBatch: 'firehose:PutRecordBatch',
  StartExecution: 'states:StartExecution',
  SendTaskSuccess: 'states:SendTaskSuccess',
  StartQueryExecution: 'athena:StartQueryExecution',
  GetQueryExecution: 'athena:GetQueryExecution',
  GetQueryResults: 'athena:GetQueryResults',
  SendMessages: 'mobiletargeting:SendMessages',
  SendTextMessage: 'sms-voice:SendTextMessage',
  SendBulkEmail: 'ses:SendBulkEmail',
};

/**
 * Adapters bring these along for handlers that only read, or whose outbox has no such effect; the API middleware brings
 * GetItem and DeleteItem for idempotency keys.
 */
const MAYBE_UNUSED = [
  'PutItem',
  'UpdateItem',
  'PutRecordBatch',
  'StartExecution',
  'SendTaskSuccess',
  'GetItem',
  'DeleteItem',
];
/** Granted with what a bundle does show: a query is also stopped, the bucket and catalogue behind it are read. */
const IMPLIED = /^(logs|xray|s3|glue):|^athena:(StopQueryExecution|GetDataCatalog)$|^ses:SendEmail$/;
/** Reading by key is granted as one; see bindings.ts. */
const READING = /^dynamodb:(BatchGetItem|Query)$/;
/** What the poller of a queue does in the function's name. */
const POLLING = /^sqs:(ReceiveMessage|DeleteMessage|ChangeMessageVisibility|GetQueueAttributes|GetQueueUrl)$/;

/** Lambda sends what such a function failed at to the dead letters, in the function's name. */
const ASYNCHRONOUS = ['intake/accept-bus-events', 'operations/sweep-outbox'];

/** Operations whose commands are in the bundle: classes of the form `class extends B(p,m,"GetItem",s){}`. */
const operationsIn = (entry: string): string[] => {
  const texts = readdirSync(bundleFolder(entry)).map((file) => readFileSync(`${bundleFolder(entry)}/${file}`, 'utf8'));
  const found = texts.flatMap((text) => [...text.matchAll(/extends [\w$]+\([\w$]+,[\w$]+,"([A-Z]\w+)",[\w$]+\)\{\}/g)]);
  // DescribeEndpoints is in every DynamoDB client, for the endpoint discovery that is off (see sdk-diet.ts).
  return [...new Set(found.map(([, operation]) => operation!))].filter((name) => name !== 'DescribeEndpoints').sort();
};

const { platform } = await synthesized('local');
type Policy = { Roles: { Ref: string }[]; PolicyDocument: { Statement: { Action: string | string[] }[] } };
const policies = propertiesOf<Policy>(platform, 'AWS::IAM::Policy');

/** `intake/match-events` → the actions that its role has. */
const actionsOf = (entry: string): string[] => {
  const [noun, name] = entry.split('/') as [string, string];
  const construct = [noun, ...name.split('-')].map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  const [found] = resourcesOf(platform, 'AWS::Lambda::Function').filter(([id]) =>
    id.startsWith(`${construct}Function`),
  );
  const role = (found![1].Properties.Role as { 'Fn::GetAtt': [string, string] })['Fn::GetAtt'][0];
  const own = policies.filter(({ Roles }) => Roles.some(({ Ref }) => Ref === role));
  return own.flatMap(({ PolicyDocument }) => PolicyDocument.Statement.flatMap(({ Action }) => Action));
};

describe.each(await handlerEntries())('%s', (entry) => {
  test('may do what its code does', () => {
    const used = operationsIn(entry).filter((operation) => !MAYBE_UNUSED.includes(operation));
    expect(used.filter((operation) => !ACTION[operation])).toEqual([]);
    expect(used.filter((operation) => !actionsOf(entry).includes(ACTION[operation]!))).toEqual([]);
  });

  test('may do nothing that its code does not', () => {
    const used = operationsIn(entry).map((operation) => ACTION[operation]);
    const besides = [IMPLIED, READING, POLLING, ...(ASYNCHRONOUS.includes(entry) ? [/^sqs:SendMessage$/] : [])];
    const granted = actionsOf(entry).filter((action) => !besides.some((pattern) => pattern.test(action)));
    expect([...new Set(granted)].filter((action) => !used.includes(action))).toEqual([]);
  });
});
