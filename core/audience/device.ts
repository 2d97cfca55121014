import { createHash } from 'node:crypto';

/**
 * Devices of a person, as the profile's text `pushToken` holds them: one a line, the newest first. A device that an app has
 * registered is `<platform> <token>`; a line without a platform is the one token that a profile or an import named itself.
 */
export const PLATFORMS = ['apns', 'apns-sandbox', 'fcm', 'adm', 'baidu'] as const;
export type Platform = (typeof PLATFORMS)[number];
export type Device = { platform: Platform; token: string };
type Line = { platform?: Platform; token: string };

/** Registered devices of one person; one more, and the one that was registered first goes. */
export const MAX_DEVICES = 10;

/** APNs tokens are hexadecimal, 64 characters today and longer when Apple says so; FCM tokens never are. */
const guessed = (token: string): Platform => (/^[0-9a-f]{64,200}$/i.test(token) ? 'apns' : 'fcm');
export const platformOf = ({ platform, token }: { platform?: Platform | undefined; token: string }): Platform =>
  platform ?? guessed(token);

/** Name of a device: 132 bits of its token, which is long, and a secret between the app and its provider. */
export const deviceIdOf = (token: string): string =>
  createHash('sha256').update(token).digest('base64url').slice(0, 22);

export const devicesIn = (pushToken: string | undefined): Line[] =>
  (pushToken ?? '').split('\n').flatMap((line): Line[] => {
    const platform = PLATFORMS.find((one) => line.startsWith(`${one} `));
    if (platform) return [{ platform, token: line.slice(platform.length + 1) }];
    return line === '' ? [] : [{ token: line }];
  });

const textOf = (lines: readonly Line[]): string =>
  lines.map(({ platform, token }) => (platform ? `${platform} ${token}` : token)).join('\n');

/** With a device that an app registers; `replaces` is the token that it had before. Registering it again changes nothing. */
export const withDevice = (pushToken: string | undefined, device: Device, replaces?: string): string => {
  const lines = devicesIn(pushToken).filter(({ token }) => token !== replaces || token === device.token);
  if (lines.some(({ platform, token }) => token === device.token && platform === device.platform)) return textOf(lines);
  const others = lines.filter(({ token }) => token !== device.token);
  const registered = [device, ...others.filter(({ platform }) => platform)].slice(0, MAX_DEVICES);
  return textOf([...registered, ...others.filter(({ platform }) => !platform)]);
};

/** Without the devices of which this is true. */
export const withoutDevices = (pushToken: string | undefined, isGone: (token: string) => boolean): string =>
  textOf(devicesIn(pushToken).filter(({ token }) => !isGone(token)));

/** With the token that the provider has given the device instead. */
export const withTokenChanged = (pushToken: string | undefined, from: string, to: string): string => {
  const lines = devicesIn(pushToken);
  if (!lines.some(({ token }) => token === from)) return textOf(lines);
  const rest = lines.filter(({ token }) => token !== to);
  return textOf(rest.map((line) => (line.token === from ? { ...line, token: to } : line)));
};

/** With the token that a profile or an import names: it takes the place of the one named before, not of registered devices. */
export const withOwnToken = (pushToken: string | undefined, token: string): string => {
  const lines = devicesIn(pushToken);
  if (lines.some((line) => line.token === token)) return textOf(lines);
  return textOf([...lines.filter(({ platform }) => platform), { token }]);
};

/** What a provider says of a person's device: its token is dead, or another one has taken its place. */
export type TokenNews = { profileId: string; token: string; becomes?: string };
