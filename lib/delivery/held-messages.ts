import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as releaseMessagesEnv } from '../../lambdas/delivery/release-messages.env.ts';
import { addsTo, type Binding, empties } from '../kit/bindings.ts';
import { deadLetterQueue } from '../kit/dead-letter-queue.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import { WakeSchedules } from '../kit/wake-schedules.ts';
import type { SendQueues } from '../send-queues.ts';
import type { State } from '../state.ts';

/** Send messages that wait: for the end of quiet hours, or for a receipt (decision 0021). */
export class HeldMessages extends Construct {
  /** For who has messages wait. */
  readonly bindings: { TIMERS_TABLE: Binding } & WakeSchedules['bindings'];

  constructor(scope: Construct, id: string, { state, sendQueues }: { state: State; sendQueues: SendQueues }) {
    super(scope, id);
    const deadLetters = deadLetterQueue(this, 'DeadLetters', 'minutes whose held messages could not be released');
    const releaseMessages = new TypedFunction(this, 'ReleaseMessages', {
      entry: 'delivery/release-messages',
      env: releaseMessagesEnv,
      environment: { TIMERS_TABLE: empties(state.timers), ...sendQueues.bindings },
      // The night of a whole campaign may end in one minute; what does not fit into one run is done by Lambda's two retries.
      timeout: Duration.minutes(10),
      memoryMb: 1024,
      onFailure: deadLetters,
    });
    const schedules = new WakeSchedules(this, 'Schedules', { wakes: releaseMessages, deadLetters });
    this.bindings = { TIMERS_TABLE: addsTo(state.timers), ...schedules.bindings };
  }
}
