import * as z from 'zod/mini';
import { CHANNELS } from '../delivery/channel.ts';
import { ANONYMOUS, isAnonymous } from '../event/identity.ts';
import { withOwnToken } from './device.ts';
import { isPlainText } from './question.ts';

/** Text that every part of Herald can carry: no NUL, no half of a surrogate pair. */
const text = (max: number) =>
  z.string().check(z.maxLength(max), z.refine(isPlainText, 'NUL and lone surrogates are not text'));
/** One value: of a list there may be a hundred. */
export const scalar = z.union([text(2_000), z.number(), z.boolean()]);
const attributeValue = z.union([scalar, z.null(), z.array(scalar).check(z.maxLength(100))]);
/** Names that need no quoting, in SQL paths and in templates. */
export const attributeName = z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/));

/** Asking Intl takes as long as all else that is done to a row of an import, and few names are asked for again and again. */
const zones = new Map<string, boolean>();
const MAX_ZONES = 1_000;

/** True for names that the time zone database knows, for example Europe/Paris. */
export const isTimeZone = (name: string): boolean => {
  const known = zones.get(name) ?? isKnownZone(name);
  if (zones.size < MAX_ZONES) zones.set(name, known);
  return known;
};

const isKnownZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // Offsets such as +02:00 are accepted by Intl, but are no zones: they know no summer time.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
};

/** Whoever is known by an anonymous id only has ids that begin with `anonymous:`; nobody else may. */
export const profileId = text(128).check(
  z.minLength(1),
  z.refine((id) => !isAnonymous(id), `Ids that begin with ${ANONYMOUS} are reserved`),
);

/** A person as the API takes and gives it. PUT merges: a field that is absent stays, an attribute set to null goes. */
export const profileInput = z.strictObject({
  email: z.optional(z.nullable(z.email().check(z.maxLength(254)))),
  /** E.164, for example +33612345678. */
  phone: z.optional(z.nullable(z.string().check(z.regex(/^\+[1-9]\d{6,14}$/)))),
  /** Null takes all devices of the person away. */
  pushToken: z.optional(z.nullable(z.string().check(z.maxLength(4096), z.regex(/^[!-~]+$/)))),
  /** Of the person, at your WeChat official account. */
  wechatOpenId: z.optional(z.nullable(z.string().check(z.regex(/^[\w-]{1,128}$/)))),
  /** IANA name, for example Europe/Paris. */
  timeZone: z.optional(z.nullable(z.string().check(z.maxLength(64), z.refine(isTimeZone, 'Not an IANA time zone')))),
  locale: z.optional(z.nullable(z.string().check(z.regex(/^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}$/)))),
  attributes: z.optional(z.record(attributeName, attributeValue)),
});
export type ProfileInput = z.infer<typeof profileInput>;
/** What Herald itself changes in a profile, too: `devices` is the whole text of devices (see device.ts). */
export type ProfileChange = ProfileInput & { devices?: string };
export type AttributeValue = z.infer<typeof attributeValue>;

/** A channel, or a channel and a topic: `sms`, `email/offers`. The more specific one counts. */
export const consentKey = z.string().check(z.regex(new RegExp(`^(${CHANNELS.join('|')})(/[a-z0-9][a-z0-9-]{0,31})?$`)));
/** False is an unsubscribe. */
export const consentsInput = z.record(consentKey, z.boolean());

export type Profile = {
  profileId: string;
  version: number;
  updatedMs: number;
  email?: string;
  phone?: string;
  pushToken?: string;
  wechatOpenId?: string;
  timeZone?: string;
  locale?: string;
  attributes: Record<string, Exclude<AttributeValue, null>>;
};

/** The profile's own fields, all text; an empty or absent one is missing. */
export const FIELDS = ['email', 'phone', 'pushToken', 'wechatOpenId', 'timeZone', 'locale'] as const;
export type Field = (typeof FIELDS)[number];

/** JSON bytes of one profile: senders and segment queries read all of it. */
export const MAX_PROFILE_BYTES = 32_768;

/** The merged profile would be larger than MAX_PROFILE_BYTES. */
export class ProfileTooLarge extends Error {
  override name = 'ProfileTooLarge';
}

/**
 * The profile after a merge, one version on; undefined when the merge changes nothing. Fields and attributes that `input`
 * does not name stay, those that it sets to null go. Throws ProfileTooLarge.
 */
export const mergeProfile = (
  id: string,
  current: Profile | undefined,
  input: ProfileChange,
  nowMs: number,
): Profile | undefined => {
  const merged: Profile = {
    profileId: id,
    version: (current?.version ?? 0) + 1,
    updatedMs: nowMs,
    attributes: withoutNulls({ ...current?.attributes, ...input.attributes }),
  };
  const named = {
    ...input,
    ...(input.pushToken && { pushToken: withOwnToken(current?.pushToken, input.pushToken) }),
    ...(input.devices !== undefined && { pushToken: input.devices }),
  };
  for (const field of FIELDS) {
    const value = named[field] === undefined ? current?.[field] : named[field];
    if (value) merged[field] = value;
  }
  const bytes = new TextEncoder().encode(JSON.stringify(merged)).length;
  if (bytes > MAX_PROFILE_BYTES)
    throw new ProfileTooLarge(`${bytes} bytes; a profile has at most ${MAX_PROFILE_BYTES}`);
  return current && contentOf(current) === contentOf(merged) ? undefined : merged;
};

/** The attributes without those set to null, in a stable order of names. */
const withoutNulls = (attributes: Record<string, AttributeValue>): Profile['attributes'] =>
  Object.fromEntries(
    Object.entries(attributes)
      .filter((entry): entry is [string, Exclude<AttributeValue, null>] => entry[1] !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

const contentOf = ({ attributes, ...profile }: Profile): string =>
  JSON.stringify([...FIELDS.map((field) => profile[field] ?? ''), Object.entries(withoutNulls(attributes))]);

/** Both inputs as one: merging the result is merging `first`, then `second`. */
export const mergeInputs = (first: ProfileInput, second: ProfileInput): ProfileInput => ({
  ...first,
  ...second,
  ...((first.attributes || second.attributes) && { attributes: { ...first.attributes, ...second.attributes } }),
});

/** A row of the lake table `profiles`: a log of versions; the highest version of a profile is the current one. */
export type ProfileRow = {
  profile_id: string;
  version: number;
  updated_ms: number;
  email: string;
  phone: string;
  push_token: string;
  wechat_open_id: string;
  time_zone: string;
  locale: string;
  /** JSON text. */
  attributes: string;
};

export const profileRow = (profile: Profile): ProfileRow => ({
  profile_id: profile.profileId,
  version: profile.version,
  updated_ms: profile.updatedMs,
  email: profile.email ?? '',
  phone: profile.phone ?? '',
  push_token: profile.pushToken ?? '',
  wechat_open_id: profile.wechatOpenId ?? '',
  time_zone: profile.timeZone ?? '',
  locale: profile.locale ?? '',
  attributes: JSON.stringify(profile.attributes),
});
