import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { env as manageDeadLettersEnv } from '../../lambdas/delivery/manage-dead-letters.env.ts';
import { allow, type Grantee, reads, readsAndWrites, starts } from '../kit/bindings.ts';
import { QueueWithDeadLetters } from '../kit/queue-with-dead-letters.ts';
import { functionName, TypedFunction } from '../kit/typed-function.ts';
import type { Platform } from '../platform.ts';
import type { State } from '../state.ts';

/** What a redrive of all messages needs, besides sending to where they came from (SQS's guide, "redrive permissions"). */
const OF_LETTERS = [
  ...['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes', 'ChangeMessageVisibility'],
  ...['StartMessageMoveTask', 'ListMessageMoveTasks', 'CancelMessageMoveTask'],
].map((action) => `sqs:${action}`);

/**
 * Looks at all dead letters, of this stack, of the platform and of journeys, has them done again, or discards them. Made last: it sees
 * every queue, and a queue that somebody adds is in it by itself.
 */
export class DeadLetters extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { state, platform, journeys }: { state: State; platform: Platform; journeys: Stack },
  ) {
    super(scope, id);
    const stacks = [platform, journeys, Stack.of(this)];
    const all = stacks.flatMap((stack) => stack.node.findAll());
    const queues = all.filter((it) => it instanceof QueueWithDeadLetters);
    const asynchronous = all.filter((it) => it instanceof TypedFunction).filter(({ onFailure }) => onFailure);
    const ofQueues = queues.map(({ deadLetters }) => deadLetters);
    const ofFunctions = [...new Set(asynchronous.map(({ onFailure }) => onFailure!))];
    const letters = [...ofQueues, ...ofFunctions];
    const urlsOf = (some: Queue[]) =>
      JSON.stringify(Object.fromEntries(some.map((queue) => [nameOf(queue), queue.queueUrl])));
    const grant = (grantee: Grantee) => {
      allow(
        grantee,
        OF_LETTERS,
        letters.map(({ queueArn }) => queueArn),
      );
      allow(
        grantee,
        ['sqs:SendMessage'],
        queues.map(({ queue }) => queue.queueArn),
      );
      allow(grantee, ['lambda:InvokeFunction'], asynchronous.map(arnOf));
    };
    new TypedFunction(this, 'ManageDeadLetters', {
      entry: 'delivery/manage-dead-letters',
      env: manageDeadLettersEnv,
      environment: {
        DEAD_LETTERS: { value: urlsOf(ofQueues), grant },
        FAILED_INVOCATIONS: urlsOf(ofFunctions),
        UNDELIVERED: JSON.stringify(
          Object.fromEntries(
            queues
              .filter(({ hasUndelivered }) => hasUndelivered)
              .map(({ deadLetters, queue }) => [nameOf(deadLetters), queue.queueArn]),
          ),
        ),
        FAILURES_TABLE: reads(state.failures),
        AUDIT_TABLE: readsAndWrites(state.audit),
        CLEANSE_MACHINE_ARN: starts(platform.audience.personalData.cleanseStores.machine),
      },
      timeout: Duration.seconds(29),
    });
  }
}

/** Of the path below its stack: `Send/PushPromotional/DeadLetters` is send-push-promotional, `BusDeadLetters` is bus. */
const nameOf = (queue: Queue): string =>
  queue.node.path
    .split('/')
    .slice(1)
    .join('')
    .replace(/DeadLetters$/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, '-')
    .toLowerCase();

/** By its name: an import would forbid a release that moves or removes it. */
const arnOf = (fn: TypedFunction): string => {
  const stack = Stack.of(fn);
  const resourceName = functionName(stack, fn.entry);
  return stack.formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
};
