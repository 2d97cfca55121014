import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { againOf, type DeadLetter } from '../../core/delivery/dead-letter.ts';
import { startExecution } from './executions.ts';
import { customEndpoint, region, signedClient } from './signed-client.ts';

const sqs = new SQSClient({ maxAttempts: 5 });
const lambda = signedClient('lambda');

/** Queues of one account and region differ by their names alone. */
const urlOf = (arn: string, sibling: string): string =>
  sibling.slice(0, sibling.lastIndexOf('/') + 1) + arn.slice(arn.lastIndexOf(':') + 1);

/**
 * Has what the letter asked for done once more: resolves when the queue, Lambda or Step Functions have accepted it, and only
 * then may the letter be deleted; throws when nobody does. Whoever receives it knows what has been done before, so twice is
 * harmless. `machineArn`: the state machine that a schedule starts. `intendedArn` as of `againOf`.
 */
export const doAgain = async (
  letter: DeadLetter,
  ownQueueUrl: string,
  { machineArn, intendedArn }: { machineArn: string; intendedArn: string | undefined },
): Promise<undefined> => {
  const again = againOf(letter, intendedArn);
  if (again.by === 'nothing') throw new Error(again.why);
  if (again.by === 'state-machine' && again.arn !== machineArn)
    throw new Error('No schedule starts this state machine');
  if (again.by === 'queue') {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: urlOf(again.arn, ownQueueUrl),
        MessageBody: letter.body,
        ...(letter.group && { MessageGroupId: letter.group }),
      }),
    );
  } else if (again.by === 'state-machine') await startExecution(again.arn, `again-${letter.id}`, {});
  else await invoke(again.arn, again.payload);
  return undefined;
};

const invoke = async (arn: string, payload: unknown): Promise<void> => {
  const host = customEndpoint ?? `https://lambda.${region}.amazonaws.com`;
  const response = await lambda.fetch(`${host}/2015-03-31/functions/${encodeURIComponent(arn)}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event' },
    body: JSON.stringify(payload),
  });
  if (response.status !== 202) throw new Error(`Lambda, ${arn}: ${response.status} ${await response.text()}`);
};
