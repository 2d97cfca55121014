import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';

const sqs = new SQSClient({ maxAttempts: 5 });

/**
 * `group` makes the queue fair: one noisy group does not delay the others (MessageGroupId on a standard queue). With
 * `delaySeconds`, 900 at most, it is hidden for so long first.
 */
export type Outgoing = { body: unknown; group?: string; delaySeconds?: number };
type Entry = Pick<Outgoing, 'group' | 'delaySeconds'> & { body: string };

const MAX_BATCH = 10;
/** SQS takes 1 MiB a call, but bills each 64 KiB as a request; a call is kept within what one message may be. */
const MAX_BATCH_BYTES = 250_000;

type Batch = { message: Outgoing; entry: Entry }[];

/** Ten a call, and no more than a call may have; one that is too large for any is alone. */
function* batchesOf(messages: readonly Outgoing[]): Generator<Batch> {
  let batch: Batch = [];
  let bytes = 0;
  for (const message of messages) {
    // SQS refuses a whole call for two characters that JSON leaves as they are.
    const body = JSON.stringify(message.body).replace(/[\uFFFE\uFFFF]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
    const size = Buffer.byteLength(body);
    if (batch.length === MAX_BATCH || (batch.length > 0 && bytes + size > MAX_BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    const { group, delaySeconds } = message;
    batch.push({ message, entry: { body, ...(group && { group }), ...(delaySeconds && { delaySeconds }) } });
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Sends all messages, ten a call. Resolves only when SQS has accepted every one; throws when any was refused twice. */
export const sendAll = async (queueUrl: string, messages: readonly Outgoing[]): Promise<void> => {
  for (const batch of batchesOf(messages)) {
    const refused = await sendBatch(queueUrl, batch);
    for (const why of refused.values()) throw new Error(`SQS refused ${refused.size} messages: ${why}`);
  }
};

/** Sends all messages, ten a call, and says which of them SQS has not accepted, and why. Does not throw for them. */
export const sendEach = async (queueUrl: string, messages: readonly Outgoing[]): Promise<Map<Outgoing, unknown>> => {
  const failed = new Map<Outgoing, unknown>();
  let broken: unknown;
  let inARow = 0;
  for (const batch of batchesOf(messages)) {
    try {
      // One call may be refused for what is in it; two in a row mean that SQS takes none.
      if (inARow === 2) throw broken;
      for (const [message, why] of await sendBatch(queueUrl, batch)) failed.set(message, new Error(`SQS: ${why}`));
      inARow = 0;
    } catch (error) {
      broken = error;
      inARow = Math.min(2, inARow + 1);
      for (const { message } of batch) failed.set(message, error);
    }
  }
  return failed;
};

/** Those that were refused twice, and why. Throws when the call failed. */
const sendBatch = async (queueUrl: string, batch: Batch): Promise<Map<Outgoing, string>> => {
  let left = batch.map(({ entry: { body, group, delaySeconds } }, n) => ({
    Id: String(n),
    MessageBody: body,
    ...(group && { MessageGroupId: group }),
    ...(delaySeconds && { DelaySeconds: delaySeconds }),
  }));
  let refused = new Map<string, string>();
  for (let attempt = 1; left.length > 0 && attempt <= 2; attempt += 1) {
    const { Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: left }));
    refused = new Map(Failed.map(({ Id = '', Message, Code }) => [Id, Message ?? Code ?? 'no reason']));
    left = left.filter(({ Id }) => refused.has(Id));
  }
  return new Map([...refused].map(([id, why]) => [batch[Number(id)]!.message, why]));
};
