import { deviceIdOf, devicesIn, type TokenNews, withoutDevices, withTokenChanged } from '../../core/audience/device.ts';
import { mergeProfile, type Profile, profileRow } from '../../core/audience/profile.ts';
import { type Devices, devices } from '../adapters/devices.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { appendRows } from '../adapters/lake.ts';
import { type Profiles, profiles } from '../adapters/profiles.ts';

/** Profiles written at once. */
const PARALLEL = 10;
const ATTEMPTS = 5;

type Environment = Record<'PROFILES_TABLE' | 'DEVICES_TABLE' | 'PROFILES_STREAM', string>;

/**
 * Takes dead tokens out of profiles, and puts those in that providers gave instead. A campaign may meet thousands, so each
 * costs one write and all of them share a lake record; nobody did it, so no audit entry says who. Live segments notice it
 * with their next refresh, as they do an import.
 * Running it twice is safe, and makes good for a crash: a profile that is settled already is told to the lake again.
 */
export const settleTokens = async (environment: Environment, news: readonly TokenNews[]): Promise<void> => {
  const people = profiles(environment.PROFILES_TABLE);
  const owners = devices(environment.DEVICES_TABLE);
  const nowMs = Date.now();
  const settled: Profile[] = [];
  const byPerson = Map.groupBy(news, ({ profileId }) => profileId);
  await inParallel(PARALLEL, [...byPerson], async ([profileId, own]) => {
    const profile = await settleTokensOf(people, owners, profileId, own, nowMs);
    if (profile) settled.push(profile);
  });
  await appendRows(environment.PROFILES_STREAM, settled.map(profileRow));
};

/** The profile as it then is; undefined for whoever has none. Throws when it stays contended. */
export const settleTokensOf = async (
  people: Profiles,
  owners: Devices,
  profileId: string,
  news: readonly TokenNews[],
  nowMs: number,
): Promise<Profile | undefined> => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const stored = await people.get(profileId);
    if (!stored) return undefined;
    let text = stored.profile.pushToken;
    for (const one of news) text = await textAfter(owners, text, one, nowMs);
    const merged = mergeProfile(profileId, stored.profile, { devices: text ?? '' }, nowMs);
    if (!merged) return stored.profile;
    const saved = await people.save({ profile: merged, outbox: stored.outbox });
    // Somebody may have claimed what a token has become after us, and taken it away before it was here: it is looked at again.
    if (saved && !news.some(({ becomes }) => becomes)) return merged;
  }
  throw new Error(`A profile was changed ${ATTEMPTS} times in a row`);
};

/**
 * What the token has become may be somebody else's already, who signed in meanwhile: then it only goes. Whose a device is
 * stands apart only for those that an app has registered.
 */
const textAfter = async (
  owners: Devices,
  pushToken: string | undefined,
  { profileId, token, becomes }: TokenNews,
  nowMs: number,
): Promise<string> => {
  const lines = devicesIn(pushToken);
  const line = lines.find((one) => one.token === token);
  if (!line) {
    const isElsewhere =
      becomes !== undefined &&
      lines.some((one) => one.token === becomes && one.platform) &&
      (await owners.ownerOf(deviceIdOf(becomes))) !== profileId;
    return isElsewhere ? withoutDevices(pushToken, (one) => one === becomes) : (pushToken ?? '');
  }
  const isFree = (owner: string | undefined) => owner === undefined || owner === profileId;
  const next = becomes === undefined ? undefined : await owners.ownerOf(deviceIdOf(becomes));
  let follows = becomes !== undefined && isFree(next);
  if (line.platform) {
    follows &&= await owners.claim(deviceIdOf(becomes as string), profileId, next, nowMs);
    await owners.release(deviceIdOf(token), profileId);
  }
  return follows
    ? withTokenChanged(pushToken, token, becomes as string)
    : withoutDevices(pushToken, (one) => one === token);
};
