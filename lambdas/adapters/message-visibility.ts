import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';

const sqs = new SQSClient({ maxAttempts: 5 });

/**
 * Hides a message that was received for so many seconds from now on, 12 hours at most. Report it as failed as well: Lambda
 * leaves what failed in the queue with the visibility that it has. `queueUrl` must be that of the queue it came from.
 */
export const hideFor = async (queueUrl: string, record: SQSRecord, seconds: number): Promise<void> => {
  await sqs.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: queueUrl,
      ReceiptHandle: record.receiptHandle,
      VisibilityTimeout: seconds,
    }),
  );
};
