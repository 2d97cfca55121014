import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { type CfnQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { deadLetterQueue, QUEUE_DEFAULTS } from './dead-letter-queue.ts';
import type { TypedFunction } from './typed-function.ts';

export type QueueProps = {
  /** The alarm rings when the oldest message has waited longer. */
  oldestMessage: Duration;
  /** Receives after which a message is a dead letter; at least 5, as throttled pollers count as receives. @default 5 */
  maxReceiveCount?: number;
};

export type ConsumeProps = {
  /** Messages per invocation. */
  batchSize: number;
  /** How long a batch may gather. @default none: whatever is there goes at once */
  window?: Duration;
  /** Invocations at once of this queue, 2 to 1000: how the load on what is behind it is bounded. */
  maximumConcurrency: number;
};

/** Concurrency that the queues of a function may use together; its reserved concurrency must not be less. */
const claimed = new WeakMap<TypedFunction, number>();

/**
 * A standard queue whose messages never vanish: what fails goes back, what keeps failing goes to dead letters with an
 * alarm. It is a fair queue wherever senders set a MessageGroupId.
 */
export class QueueWithDeadLetters extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  private takesUndelivered = false;

  constructor(scope: Construct, id: string, { oldestMessage, maxReceiveCount = 5 }: QueueProps) {
    super(scope, id);
    if (maxReceiveCount < 5) throw new Error(`${id}: maxReceiveCount is ${maxReceiveCount}, at least 5 is needed`);
    this.deadLetters = deadLetterQueue(this, 'DeadLetters', `messages of ${id} that failed ${maxReceiveCount} times`);
    this.queue = new Queue(this, 'Queue', {
      ...QUEUE_DEFAULTS,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount },
    });
    this.queue
      .metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period: Duration.minutes(1) })
      .createAlarm(this, 'Age', {
        alarmDescription: `Messages of ${id} wait longer than ${oldestMessage.toHumanString()}: its consumer fails or is too slow.`,
        threshold: oldestMessage.toSeconds(),
        evaluationPeriods: 3,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
  }

  /** The dead letters, for a topic or a rule that cannot deliver to the queue. SQS knows no way back for such letters. */
  forUndelivered(): Queue {
    this.takesUndelivered = true;
    return this.deadLetters;
  }

  /** Others than the queue put letters into its dead letters. */
  get hasUndelivered(): boolean {
    return this.takesUndelivered;
  }

  /**
   * Lets the function consume the queue, batch by batch, with partial failures. Called once per queue. The visibility
   * timeout becomes 6 × the function's timeout plus the window, as AWS advises: less, and a message that waits for a
   * free environment is handed out twice. What polls belongs to the function, which may be of another stack: that stack
   * then knows the queue, and the queue's stack need not know it.
   */
  consume(fn: TypedFunction, { batchSize, window, maximumConcurrency }: ConsumeProps): void {
    const total = (claimed.get(fn) ?? 0) + maximumConcurrency;
    claimed.set(fn, total);
    if (fn.reservedConcurrency === undefined || fn.reservedConcurrency < total) {
      // Pollers beyond the reserved concurrency are throttled, each throttle counts as a receive, and healthy messages
      // end as dead letters.
      throw new Error(
        `${fn.entry}: its queues may invoke it ${total} times at once, but reservedConcurrency is ${fn.reservedConcurrency}`,
      );
    }
    const visibility = fn.timeout.toSeconds() * 6 + (window?.toSeconds() ?? 0);
    (this.queue.node.defaultChild as CfnQueue).visibilityTimeout = visibility;
    this.queue.grantConsumeMessages(fn);
    const mapping = new EventSourceMapping(fn, `${this.node.id}Mapping`, {
      target: fn.function,
      eventSourceArn: this.queue.queueArn,
      batchSize,
      maxConcurrency: maximumConcurrency,
      reportBatchItemFailures: true,
      ...(window && { maxBatchingWindow: window }),
    });
    acknowledge(mapping, {
      'Serverless-LambdaEventSourceMappingDestination':
        'SQS sources take no failure destination: the redrive policy of the queue keeps what failed.',
    });
  }
}
