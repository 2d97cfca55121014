import { Duration } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { env as cleanseStoresEnv } from '../../lambdas/audience/cleanse-stores.env.ts';
import { env as exportPersonEnv } from '../../lambdas/audience/export-person.env.ts';
import { env as forgetPersonEnv } from '../../lambdas/audience/forget-person.env.ts';
import { env as managePersonalDataEnv } from '../../lambdas/audience/manage-personal-data.env.ts';
import type { AudienceProps } from '../audience.ts';
import { finishesErasures, keepsErasures } from '../erased-people.ts';
import {
  type Binding,
  erases,
  objects,
  type Prefixes,
  reads,
  readsAndWrites,
  remembers,
  rewrites,
  scans,
  scansAndErases,
  scansAndRewrites,
  starts,
} from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import { TypedStateMachine } from '../kit/typed-state-machine.ts';
import { LAKE_TABLES } from '../lake-tables.ts';
import { BY_PROFILE_INDEX, type State } from '../state.ts';

/** Tables whose items are found by the person's id. */
const byId = (
  { profiles, contacts, windows, memberships, leads, participants, inbox }: State,
  bind: (table: Table) => Binding,
) => ({
  PROFILES_TABLE: bind(profiles),
  CONTACTS_TABLE: bind(contacts),
  WINDOWS_TABLE: bind(windows),
  MEMBERSHIPS_TABLE: bind(memberships),
  LEADS_TABLE: bind(leads),
  PARTICIPANTS_TABLE: bind(participants),
  INBOX_TABLE: bind(inbox),
});

const lakeFolders: Prefixes = Object.fromEntries(
  Object.keys(LAKE_TABLES).map((table) => [`${table}/`, 'readWrite' as const]),
);

/** What Herald holds about one person: its export, and its erasure everywhere. */
export class PersonalData extends Construct {
  readonly exportPerson: TypedStateMachine;
  /** One pass for everybody who waits to be erased; the operations start it daily. */
  readonly cleanseStores: TypedStateMachine;

  constructor(scope: Construct, id: string, { state, lake }: AudienceProps) {
    super(scope, id);
    const exportPerson = new TypedFunction(this, 'ExportPerson', {
      entry: 'audience/export-person',
      env: exportPersonEnv,
      environment: {
        ...byId(state, reads),
        IDENTITIES_TABLE: reads(state.identities, BY_PROFILE_INDEX),
        AUDIT_TABLE: reads(state.audit),
        TIMERS_TABLE: scans(state.timers),
        LEDGER_TABLE: scans(state.ledger),
        DEVICES_TABLE: scans(state.devices),
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        WORK_BUCKET: objects(state.work, { 'asked/': 'writeDelete', 'exports/': 'readWriteDelete' }),
        ATHENA_WORK_GROUP: lake.personUnloads,
        GLUE_DATABASE: lake.database.ref,
      },
      timeout: Duration.minutes(15),
      memoryMb: 1769,
    });
    this.exportPerson = new TypedStateMachine(this, 'ExportPersonMachine', {
      definition: 'audience/export-person',
      functions: [exportPerson],
    });

    const forgetPerson = new TypedFunction(this, 'ForgetPerson', {
      entry: 'audience/forget-person',
      env: forgetPersonEnv,
      environment: {
        ...byId(state, erases),
        IDENTITIES_TABLE: erases(state.identities, BY_PROFILE_INDEX),
        AUDIT_TABLE: rewrites(state.audit),
        ...keepsErasures(state),
      },
      timeout: Duration.minutes(5),
    });
    const erasePerson = new TypedStateMachine(this, 'ErasePersonMachine', {
      definition: 'audience/erase-person',
      functions: [forgetPerson],
    });

    const cleanseStores = new TypedFunction(this, 'CleanseStores', {
      entry: 'audience/cleanse-stores',
      env: cleanseStoresEnv,
      environment: {
        ...byId(state, erases),
        IDENTITIES_TABLE: erases(state.identities, BY_PROFILE_INDEX),
        AUDIT_TABLE: rewrites(state.audit),
        TIMERS_TABLE: scansAndRewrites(state.timers),
        LEDGER_TABLE: scansAndErases(state.ledger),
        DEVICES_TABLE: scansAndErases(state.devices),
        IDEMPOTENCY_TABLE: scansAndErases(state.idempotency),
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        ...finishesErasures(state),
        LAKE_BUCKET: objects(state.lake, lakeFolders),
        WORK_BUCKET: objects(state.work, {
          'asked/': 'writeDelete',
          'erasures/': 'readWriteDelete',
          'exports/': 'readDelete',
          'imports/': 'readDelete',
          'lists/': 'readDelete',
          'models/': 'readWrite',
          'previews/': 'readDelete',
          'samples/': 'readWrite',
          'snapshots/': 'readWrite',
        }),
        ATHENA_WORK_GROUP: lake.personQueries,
        GLUE_DATABASE: lake.database.ref,
      },
      timeout: Duration.minutes(15),
      memoryMb: 1769,
    });
    this.cleanseStores = new TypedStateMachine(this, 'CleanseStoresMachine', {
      definition: 'audience/cleanse-stores',
      functions: [cleanseStores],
    });

    new TypedFunction(this, 'ManagePersonalData', {
      entry: 'audience/manage-personal-data',
      env: managePersonalDataEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        IDENTITIES_TABLE: reads(state.identities),
        ...keepsErasures(state),
        AUDIT_TABLE: readsAndWrites(state.audit),
        IDEMPOTENCY_TABLE: remembers(state.idempotency),
        WORK_BUCKET: objects(state.work, { 'exports/': 'read' }),
        EXPORT_MACHINE_ARN: starts(this.exportPerson.machine),
        ERASE_MACHINE_ARN: starts(erasePerson.machine),
        CLEANSE_MACHINE_ARN: starts(this.cleanseStores.machine),
      },
      timeout: Duration.seconds(15),
    });
  }
}
