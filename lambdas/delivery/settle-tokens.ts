import type { TokenNews } from '../../core/audience/device.ts';
import { devices } from '../adapters/devices.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { profiles } from '../adapters/profiles.ts';
import { settleToken } from '../audience/change-devices.ts';

/** Profiles written at once. */
const PARALLEL = 10;
/** Whom the audit log names. */
const HERALD = 'herald';

type Environment = Record<
  'PROFILES_TABLE' | 'DEVICES_TABLE' | 'PROFILES_STREAM' | 'AUDIT_TABLE' | 'INTAKE_QUEUE_URL',
  string
>;

/** Takes dead tokens out of profiles, and puts those in that providers gave instead. Running it twice changes nothing. */
export const settleTokens = async (environment: Environment, news: readonly TokenNews[]): Promise<void> => {
  const ports = {
    profiles: profiles(environment.PROFILES_TABLE),
    devices: devices(environment.DEVICES_TABLE),
    sinks: {
      auditTable: environment.AUDIT_TABLE,
      profilesStream: environment.PROFILES_STREAM,
      intakeQueueUrl: environment.INTAKE_QUEUE_URL,
    },
  };
  const by = { actor: HERALD, nowMs: Date.now() };
  await inParallel(PARALLEL, news, (one) => settleToken(ports, one, by));
};
