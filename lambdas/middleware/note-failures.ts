import type { SQSRecord } from 'aws-lambda';
import { putFailure } from '../adapters/failures.ts';
import { errorOf } from './sqs-records.ts';

/** What fails a second time has just met the weather; from here on somebody may want to know. */
const NOTED_FROM = 3;
const TOLD = 1_000;

/**
 * Notes why these messages come back, for whoever finds them among the dead letters. One small write for each that keeps
 * failing; where even that fails the log has to do.
 */
export const noteFailures = async (table: string, failed: Iterable<SQSRecord>): Promise<void> => {
  await Promise.all(
    [...failed].map(async (record) => {
      const receives = Number(record.attributes.ApproximateReceiveCount);
      const error = errorOf(record);
      if (!error || receives < NOTED_FROM) return;
      const { name, message } = error;
      const failure = { error: name, message: message.slice(0, TOLD), receives, atMs: Date.now() };
      await putFailure(table, record.messageId, failure).catch((reason) =>
        console.warn({ message: 'A failure is not noted', messageId: record.messageId, error: String(reason) }),
      );
    }),
  );
};
