import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as importPartEnv } from '../../lambdas/audience/import-part.env.ts';
import { env as manageImportsEnv } from '../../lambdas/audience/manage-imports.env.ts';
import type { AudienceProps } from '../audience.ts';
import { appends, objects, readsAndWrites, remembers, starts } from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import { TypedStateMachine } from '../kit/typed-state-machine.ts';

/** Profiles from files. */
export class Imports extends Construct {
  readonly machine: TypedStateMachine;

  constructor(scope: Construct, id: string, { state, lake }: AudienceProps) {
    super(scope, id);
    const DEFINITIONS_TABLE = readsAndWrites(state.definitions);
    const files = objects(state.work, { 'imports/': 'readWrite' });

    const importPart = new TypedFunction(this, 'ImportPart', {
      entry: 'audience/import-part',
      env: importPartEnv,
      environment: {
        DEFINITIONS_TABLE,
        WORK_BUCKET: files,
        PROFILES_TABLE: readsAndWrites(state.profiles),
        CONTACTS_TABLE: readsAndWrites(state.contacts),
        PROFILES_STREAM: appends(lake.streams.profiles),
        CONSENTS_STREAM: appends(lake.streams.consents),
      },
      timeout: Duration.minutes(5),
      memoryMb: 1024,
    });
    this.machine = new TypedStateMachine(this, 'ImportProfiles', {
      definition: 'audience/import-profiles',
      functions: [importPart],
    });
    new TypedFunction(this, 'ManageImports', {
      entry: 'audience/manage-imports',
      env: manageImportsEnv,
      environment: {
        DEFINITIONS_TABLE,
        AUDIT_TABLE: readsAndWrites(state.audit),
        IDEMPOTENCY_TABLE: remembers(state.idempotency),
        WORK_BUCKET: files,
        IMPORT_MACHINE_ARN: starts(this.machine.machine),
      },
      timeout: Duration.seconds(15),
    });
  }
}
