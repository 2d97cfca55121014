import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as manageAliasesEnv } from '../../lambdas/audience/manage-aliases.env.ts';
import { env as manageDevicesEnv } from '../../lambdas/audience/manage-devices.env.ts';
import { env as manageProfilesEnv } from '../../lambdas/audience/manage-profiles.env.ts';
import type { AudienceProps } from '../audience.ts';
import { knowsErased } from '../erased-people.ts';
import { appends, reads, readsAndWrites, rewrites, sends } from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';

/** Profiles, devices, what people agreed to, and by which other ids they are known. */
export class People extends Construct {
  constructor(scope: Construct, id: string, { state, lake, intake }: AudienceProps) {
    super(scope, id);
    const AUDIT_TABLE = readsAndWrites(state.audit);
    const INTAKE_QUEUE_URL = sends(intake.queue);

    new TypedFunction(this, 'ManageProfiles', {
      entry: 'audience/manage-profiles',
      env: manageProfilesEnv,
      environment: {
        PROFILES_TABLE: readsAndWrites(state.profiles),
        CONTACTS_TABLE: readsAndWrites(state.contacts),
        PROFILES_STREAM: appends(lake.streams.profiles),
        CONSENTS_STREAM: appends(lake.streams.consents),
        AUDIT_TABLE,
        ...knowsErased(state),
        INTAKE_QUEUE_URL,
      },
      timeout: Duration.seconds(15),
    });

    new TypedFunction(this, 'ManageDevices', {
      entry: 'audience/manage-devices',
      env: manageDevicesEnv,
      environment: {
        DEFINITIONS_TABLE: reads(state.definitions),
        PROFILES_TABLE: readsAndWrites(state.profiles),
        DEVICES_TABLE: rewrites(state.devices),
        PROFILES_STREAM: appends(lake.streams.profiles),
        AUDIT_TABLE,
        ...knowsErased(state),
        INTAKE_QUEUE_URL,
      },
      timeout: Duration.seconds(15),
    });

    new TypedFunction(this, 'ManageAliases', {
      entry: 'audience/manage-aliases',
      env: manageAliasesEnv,
      environment: {
        DEFINITIONS_TABLE: reads(state.definitions),
        IDENTITIES_TABLE: readsAndWrites(state.identities),
        WINDOWS_TABLE: readsAndWrites(state.windows),
        MEMBERSHIPS_TABLE: reads(state.memberships),
        INTAKE_QUEUE_URL,
        IDENTITIES_STREAM: appends(lake.streams.identities),
        AUDIT_TABLE,
        ...intake.leadBindings,
        ...knowsErased(state),
      },
      timeout: Duration.seconds(15),
    });
  }
}
