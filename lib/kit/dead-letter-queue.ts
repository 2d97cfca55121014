import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/** What every queue of Herald has: kept as long as SQS allows, encrypted, reachable over TLS only. */
export const QUEUE_DEFAULTS = {
  retentionPeriod: Duration.days(14),
  encryption: QueueEncryption.SQS_MANAGED,
  enforceSSL: true,
} as const;

/** A queue that nobody consumes, with an alarm as soon as something is in it. `holds` says what, for the alarm's reader. */
export const deadLetterQueue = (scope: Construct, id: string, holds: string): Queue => {
  const queue = new Queue(scope, id, QUEUE_DEFAULTS);
  acknowledge(queue, {
    'AwsSolutions-SQS3': 'It is a dead-letter queue itself.',
    'Serverless-SQSRedrivePolicy': 'It is a dead-letter queue itself.',
  });
  queue
    .metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(1) })
    .createAlarm(scope, `${id}Alarm`, {
      alarmDescription: `There are ${holds}. What to do: docs/dead-letters.md.`,
      threshold: 0,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  return queue;
};
