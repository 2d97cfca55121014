import { type Device, deviceIdOf, withDevice, withoutDevices } from '../../core/audience/device.ts';
import type { Profile } from '../../core/audience/profile.ts';
import type { Devices } from '../adapters/devices.ts';
import type { Sinks } from '../adapters/outbox.ts';
import type { Profiles } from '../adapters/profiles.ts';
import { Problem } from '../middleware/problem.ts';
import { changeProfile } from './change-profile.ts';

export type DevicePorts = { profiles: Profiles; devices: Devices; sinks: Sinks };
/** Who does it, for the audit log, and when. */
type By = { actor: string; nowMs: number };

/** Several apps at once want the same device only when something is wrong. */
const ATTEMPTS = 5;

/** Changes the devices of a person; nobody is made by it. */
const change = (
  ports: DevicePorts,
  profileId: string,
  devicesOf: (pushToken: string | undefined) => string,
  { actor, nowMs }: By,
): Promise<Profile | undefined> =>
  changeProfile(ports, profileId, (now) => now && { devices: devicesOf(now.pushToken) }, actor, nowMs);

/**
 * Makes a device this person's, and nobody else's. Whoever had it before loses it first: a crash in between leaves it with
 * nobody, never with both, and the app registers again. Running it twice is safe: registering again changes nothing. Throws
 * ProfileTooLarge, and `version-conflict`.
 */
export const registerDevice = async (
  ports: DevicePorts,
  profileId: string,
  device: Device,
  replaces: string | undefined,
  by: By,
): Promise<void> => {
  const deviceId = deviceIdOf(device.token);
  const isThis = (token: string) => token === device.token;
  await claim(ports, deviceId, profileId, isThis, by);
  await changeProfile(
    ports,
    profileId,
    (now) => ({ devices: withDevice(now?.pushToken, device, replaces) }),
    by.actor,
    by.nowMs,
  );
  if (replaces && replaces !== device.token) await ports.devices.release(deviceIdOf(replaces), profileId);
  // Somebody may have claimed it after us, and taken it away before it was here.
  if ((await ports.devices.ownerOf(deviceId)) === profileId) return;
  await change(ports, profileId, (pushToken) => withoutDevices(pushToken, isThis), by);
};

const claim = async (
  ports: DevicePorts,
  deviceId: string,
  profileId: string,
  isThis: (token: string) => boolean,
  by: By,
): Promise<void> => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const owner = await ports.devices.ownerOf(deviceId);
    if (owner !== undefined && owner !== profileId) {
      await change(ports, owner, (pushToken) => withoutDevices(pushToken, isThis), by);
    }
    if (await ports.devices.claim(deviceId, profileId, owner, by.nowMs)) return;
  }
  throw new Problem('version-conflict', 'The device is being registered by others; try again');
};

/** Takes a device away from whoever has it. Running it twice is safe: the second time nobody has it. */
export const removeDevice = async (ports: DevicePorts, deviceId: string, by: By): Promise<void> => {
  const owner = await ports.devices.ownerOf(deviceId);
  if (owner === undefined) return;
  await change(ports, owner, (pushToken) => withoutDevices(pushToken, (token) => deviceIdOf(token) === deviceId), by);
  await ports.devices.release(deviceId, owner);
};
