import * as z from 'zod/mini';
import { PLATFORMS } from '../../audience/device.ts';
import { profileId } from '../../audience/profile.ts';
import type { Route } from '../route.ts';

const handler = 'audience/manage-devices';
const token = z.string().check(z.maxLength(1_536), z.regex(/^[!-~]+$/));
const platform = z.enum(PLATFORMS);

/** Routes by which an app's server says which devices push messages to a person go to. */
export const routes = [
  {
    operationId: 'registerDevice',
    method: 'POST',
    path: '/v1/devices',
    summary: 'Register a device of a person',
    description:
      'When the app starts, when its token changes (`replaces` is the one before), and when somebody signs in: the device is then theirs alone, and whoever had it gets no more pushes there. A push goes to each device of a person; with an eleventh the one that was registered first goes. Without `platform` hexadecimal tokens are of APNs, others of FCM. A token that the provider says is dead goes by itself.',
    handler,
    roles: 'source-key',
    body: z.strictObject({ profileId, token, platform: z.optional(platform), replaces: z.optional(token) }),
    example: { profileId: 'ada', token: 'fcm-token-of-the-device', platform: 'fcm' },
    success: {
      status: 200,
      schema: z.object({ deviceId: z.string(), profileId: z.string(), platform }),
      description: 'The device. Keep its id: it is needed to remove it',
    },
    errors: ['invalid-source-key', 'version-conflict', 'person-erased', 'body-too-large'],
  },
  {
    operationId: 'removeDevice',
    method: 'DELETE',
    path: '/v1/devices/{deviceId}',
    summary: 'Remove a device',
    description: 'When its person signs out. One that nobody has any more is removed already.',
    handler,
    roles: 'source-key',
    success: { status: 204, description: 'Nobody has it' },
    errors: ['invalid-source-key', 'not-found', 'version-conflict'],
  },
] as const satisfies readonly Route[];
