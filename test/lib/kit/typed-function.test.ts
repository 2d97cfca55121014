import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { reads, readsAndWrites } from '../../../lib/kit/bindings.ts';
import { TypedFunction } from '../../../lib/kit/typed-function.ts';
import { emptyStack, fixtureEntry, fixtureFunction } from '../fixtures.ts';

const env = z.object({ TABLE: z.string(), MODE: z.enum(['fast', 'safe']), NOTE: z.optional(z.string()) });
const timeout = Duration.seconds(10);

describe('environment', () => {
  // Each @ts-expect-error is a test of `npm run check`: it fails to compile when the line below it compiles.
  test('a missing variable does not compile, and fails when forced', () => {
    const build = () =>
      new TypedFunction(emptyStack(), 'F', {
        entry: fixtureEntry(),
        env,
        // @ts-expect-error MODE is missing
        environment: { TABLE: 't' },
        timeout,
      });
    expect(build).toThrow('fixture/do-nothing needs MODE');
  });

  test('a surplus variable does not compile, and fails when forced', () => {
    const build = () =>
      new TypedFunction(emptyStack(), 'F', {
        entry: fixtureEntry(),
        env,
        // @ts-expect-error OTHER is no variable of the handler
        environment: { TABLE: 't', MODE: 'fast', OTHER: 'x' },
        timeout,
      });
    expect(build).toThrow('fixture/do-nothing does not read OTHER');
  });

  test('a value that the schema refuses fails the synthesis', () => {
    const build = () =>
      new TypedFunction(emptyStack(), 'F', {
        entry: fixtureEntry(),
        env,
        environment: { TABLE: 't', MODE: 'slow' },
        timeout,
      });
    expect(build).toThrow('MODE=slow of fixture/do-nothing');
  });

  test('an optional variable may be absent, a reference is taken as it is', () => {
    const stack = emptyStack();
    const table = new Table(stack, 'T', { partitionKey: { name: 'id', type: AttributeType.STRING } });
    new TypedFunction(stack, 'F', {
      entry: fixtureEntry(),
      env,
      environment: { TABLE: reads(table), MODE: 'safe' },
      timeout,
    });
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { TABLE: { Ref: Match.stringLikeRegexp('^T') }, MODE: 'safe', NOTE: Match.absent() } },
    });
  });

  test('a handler that does not exist is named', () => {
    const build = () =>
      new TypedFunction(emptyStack(), 'F', { entry: 'intake/no-such', env: z.object({}), environment: {}, timeout });
    expect(build).toThrow('lambdas/intake/no-such.ts must exist');
  });
});

describe('permissions', () => {
  const actionsOf = (binding: typeof reads, index?: string): unknown[] => {
    const stack = emptyStack();
    const table = new Table(stack, 'T', { partitionKey: { name: 'id', type: AttributeType.STRING } });
    const schema = z.object({ TABLE: z.string() });
    new TypedFunction(stack, 'F', {
      entry: fixtureEntry(),
      env: schema,
      environment: { TABLE: binding(table, index) },
      timeout,
    });
    const [role] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Role'));
    return role?.Properties.Policies[0].PolicyDocument.Statement;
  };
  const log = expect.objectContaining({ Action: ['logs:CreateLogStream', 'logs:PutLogEvents'] });
  const trace = expect.objectContaining({
    Action: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
    Resource: '*',
  });
  const onTable = expect.objectContaining({ 'Fn::GetAtt': expect.anything() });

  test('reads gives reading by key of one table and nothing else', () => {
    expect(actionsOf(reads)).toEqual([
      log,
      trace,
      { Effect: 'Allow', Action: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'], Resource: onTable },
    ]);
  });

  test('an index is granted by name', () => {
    const [, , , onIndex] = actionsOf(readsAndWrites, 'pending') as {
      Action: string;
      Resource: { 'Fn::Join': unknown[] };
    }[];
    expect(onIndex?.Action).toBe('dynamodb:Query');
    expect(onIndex?.Resource['Fn::Join'][1]).toEqual([onTable, '/index/pending']);
  });
});

describe('what every function has', () => {
  const stack = emptyStack();
  const deadLetters = new Queue(stack, 'DeadLetters');
  fixtureFunction(stack);
  new TypedFunction(stack, 'Async', {
    entry: fixtureEntry('do-it-later'),
    env: z.object({}),
    environment: {},
    timeout,
    reservedConcurrency: 7,
    onFailure: deadLetters,
  });
  const template = Template.fromStack(stack);

  test('runtime, architecture, JSON logs in a group of its own that expires, traces', () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: Match.anyValue() } },
      TracingConfig: { Mode: 'Active' },
    });
    template.resourceCountIs('AWS::Logs::LogGroup', 2);
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  test('an alarm on its errors', () => {
    template.resourceCountIs('AWS::CloudWatch::Alarm', 2);
    template.allResourcesProperties('AWS::CloudWatch::Alarm', { MetricName: 'Errors', Threshold: 1 });
  });

  test('one that is invoked asynchronously keeps what failed', () => {
    template.resourcePropertiesCountIs('AWS::Lambda::Function', { ReservedConcurrentExecutions: 7 }, 1);
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: stack.resolve(deadLetters.queueArn) } },
    });
  });
});
