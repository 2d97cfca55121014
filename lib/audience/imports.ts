import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as finishImportEnv } from '../../lambdas/audience/finish-import.env.ts';
import { env as manageImportsEnv } from '../../lambdas/audience/manage-imports.env.ts';
import { env as readImportEnv } from '../../lambdas/audience/read-import.env.ts';
import { env as writeImportEnv } from '../../lambdas/audience/write-import.env.ts';
import type { AudienceProps } from '../audience.ts';
import { knowsErased } from '../erased-people.ts';
import { appends, objects, reads, readsAndWrites, remembers, starts } from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import { TypedStateMachine } from '../kit/typed-state-machine.ts';

/** Reading and writing are bound by the processor: at this memory a Lambda has a whole one. */
const ONE_CORE_MB = 1769;

/** Profiles from files. */
export class Imports extends Construct {
  readonly machine: TypedStateMachine;

  constructor(scope: Construct, id: string, { state, lake }: AudienceProps) {
    super(scope, id);
    const DEFINITIONS_TABLE = readsAndWrites(state.definitions);
    const files = objects(state.work, { 'imports/': 'readWrite' });

    const readImport = new TypedFunction(this, 'ReadImport', {
      entry: 'audience/read-import',
      env: readImportEnv,
      environment: {
        DEFINITIONS_TABLE,
        WORK_BUCKET: files,
        PROFILES_TABLE: reads(state.profiles),
        CONTACTS_TABLE: reads(state.contacts),
      },
      timeout: Duration.minutes(5),
      memoryMb: ONE_CORE_MB,
    });
    const writeImport = new TypedFunction(this, 'WriteImport', {
      entry: 'audience/write-import',
      env: writeImportEnv,
      environment: {
        DEFINITIONS_TABLE,
        WORK_BUCKET: objects(state.work, { 'imports/': 'read' }),
        PROFILES_TABLE: readsAndWrites(state.profiles),
        CONTACTS_TABLE: readsAndWrites(state.contacts),
        PROFILES_STREAM: appends(lake.streams.profiles),
        CONSENTS_STREAM: appends(lake.streams.consents),
        ...knowsErased(state),
      },
      timeout: Duration.minutes(5),
      memoryMb: ONE_CORE_MB,
    });
    const finishImport = new TypedFunction(this, 'FinishImport', {
      entry: 'audience/finish-import',
      env: finishImportEnv,
      environment: { DEFINITIONS_TABLE, WORK_BUCKET: files },
      timeout: Duration.seconds(30),
    });
    this.machine = new TypedStateMachine(this, 'ImportProfiles', {
      definition: 'audience/import-profiles',
      functions: [readImport, writeImport, finishImport],
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
