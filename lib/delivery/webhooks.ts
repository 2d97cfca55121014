import { Duration } from 'aws-cdk-lib';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MAX_ATTEMPTS } from '../../core/delivery/webhook-attempt.ts';
import { env as deliverWebhooksEnv } from '../../lambdas/delivery/deliver-webhooks.env.ts';
import { env as manageWebhooksEnv } from '../../lambdas/delivery/manage-webhooks.env.ts';
import { addsTo, readsAndWrites, sends } from '../kit/bindings.ts';
import { QueueWithDeadLetters } from '../kit/queue-with-dead-letters.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import { FIXED_CONCURRENCY, type Stage } from '../stages.ts';
import type { State } from '../state.ts';

/** Other systems are told, one signed POST for each thing that happened, in the order in which they answer. */
export class Webhooks extends Construct {
  /** Takes the messages of core/delivery/webhook.ts; group: the endpoint, so that a slow one waits behind itself. */
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { stage, state }: { stage: Stage; state: State }) {
    super(scope, id);
    const deliveries = new QueueWithDeadLetters(this, 'Deliveries', {
      // A delivery that fails waits for its last attempt.
      oldestMessage: Duration.hours(20),
      maxReceiveCount: MAX_ATTEMPTS,
    });
    this.queue = deliveries.queue;
    const environment = {
      DEFINITIONS_TABLE: readsAndWrites(state.definitions),
      WEBHOOKS_TABLE: readsAndWrites(state.webhooks),
      AUDIT_TABLE: readsAndWrites(state.audit),
      LOOPBACK_WEBHOOKS: stage.loopbackWebhooks ? 'allowed' : 'refused',
    };

    const deliverWebhooks = new TypedFunction(this, 'DeliverWebhooks', {
      entry: 'delivery/deliver-webhooks',
      env: deliverWebhooksEnv,
      environment: {
        ...environment,
        FAILURES_TABLE: addsTo(state.failures),
        OWN_QUEUE_URL: this.queue.queueUrl,
      },
      timeout: Duration.seconds(30),
      reservedConcurrency: FIXED_CONCURRENCY.deliverWebhooks,
    });
    // Ten at a time in each invocation.
    deliveries.consume(deliverWebhooks, { batchSize: 10, maximumConcurrency: FIXED_CONCURRENCY.deliverWebhooks });

    new TypedFunction(this, 'ManageWebhooks', {
      entry: 'delivery/manage-webhooks',
      env: manageWebhooksEnv,
      environment: { ...environment, WEBHOOK_QUEUE_URL: sends(this.queue) },
      timeout: Duration.seconds(15),
    });
  }
}
