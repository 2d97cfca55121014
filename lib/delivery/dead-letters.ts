import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
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
 * Looks at all dead letters, of this stack and of the platform, has them done again, or discards them. Made last: it sees
 * every queue, and a queue that somebody adds is in it by itself.
 */
export class DeadLetters extends Construct {
  constructor(scope: Construct, id: string, { state, platform }: { state: State; platform: Platform }) {
    super(scope, id);
    const stacks = [platform, Stack.of(this)];
    const queues = stacks.flatMap((stack) => stack.node.findAll()).filter((it) => it instanceof QueueWithDeadLetters);
    const letters = [
      ...queues.map((queue) => ({ name: nameOf(queue), deadLetters: queue.deadLetters })),
      { name: 'bus', deadLetters: platform.busDeadLetters },
    ];
    const urls = Object.fromEntries(letters.map(({ name, deadLetters }) => [name, deadLetters.queueUrl]));
    const grant = (grantee: Grantee) => {
      allow(
        grantee,
        OF_LETTERS,
        letters.map(({ deadLetters }) => deadLetters.queueArn),
      );
      allow(
        grantee,
        ['sqs:SendMessage'],
        queues.map(({ queue }) => queue.queueArn),
      );
      allow(grantee, ['lambda:InvokeFunction'], asynchronous(platform));
    };
    new TypedFunction(this, 'ManageDeadLetters', {
      entry: 'delivery/manage-dead-letters',
      env: manageDeadLettersEnv,
      environment: {
        DEAD_LETTERS: { value: JSON.stringify(urls), grant },
        FAILURES_TABLE: reads(state.failures),
        AUDIT_TABLE: readsAndWrites(state.audit),
        CLEANSE_MACHINE_ARN: starts(platform.audience.personalData.cleanseStores.machine),
      },
      timeout: Duration.seconds(29),
    });
  }
}

/** `Send/PushPromotional` is send-push-promotional. */
const nameOf = (queue: QueueWithDeadLetters): string =>
  queue.node.path
    .split('/')
    .slice(1)
    .join('')
    .replace(/(?<=[a-z])(?=[A-Z])/g, '-')
    .toLowerCase();

/** The functions whose failures are dead letters. By their names: an import would forbid a release that removes one. */
const asynchronous = (platform: Platform): string[] =>
  platform.node
    .findAll()
    .filter((it) => it instanceof TypedFunction)
    .filter(({ onFailure }) => onFailure === platform.busDeadLetters)
    .map(({ entry }) =>
      platform.formatArn({
        service: 'lambda',
        resource: 'function',
        resourceName: functionName(platform, entry),
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    );
