import { Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { QueueWithDeadLetters } from '../../../lib/kit/queue-with-dead-letters.ts';
import { emptyStack, fixtureFunction } from '../fixtures.ts';

const oldestMessage = Duration.minutes(5);

describe('a queue and its consumer', () => {
  const stack = emptyStack();
  const queue = new QueueWithDeadLetters(stack, 'Orders', { oldestMessage });
  const fn = fixtureFunction(stack, { seconds: 20, reserved: 4 });
  queue.consume(fn, { batchSize: 50, window: Duration.seconds(3), maximumConcurrency: 4 });
  const template = Template.fromStack(stack);

  test('visibility is six time-outs and the window, and five receives make a dead letter', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 6 * 20 + 3,
      MessageRetentionPeriod: 14 * 86_400,
      SqsManagedSseEnabled: true,
      RedrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: stack.resolve(queue.deadLetters.queueArn) },
    });
  });

  test('both queues refuse what does not come over TLS', () => {
    template.resourceCountIs('AWS::SQS::QueuePolicy', 2);
    template.allResourcesProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: Match.objectLike({
        Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
      }),
    });
  });

  test('batches fail message by message, and only so many run at once', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 50,
      MaximumBatchingWindowInSeconds: 3,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 4 },
    });
  });

  test('alarms ring for the first dead letter and for a message that waits', () => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ApproximateAgeOfOldestMessage',
      Threshold: 300,
    });
  });
});

test('a function of another stack consumes queues whose stack does not know it', () => {
  const stack = emptyStack();
  const other = new Stack(stack.node.root, 'Other');
  const fn = fixtureFunction(other, { reserved: 4 });
  for (const id of ['Fast', 'Slow']) {
    new QueueWithDeadLetters(stack, id, { oldestMessage }).consume(fn, { batchSize: 1, maximumConcurrency: 2 });
  }
  const [queues, consumer] = [Template.fromStack(stack), Template.fromStack(other)];
  expect(stack.dependencies).toEqual([]);
  queues.resourceCountIs('AWS::Lambda::EventSourceMapping', 0);
  queues.resourcePropertiesCountIs('AWS::SQS::Queue', { VisibilityTimeout: 60 }, 2);
  const mappings = Object.keys(consumer.findResources('AWS::Lambda::EventSourceMapping'));
  expect(mappings).toEqual([expect.stringContaining('FastMapping'), expect.stringContaining('SlowMapping')]);
});

describe('what cannot be synthesized', () => {
  test.each([
    { name: 'no reserved concurrency', maximumConcurrency: [2] },
    { name: 'less than its only queue may use', reserved: 4, maximumConcurrency: [5] },
    { name: 'less than its two queues may use together', reserved: 5, maximumConcurrency: [3, 3] },
  ])('a consumer with $name', ({ maximumConcurrency, ...options }) => {
    const stack = emptyStack();
    const fn = fixtureFunction(stack, options);
    const consumeAll = () => {
      for (const [n, maximum] of maximumConcurrency.entries()) {
        const queue = new QueueWithDeadLetters(stack, `Q${n}`, { oldestMessage });
        queue.consume(fn, { batchSize: 1, maximumConcurrency: maximum });
      }
    };
    expect(consumeAll).toThrow(/may invoke it \d times at once, but reservedConcurrency is/);
  });

  test('a queue that gives up after fewer than five receives', () => {
    expect(() => new QueueWithDeadLetters(emptyStack(), 'Q', { oldestMessage, maxReceiveCount: 4 })).toThrow(
      'at least 5',
    );
  });
});
