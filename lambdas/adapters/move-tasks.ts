import {
  CancelMessageMoveTaskCommand,
  ListMessageMoveTasksCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';

const sqs = new SQSClient({ maxAttempts: 5 });

/** SQS moving all messages of a dead-letter queue back to where they came from. Numbers are approximate. */
export type MoveTask = {
  status: string;
  moved: number;
  toMove: number;
  messagesPerSecond?: number;
  startedMs: number;
  failure?: string;
};

/** RUNNING, or CANCELLING, when no other task can begin. */
export const isUnderWay = (task: MoveTask | undefined): task is MoveTask =>
  task?.status === 'RUNNING' || task?.status === 'CANCELLING';

const latest = async (arn: string) => {
  const { Results: [found] = [] } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn: arn, MaxResults: 1 }));
  return found;
};

/** The latest one, running or ended. SQS forgets them after a while. */
export const moveTaskOf = async (arn: string): Promise<MoveTask | undefined> => {
  const found = await latest(arn);
  return (
    found && {
      status: found.Status ?? '',
      moved: found.ApproximateNumberOfMessagesMoved ?? 0,
      toMove: found.ApproximateNumberOfMessagesToMove ?? 0,
      startedMs: found.StartedTimestamp ?? 0,
      ...(found.MaxNumberOfMessagesPerSecond !== undefined && {
        messagesPerSecond: found.MaxNumberOfMessagesPerSecond,
      }),
      ...(found.FailureReason !== undefined && { failure: found.FailureReason }),
    }
  );
};

/** SQS takes one at a time for a queue, and refuses others. Without `toArn` each message goes back to where it came from. */
export const startMoveTask = async (
  arn: string,
  messagesPerSecond: number,
  toArn: string | undefined,
): Promise<void> => {
  const task = { SourceArn: arn, MaxNumberOfMessagesPerSecond: messagesPerSecond };
  await sqs.send(new StartMessageMoveTaskCommand({ ...task, ...(toArn && { DestinationArn: toArn }) }));
};

/** Stops the one that runs, if one does. */
export const cancelMoveTask = async (arn: string): Promise<void> => {
  const TaskHandle = (await latest(arn))?.TaskHandle;
  if (TaskHandle !== undefined) await sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
};
