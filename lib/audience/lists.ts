import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as changeListPartEnv } from '../../lambdas/audience/change-list-part.env.ts';
import { env as manageListsEnv } from '../../lambdas/audience/manage-lists.env.ts';
import type { AudienceProps } from '../audience.ts';
import { knowsErased } from '../erased-people.ts';
import { appends, objects, reads, readsAndWrites, remembers, sends, starts } from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import { TypedStateMachine } from '../kit/typed-state-machine.ts';
import { BY_MEMBERSHIP_INDEX } from '../state.ts';

/** Manual sets of people. */
export class Lists extends Construct {
  readonly machine: TypedStateMachine;

  constructor(scope: Construct, id: string, { state, lake, intake }: AudienceProps) {
    super(scope, id);
    const DEFINITIONS_TABLE = readsAndWrites(state.definitions);
    const PROFILES_TABLE = reads(state.profiles);
    const MEMBERSHIPS_TABLE = readsAndWrites(state.memberships, BY_MEMBERSHIP_INDEX);
    const LIST_MEMBERS_STREAM = appends(lake.streams.list_members);

    const changeListPart = new TypedFunction(this, 'ChangeListPart', {
      entry: 'audience/change-list-part',
      env: changeListPartEnv,
      environment: {
        DEFINITIONS_TABLE,
        PROFILES_TABLE,
        MEMBERSHIPS_TABLE,
        LIST_MEMBERS_STREAM,
        ...knowsErased(state),
        WORK_BUCKET: objects(state.work, { 'lists/': 'read', 'snapshots/': 'read' }),
      },
      timeout: Duration.minutes(5),
      memoryMb: 1024,
    });
    this.machine = new TypedStateMachine(this, 'ChangeList', {
      definition: 'audience/change-list',
      functions: [changeListPart],
    });
    new TypedFunction(this, 'ManageLists', {
      entry: 'audience/manage-lists',
      env: manageListsEnv,
      environment: {
        DEFINITIONS_TABLE,
        PROFILES_TABLE,
        MEMBERSHIPS_TABLE,
        LIST_MEMBERS_STREAM,
        ...knowsErased(state),
        AUDIT_TABLE: readsAndWrites(state.audit),
        INTAKE_QUEUE_URL: sends(intake.queue),
        IDEMPOTENCY_TABLE: remembers(state.idempotency),
        WORK_BUCKET: objects(state.work, { 'lists/': 'readWrite' }),
        CHANGE_LIST_MACHINE_ARN: starts(this.machine.machine),
      },
      // Counting a list of a million takes a few seconds.
      timeout: Duration.seconds(29),
    });
  }
}
