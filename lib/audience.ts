import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as importPartEnv } from '../lambdas/audience/import-part.env.ts';
import { env as manageAliasesEnv } from '../lambdas/audience/manage-aliases.env.ts';
import { env as manageImportsEnv } from '../lambdas/audience/manage-imports.env.ts';
import { env as manageProfilesEnv } from '../lambdas/audience/manage-profiles.env.ts';
import { env as manageSegmentsEnv } from '../lambdas/audience/manage-segments.env.ts';
import { appends, objects, reads, readsAndWrites, remembers, starts } from './kit/bindings.ts';
import { TypedFunction } from './kit/typed-function.ts';
import { TypedStateMachine } from './kit/typed-state-machine.ts';
import type { Lake } from './lake.ts';
import type { State } from './state.ts';

/** Who there is: profiles, their aliases and imports, and segments over them. */
export class Audience extends Construct {
  readonly importProfiles: TypedStateMachine;

  constructor(scope: Construct, id: string, { state, lake }: { state: State; lake: Lake }) {
    super(scope, id);
    const DEFINITIONS_TABLE = readsAndWrites(state.definitions);
    const AUDIT_TABLE = readsAndWrites(state.audit);
    const IDEMPOTENCY_TABLE = remembers(state.idempotency);
    const people = {
      PROFILES_TABLE: readsAndWrites(state.profiles),
      CONTACTS_TABLE: readsAndWrites(state.contacts),
      PROFILES_STREAM: appends(lake.streams.profiles),
      CONSENTS_STREAM: appends(lake.streams.consents),
    };
    const imports = objects(state.work, { 'imports/': 'readWrite' });

    new TypedFunction(this, 'ManageProfiles', {
      entry: 'audience/manage-profiles',
      env: manageProfilesEnv,
      environment: { ...people, AUDIT_TABLE },
      timeout: Duration.seconds(15),
    });

    new TypedFunction(this, 'ManageAliases', {
      entry: 'audience/manage-aliases',
      env: manageAliasesEnv,
      environment: {
        DEFINITIONS_TABLE: reads(state.definitions),
        IDENTITIES_TABLE: readsAndWrites(state.identities),
        WINDOWS_TABLE: readsAndWrites(state.windows),
        IDENTITIES_STREAM: appends(lake.streams.identities),
        AUDIT_TABLE,
      },
      timeout: Duration.seconds(15),
    });

    const importPart = new TypedFunction(this, 'ImportPart', {
      entry: 'audience/import-part',
      env: importPartEnv,
      environment: { ...people, DEFINITIONS_TABLE, WORK_BUCKET: imports },
      timeout: Duration.minutes(5),
      memoryMb: 1024,
    });
    this.importProfiles = new TypedStateMachine(this, 'ImportProfiles', {
      definition: 'audience/import-profiles',
      functions: [importPart],
    });
    new TypedFunction(this, 'ManageImports', {
      entry: 'audience/manage-imports',
      env: manageImportsEnv,
      environment: {
        DEFINITIONS_TABLE,
        AUDIT_TABLE,
        IDEMPOTENCY_TABLE,
        WORK_BUCKET: imports,
        IMPORT_MACHINE_ARN: starts(this.importProfiles.machine),
      },
      timeout: Duration.seconds(15),
    });

    new TypedFunction(this, 'ManageSegments', {
      entry: 'audience/manage-segments',
      env: manageSegmentsEnv,
      environment: {
        DEFINITIONS_TABLE,
        AUDIT_TABLE,
        IDEMPOTENCY_TABLE,
        WORK_BUCKET: objects(state.work, { 'snapshots/': 'read' }),
        ATHENA_WORK_GROUP: lake.unloads,
        GLUE_DATABASE: lake.database.ref,
      },
      // A preview waits for Athena; the API answers within 30 s or not at all.
      timeout: Duration.seconds(29),
    });
  }
}
