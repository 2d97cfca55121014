import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { boot } from '../../local/boot.ts';
import { dynamodb } from '../../local/dynamodb.ts';
import type { Faults } from '../../local/faults.ts';
import { type LambdaOptions, type LambdaService, lambda } from '../../local/lambda.ts';
import { sqs } from '../../local/sqs.ts';
import type { Template } from '../../local/template.ts';
import { AwsError, type Clock, type Context, type Service } from '../../local/types.ts';

export const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Writes `code` as index.mjs into a folder of its own; the folder is what a template's Code.S3Key resolves to. */
export const codeFolder = (code: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'herald-fn-'));
  writeFileSync(join(folder, 'index.mjs'), code);
  return folder;
};

/** A function resource from source text. */
export const fn = (code: string, properties: Record<string, unknown> = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: { Code: { S3Key: codeFolder(code) }, Handler: 'index.handler', Runtime: 'nodejs24.x', ...properties },
});
export const queue = (properties: Record<string, unknown> = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties: properties,
});
export const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
export const mapping = (queueId: string, functionId: string, properties: Record<string, unknown> = {}) => ({
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: { EventSourceArn: arnOf(queueId), FunctionName: { Ref: functionId }, ...properties },
});

/** Lambda, SQS and DynamoDB behind the front door, with hand-written resources in one stack named `Test`. */
export const miniCloud = async <C extends Clock>(
  clock: C,
  resources: Template['Resources'],
  options: { persist?: string; lambda?: LambdaOptions; faults?: Faults } = {},
) => {
  let functions: LambdaService | undefined;
  const nothing: Service = {
    signingName: '',
    resources: {},
    handle: async () => {
      throw new AwsError('NotFound', 'no HTTP API in this test', 404);
    },
  };
  const cloud = await boot(
    {
      assembly: { stacks: { Test: { Resources: resources } }, assets: {} },
      clock,
      ...(options.persist && { persist: options.persist }),
    },
    (ctx: Context) => {
      functions = lambda(ctx, options.lambda);
      return {
        services: [
          sqs(ctx, options.faults ? { faults: options.faults } : {}),
          functions,
          dynamodb(ctx, { persist: options.persist !== undefined }),
        ],
        web: nothing,
      };
    },
  );
  const named = (id: string) => cloud.resources.find((resource) => resource.logicalId === id)!;
  const client = new SQSClient({ endpoint: cloud.url, region: 'us-east-1', credentials });
  return {
    ...cloud,
    sqs: client,
    /** Bodies of up to ten visible messages, which become invisible. */
    async queueBodies(id: string): Promise<string[]> {
      const input = { QueueUrl: named(id).ref, MaxNumberOfMessages: 10 };
      const { Messages = [] } = await client.send(new ReceiveMessageCommand(input));
      return Messages.map((message) => message.Body ?? '');
    },
    async stop() {
      client.destroy();
      await cloud.stop();
    },
    ref: (id: string) => named(id).ref,
    arn: (id: string) => named(id).attributes.Arn!,
    invoke: (id: string, event: unknown = {}) => cloud.services.lambda.invoke(named(id).ref, event),
    logs: (id: string) =>
      functions!.logs(named(id).ref).map((line) => JSON.parse(line) as { level: string; message: unknown }),
  };
};
