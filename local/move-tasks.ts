import type { Queue } from './queue.ts';
import { AwsError, type Clock } from './types.ts';

type Task = {
  handle: string;
  sourceArn: string;
  toArn?: string | undefined;
  status: 'RUNNING' | 'COMPLETED' | 'CANCELLED';
  startedMs: number;
  moved: number;
  toMove: number;
  perSecond?: number | undefined;
};

const MAX_PER_SECOND = 500;

/**
 * SQS's message move tasks: dead letters go back to the queue that they came from, or to another, so many a second, as new messages. A
 * task moves as many as were there when it began. It ends with this process (on AWS it goes on); what it has not moved
 * stays where it is.
 */
export const moveTasks = (clock: Clock, queueOf: (arn: string) => Queue) => {
  const tasks: Task[] = [];

  const step = (task: Task) => {
    if (task.status !== 'RUNNING') return;
    const most = Math.min(task.perSecond ?? MAX_PER_SECOND, task.toMove - task.moved);
    const source = queueOf(task.sourceArn);
    const taken = source.take(most);
    for (const { body, group, attributes, deadLetterSource, receipt } of taken) {
      const to = task.toArn ?? deadLetterSource;
      // What nobody knows the origin of cannot go back; it stays, and is seen again when its visibility ends.
      if (to === undefined) continue;
      queueOf(to).send(body, group, attributes);
      source.remove(receipt);
      task.moved += 1;
    }
    if (taken.length === 0 || task.moved >= task.toMove) task.status = 'COMPLETED';
    else clock.at(clock.now() + 1_000, () => step(task));
  };

  return {
    start(sourceArn: string, toArn?: string, perSecond?: number): string {
      if (perSecond !== undefined && (perSecond < 1 || perSecond > MAX_PER_SECOND))
        throw new AwsError('InvalidParameterValue', `MaxNumberOfMessagesPerSecond is 1 to ${MAX_PER_SECOND}.`);
      if (tasks.some((task) => task.sourceArn === sourceArn && task.status === 'RUNNING'))
        throw new AwsError('UnsupportedOperation', 'There is already a task running for this source queue.');
      const source = queueOf(sourceArn);
      const about = { startedMs: clock.now(), moved: 0, toMove: source.visible(), perSecond };
      const task: Task = { handle: `task-${tasks.length + 1}`, sourceArn, toArn, status: 'RUNNING', ...about };
      tasks.push(task);
      clock.at(clock.now(), () => step(task));
      return task.handle;
    },
    /** Newest first, as ListMessageMoveTasks words it; only a running task has a handle. */
    list: (sourceArn: string) =>
      tasks
        .filter((task) => task.sourceArn === sourceArn)
        .reverse()
        .map((task) => ({
          ...(task.status === 'RUNNING' && { TaskHandle: task.handle }),
          Status: task.status,
          SourceArn: task.sourceArn,
          ...(task.perSecond !== undefined && { MaxNumberOfMessagesPerSecond: task.perSecond }),
          ApproximateNumberOfMessagesMoved: task.moved,
          ApproximateNumberOfMessagesToMove: task.toMove,
          StartedTimestamp: task.startedMs,
        })),
    /** How many it had moved. */
    cancel(handle: string): number {
      const task = tasks.find((one) => one.handle === handle && one.status === 'RUNNING');
      if (!task) throw new AwsError('ResourceNotFoundException', 'There is no running task with this handle.');
      task.status = 'CANCELLED';
      return task.moved;
    },
  };
};
