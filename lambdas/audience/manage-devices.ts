import { routes } from '../../core/access/routes/devices.ts';
import { deviceIdOf, platformOf } from '../../core/audience/device.ts';
import { ProfileTooLarge } from '../../core/audience/profile.ts';
import { definitions } from '../adapters/definitions.ts';
import { devices } from '../adapters/devices.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { profiles } from '../adapters/profiles.ts';
import { sources } from '../adapters/sources.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { refuseErased } from '../middleware/refuse-erased.ts';
import { registerDevice, removeDevice } from './change-devices.ts';
import { env } from './manage-devices.env.ts';

const environment = readEnv(env);
const refuse = refuseErased(erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN));
const ports = {
  profiles: profiles(environment.PROFILES_TABLE),
  devices: devices(environment.DEVICES_TABLE),
  sinks: {
    auditTable: environment.AUDIT_TABLE,
    profilesStream: environment.PROFILES_STREAM,
    intakeQueueUrl: environment.INTAKE_QUEUE_URL,
  },
};

/** Devices of people, for apps. Running a change twice is safe: see change-devices.ts. */
export const handler = apiHandler(
  'audience/manage-devices',
  routes,
  {
    registerDevice: async ({ body, actor, nowMs }) => {
      const { profileId, token, replaces } = body;
      await refuse([profileId]);
      const device = { token, platform: platformOf(body) };
      try {
        await registerDevice(ports, profileId, device, replaces, { actor, nowMs });
      } catch (error) {
        throw error instanceof ProfileTooLarge ? new Problem('body-too-large', error.message) : error;
      }
      return { body: { deviceId: deviceIdOf(token), profileId, platform: device.platform } };
    },

    removeDevice: async ({ params: { deviceId }, actor, nowMs }) => {
      if (!/^[\w-]{22}$/.test(deviceId)) throw new Problem('not-found', `${deviceId} is no id of a device`);
      await removeDevice(ports, deviceId, { actor, nowMs });
      return {};
    },
  },
  undefined,
  sources(definitions(environment.DEFINITIONS_TABLE)),
);
