import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as prepareEnteringEnv } from '../../lambdas/strategy/prepare-entering.env.ts';
import { env as tellMembersEnv } from '../../lambdas/strategy/tell-members.env.ts';
import { objects, readsAndWrites, sends } from '../kit/bindings.ts';
import { startsItself } from '../kit/starts-itself.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import { TypedStateMachine } from '../kit/typed-state-machine.ts';
import type { Platform } from '../platform.ts';
import type { State } from '../state.ts';

/** Journeys that people enter on schedule: an execution waits for the next time, asks the lake for the audience, and tells its members. */
export class EntriesOnSchedule extends Construct {
  readonly machine: TypedStateMachine<'AthenaWorkGroup'>;

  constructor(
    scope: Construct,
    id: string,
    { state, platform: { lake, participants } }: { state: State; platform: Pick<Platform, 'lake' | 'participants'> },
  ) {
    super(scope, id);
    const DEFINITIONS_TABLE = readsAndWrites(state.definitions);
    const AUDIT_TABLE = readsAndWrites(state.audit);
    const prepareEntering = new TypedFunction(this, 'PrepareEntering', {
      entry: 'strategy/prepare-entering',
      env: prepareEnteringEnv,
      // The bucket only becomes part of the query's text; the state machine runs the query.
      environment: {
        DEFINITIONS_TABLE,
        AUDIT_TABLE,
        WORK_BUCKET: state.work.bucketName,
        GLUE_DATABASE: lake.database.ref,
      },
      timeout: Duration.seconds(15),
    });
    const tellMembers = new TypedFunction(this, 'TellMembers', {
      entry: 'strategy/tell-members',
      env: tellMembersEnv,
      environment: {
        DEFINITIONS_TABLE,
        AUDIT_TABLE,
        // Athena writes the manifest of an UNLOAD beside its results, not beside the files.
        WORK_BUCKET: objects(state.work, { 'athena/': 'read', 'refreshes/': 'read' }),
        PARTICIPANTS_QUEUE_URL: sends(participants.queue),
      },
      timeout: Duration.minutes(10),
      memoryMb: 1024,
    });
    this.machine = new TypedStateMachine(this, 'Machine', {
      definition: 'strategy/enter-on-schedule',
      functions: [prepareEntering, tellMembers],
      substitutions: { AthenaWorkGroup: lake.workGroup.name },
    });
    lake.grantUnload(this.machine.role, 'refreshes/');
    startsItself(this, 'StartsNext', this.machine);
  }
}
