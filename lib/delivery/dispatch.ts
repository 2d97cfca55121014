import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as dispatchSnapshotEnv } from '../../lambdas/delivery/dispatch-snapshot.env.ts';
import { env as releaseParkedEnv } from '../../lambdas/delivery/release-parked.env.ts';
import { knowsErased } from '../erased-people.ts';
import { appends, empties, objects, readsAndWrites } from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import { TypedStateMachine } from '../kit/typed-state-machine.ts';
import type { Lake } from '../lake.ts';
import type { SendQueues } from '../send-queues.ts';
import type { State } from '../state.ts';
import type { HeldMessages } from './held-messages.ts';

export type DispatchProps = { state: State; lake: Lake; sendQueues: SendQueues; heldMessages: HeldMessages };

/**
 * From a snapshot's files to the send queues, and from a pause back to them. In the platform's stack, whose state machine of a
 * campaign invokes it, and who ends a pause.
 */
export class Dispatch extends Construct {
  /** Task of the campaign's state machine. */
  readonly dispatchSnapshot: TypedFunction;
  /** Started when a pause of a campaign has ended. */
  readonly releaseParked: TypedStateMachine;

  constructor(scope: Construct, id: string, { state, lake, sendQueues, heldMessages }: DispatchProps) {
    super(scope, id);
    this.dispatchSnapshot = new TypedFunction(this, 'DispatchSnapshot', {
      entry: 'delivery/dispatch-snapshot',
      env: dispatchSnapshotEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        AUDIT_TABLE: readsAndWrites(state.audit),
        LEDGER_TABLE: readsAndWrites(state.ledger),
        // Athena writes the manifest of an UNLOAD beside its results, not beside the files.
        WORK_BUCKET: objects(state.work, { 'athena/': 'read', 'snapshots/': 'readWrite' }),
        OUTCOMES_STREAM: appends(lake.streams.outcomes),
        ...knowsErased(state),
        ...heldMessages.bindings,
        ...sendQueues.bindings,
      },
      timeout: Duration.minutes(10),
      memoryMb: 1024,
    });
    const releaseParked = new TypedFunction(this, 'ReleaseParked', {
      entry: 'delivery/release-parked',
      env: releaseParkedEnv,
      environment: { TIMERS_TABLE: empties(state.timers), ...sendQueues.bindings },
      timeout: Duration.minutes(10),
      memoryMb: 1024,
    });
    this.releaseParked = new TypedStateMachine(this, 'ReleaseParkedMachine', {
      definition: 'delivery/release-parked',
      functions: [releaseParked],
    });
  }
}
