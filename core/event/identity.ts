/**
 * Who an event is about. It names a `profileId`, or an `anonymousId` that an app gave somebody it does not know yet, or
 * both: then the anonymous id is linked to the profile (a login). The first link of an anonymous id is for good: on a
 * device that people share, the second one neither takes over what the first did nor gets it.
 */

/** What the profile id of somebody begins with of whom only an anonymous id is known. No id of an app may. */
export const ANONYMOUS = 'anonymous:';

/** Profile id of the person behind an anonymous id, as long as no link says who it is. */
export const anonymousProfileId = (anonymousId: string): string => ANONYMOUS + anonymousId;

export const isAnonymous = (profileId: string): boolean => profileId.startsWith(ANONYMOUS);

/** What apps send as an id when they have none, lower case. */
const PLACEHOLDERS = new Set([
  ...['', '0', 'undefined', 'null', 'none', 'nan', 'unknown', 'anonymous', 'guest', '[object object]'],
  '00000000-0000-0000-0000-000000000000',
]);

/** True for an id that would make one person of everybody whose app had no id for them. */
export const isPlaceholder = (id: string): boolean => PLACEHOLDERS.has(id.trim().toLowerCase());
export const PLACEHOLDER_MESSAGE = 'A placeholder for an id, such as undefined, null or 0, is the id of nobody';

type Person = { profileId: string; anonymousId?: string };

export const hasAnonymousId = <P extends Person>(event: P): event is P & { anonymousId: string } =>
  event.anonymousId !== undefined;

/** True for an event that names both ids, and so links them. */
export const isLogin = ({ profileId, anonymousId }: Person): boolean =>
  anonymousId !== undefined && !isAnonymous(profileId);

/** An anonymous id, or another id of a person, and whose it is. `atMs`: when Herald learned of it. */
export type Link = { alias: string; profileId: string; atMs: number };

/** A row of the lake table `identities`. Rows may repeat; of rows about one alias the earliest counts. */
export type IdentityRow = { alias: string; profile_id: string; at_ms: number };

export const identityRow = ({ alias, profileId, atMs }: Link): IdentityRow => ({
  alias,
  profile_id: profileId,
  at_ms: atMs,
});
