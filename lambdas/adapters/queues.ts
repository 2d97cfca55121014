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

/** Sends all messages, ten a call. Resolves only when SQS has accepted every one; throws when any was refused twice. */
export const sendAll = async (queueUrl: string, messages: readonly Outgoing[]): Promise<void> => {
  let batch: Entry[] = [];
  let bytes = 0;
  const flush = async () => {
    if (batch.length > 0) await sendBatch(queueUrl, batch);
    batch = [];
    bytes = 0;
  };
  for (const message of messages) {
    // SQS refuses a whole call for two characters that JSON leaves as they are.
    const body = JSON.stringify(message.body).replace(/[\uFFFE\uFFFF]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
    const size = Buffer.byteLength(body);
    if (batch.length === MAX_BATCH || bytes + size > MAX_BATCH_BYTES) await flush();
    const { group, delaySeconds } = message;
    batch.push({ body, ...(group && { group }), ...(delaySeconds && { delaySeconds }) });
    bytes += size;
  }
  await flush();
};

const sendBatch = async (queueUrl: string, batch: Entry[]): Promise<void> => {
  let left = batch.map((message, n) => ({
    Id: String(n),
    MessageBody: message.body,
    ...(message.group && { MessageGroupId: message.group }),
    ...(message.delaySeconds && { DelaySeconds: message.delaySeconds }),
  }));
  for (let attempt = 1; left.length > 0; attempt += 1) {
    const { Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: left }));
    if (Failed.length > 0 && attempt === 2)
      throw new Error(`SQS refused ${Failed.length} messages: ${Failed[0]?.Message}`);
    const failed = new Set(Failed.map((entry) => entry.Id));
    left = left.filter((entry) => failed.has(entry.Id));
  }
};
