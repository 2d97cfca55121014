import type { SQSRecord } from 'aws-lambda';

/**
 * The JSON bodies of an SQS batch. A record whose body is not JSON is `broken`: name it in batchItemFailures, and it goes to
 * the dead letters by itself, its neighbours do not.
 */
export const parseRecords = <T>(records: readonly SQSRecord[]) => {
  const received: { record: SQSRecord; message: T }[] = [];
  const broken: SQSRecord[] = [];
  for (const record of records) {
    try {
      received.push({ record, message: JSON.parse(record.body) as T });
    } catch (error) {
      logFailure(record, error);
      broken.push(record);
    }
  }
  return { received, broken };
};

/** The last error of each record; batches are forgotten with their records. */
const errors = new WeakMap<SQSRecord, Error>();

/** Why the record failed, if that is known. */
export const errorOf = (record: SQSRecord): Error | undefined => errors.get(record);

/** For a failure that is an answer and not an error of ours, which the log need not tell. */
export const rememberError = (record: SQSRecord, error: Error): void => void errors.set(record, error);

/** A message that only asks to come again is no fault of ours. */
export const logFailure = (record: SQSRecord, error: unknown): void => {
  const known = error instanceof Error ? error : new Error(String(error));
  rememberError(record, known);
  const { name, message, stack } = known;
  const { messageId, attributes } = record;
  const line = { message, error: name, messageId, receives: attributes.ApproximateReceiveCount };
  if (name === 'RetryLater') console.info(line);
  else console.error({ ...line, stack });
};
