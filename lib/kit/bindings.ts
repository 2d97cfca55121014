import { Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { IConstruct } from 'constructs';
import { acknowledge, wildcardRule } from './acknowledge.ts';

/** Who gets a permission: a role, or a function with its role. */
export type Grantee = IGrantable & IConstruct;

/**
 * Value of an environment variable together with the permission to use what it names, so that neither can be forgotten.
 * A plain string grants nothing.
 */
export type Binding = string | { value: string; grant: (grantee: Grantee) => void };

/** Exactly these actions on exactly these resources. CDK's own grants give more: all indexes, streams, versions. */
export const allow = (grantee: IGrantable, actions: string[], resourceArns: string[]): void =>
  Grant.addToPrincipal({ grantee, actions, resourceArns }).assertSuccess();

const READ = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'];
const WRITE = ['dynamodb:PutItem', 'dynamodb:UpdateItem'];

const tableBinding =
  (actions: string[]) =>
  (table: Table, index?: string): Binding => ({
    value: table.tableName,
    grant: (grantee) => {
      allow(grantee, actions, [table.tableArn]);
      if (index) allow(grantee, ['dynamodb:Query'], [`${table.tableArn}/index/${index}`]);
    },
  });

/** Name of a table, read by key; `index` adds queries of one index. */
export const reads = tableBinding(READ);
/** The same, and writes. */
export const readsAndWrites = tableBinding([...READ, ...WRITE]);

/** Name of a table to which items are added, and which somebody else reads. */
export const addsTo = tableBinding(['dynamodb:PutItem']);
/** Name of a table whose items are read by key and deleted. */
export const empties = tableBinding(['dynamodb:Query', 'dynamodb:BatchWriteItem']);

/** Name of a table whose items are found by key, or through `index`, and deleted. */
export const erases = tableBinding(['dynamodb:Query', 'dynamodb:DeleteItem']);
/** Name of a table whose items are read by key and written whole. */
export const readsAndPuts = tableBinding([...READ, 'dynamodb:PutItem']);
/** The same, and deleted. */
export const rewrites = tableBinding([...READ, 'dynamodb:PutItem', 'dynamodb:DeleteItem']);
/** Name of a table that is read whole. */
export const scans = tableBinding(['dynamodb:Scan']);
/** The same, and items are deleted. */
export const scansAndErases = tableBinding(['dynamodb:Scan', 'dynamodb:DeleteItem']);

/** The same, and items that are about others as well are written anew, without what is to go. */
export const scansAndRewrites = tableBinding(['dynamodb:Scan', 'dynamodb:DeleteItem', 'dynamodb:UpdateItem']);

/** ARN of a secret to read. */
export const readsSecret = (secret: Secret): Binding => ({
  value: secret.secretArn,
  grant: (grantee) => allow(grantee, ['secretsmanager:GetSecretValue'], [secret.secretArn]),
});

/** Name of the table that remembers which requests were answered; a request that failed is forgotten again. */
export const remembers = tableBinding(['dynamodb:GetItem', ...WRITE, 'dynamodb:DeleteItem']);

/** Name of the stream of a table of the lake, to which rows are appended. */
export const appends = (stream: CfnDeliveryStream): Binding => ({
  value: stream.ref,
  grant: (grantee) => allow(grantee, ['firehose:PutRecordBatch'], [stream.attrArn]),
});

/** URL of a queue to send to. */
export const sends = (queue: Queue): Binding => ({
  value: queue.queueUrl,
  grant: (grantee) => allow(grantee, ['sqs:SendMessage'], [queue.queueArn]),
});

/** ARN of a state machine to start; with `answers` also to answer the tasks that wait with a token. */
export const starts = (machine: StateMachine, answers = false): Binding => ({
  value: machine.stateMachineArn,
  grant: (grantee) =>
    allow(
      grantee,
      ['states:StartExecution', ...(answers ? ['states:SendTaskSuccess'] : [])],
      [machine.stateMachineArn],
    ),
});

/** Firehose and Athena write large objects in parts, which they may also give up; a function's write is one call. */
const WRITE_IN_PARTS = ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];
const OBJECT_ACTIONS = {
  read: ['s3:GetObject'],
  write: ['s3:PutObject'],
  readWrite: ['s3:GetObject', 's3:PutObject'],
  readDelete: ['s3:GetObject', 's3:DeleteObject'],
  writeDelete: ['s3:PutObject', 's3:DeleteObject'],
  readWriteDelete: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
  writeInParts: WRITE_IN_PARTS,
  readWriteInParts: ['s3:GetObject', ...WRITE_IN_PARTS],
};
export type Prefixes = Record<`${string}/`, keyof typeof OBJECT_ACTIONS>;

/** Name of a bucket, of which the objects below these prefixes may be used. */
export const objects = (bucket: Bucket, prefixes: Prefixes): Binding => ({
  value: bucket.bucketName,
  grant: (grantee) => grantObjects(grantee, bucket, prefixes),
});

export const grantObjects = (grantee: Grantee, bucket: Bucket, prefixes: Prefixes): void => {
  // Exported by hand, so that cdk-nag's finding has the same name before and after CDK links the two stacks.
  const bucketArn = Stack.of(bucket).exportValue(bucket.bucketArn);
  for (const [prefix, access] of Object.entries(prefixes)) {
    const resource = `${bucketArn}/${prefix}*`;
    allow(grantee, OBJECT_ACTIONS[access], [resource]);
    acknowledge(grantee, {
      [wildcardRule(grantee, resource)]:
        `Objects get their names at run time; below ${prefix} all of them are for this role.`,
    });
  }
};
