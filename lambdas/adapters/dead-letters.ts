import { setTimeout as pause } from 'node:timers/promises';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { DeadLetter } from '../../core/delivery/dead-letter.ts';

const sqs = new SQSClient({ maxAttempts: 5 });

/** A letter that this call holds; nobody else sees it meanwhile. */
export type Held = { letter: DeadLetter; receipt: string };

/** Longer than any call holds letters; whoever dies with some in hand hides them for so long. */
const HELD_SECONDS = 60;
const MAX_RECEIVE = 10;

/** Numbers that SQS calls approximate. `hidden`: somebody holds them. */
export const countsOf = async (queueUrl: string): Promise<{ arn: string; messages: number; hidden: number }> => {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ['QueueArn', 'ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return {
    arn: Attributes.QueueArn ?? '',
    messages: Number(Attributes.ApproximateNumberOfMessages ?? 0),
    hidden: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
  };
};

/** A long poll asks all of SQS's servers; a short one may find nothing although there is something. */
const receive = async (queueUrl: string, max: number): Promise<Held[]> => {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: max,
      VisibilityTimeout: HELD_SECONDS,
      WaitTimeSeconds: 1,
      MessageSystemAttributeNames: ['SentTimestamp', 'MessageGroupId', 'DeadLetterQueueSourceArn'],
      MessageAttributeNames: ['All'],
    }),
  );
  return Messages.map(heldOf);
};

const heldOf = ({ MessageId = '', ReceiptHandle = '', Body = '', Attributes = {}, ...more }: Message): Held => {
  const { SentTimestamp, MessageGroupId: group, DeadLetterQueueSourceArn: sourceArn } = Attributes;
  const texts = Object.entries(more.MessageAttributes ?? {}).map(([name, { StringValue = '' }]) => [name, StringValue]);
  const about = { id: MessageId, body: Body, sentMs: Number(SentTimestamp), attributes: Object.fromEntries(texts) };
  return { letter: { ...about, ...(group && { group }), ...(sourceArn && { sourceArn }) }, receipt: ReceiptHandle };
};

/** What is done with the letters of one receive. It says which of them it has deleted, and whether it wants more. */
export type Visit = (held: readonly Held[]) => Promise<{ gone: readonly Held[]; enough?: boolean }>;

/**
 * Shows letters to `visit`, a few at a time, `max` at the most. All that it has not deleted are given back at the end, also
 * when it throws; whoever dies gives them back by time. `perSecond` bounds how fast letters go, not how fast they are looked
 * at.
 */
export const visitLetters = async (
  queueUrl: string,
  { max, perSecond = Number.POSITIVE_INFINITY }: { max: number; perSecond?: number },
  visit: Visit,
): Promise<void> => {
  const held = new Set<Held>();
  try {
    for (let seen = 0; seen < max; ) {
      const letters = await receive(queueUrl, Math.min(MAX_RECEIVE, max - seen, perSecond));
      if (letters.length === 0) return;
      seen += letters.length;
      for (const one of letters) held.add(one);
      const { gone, enough } = await visit(letters);
      for (const one of gone) held.delete(one);
      if (enough) return;
      if (gone.length > 0) await pause((gone.length / perSecond) * 1_000);
    }
  } finally {
    await Promise.allSettled([...held].map(({ receipt }) => giveBack(queueUrl, receipt)));
  }
};

const giveBack = async (QueueUrl: string, ReceiptHandle: string): Promise<void> => {
  await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
};

/** For good. Only what is durable elsewhere, or written down as discarded, may be deleted. */
export const deleteLetter = async (QueueUrl: string, { receipt: ReceiptHandle }: Held): Promise<void> => {
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
};
