import { profileChanged } from '../../core/audience/live/membership-change.ts';
import { mergeProfile, type Profile, type ProfileChange, profileRow } from '../../core/audience/profile.ts';
import { publishOutbox, type Sinks } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import type { Profiles } from '../adapters/profiles.ts';
import { Problem } from '../middleware/problem.ts';

const ATTEMPTS = 5;
/** So many of the fields and attributes that were named does the event of the change name. */
const MAX_NAMED = 100;

/**
 * Merges into a stored profile, again when somebody else was faster, and publishes its lake row, audit entry and event. What
 * cannot be published now stays in the item for the sweep. A function as `input` is asked what to merge into what is stored;
 * undefined is nothing. Throws ProfileTooLarge, and `version-conflict` when the profile stays contended.
 */
export const changeProfile = async (
  { profiles, sinks }: { profiles: Profiles; sinks: Sinks },
  profileId: string,
  change: ProfileChange | ((current: Profile | undefined) => ProfileChange | undefined),
  actor: string,
  nowMs: number,
): Promise<Profile> => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const stored = await profiles.get(profileId);
    const input = typeof change === 'function' ? change(stored?.profile) : change;
    const merged = input && mergeProfile(profileId, stored?.profile, input, nowMs);
    if (!merged) return stored?.profile as Profile;
    const { version } = merged;
    const entry = {
      subject: `profile/${profileId}`,
      action: stored ? 'update' : 'create',
      actor,
      atMs: nowMs,
      version,
      // Names, not values: an audit log outlives the erasure of a person.
      detail: namesOf(input).join(', ').slice(0, 1_000),
    };
    // An older outbox that is not published yet goes along: the new item replaces the old one.
    const outbox: OutboxEntry[] = [
      ...(stored?.outbox ?? []),
      { effect: 'profile-row', row: profileRow(merged) },
      { effect: 'audit', entry },
      { effect: 'own-event', event: profileChanged(profileId, nowMs, { changed: namesOf(input).slice(0, MAX_NAMED) }) },
    ];
    if (!(await profiles.save({ profile: merged, outbox }))) continue;
    try {
      await publishOutbox(outbox, sinks);
      await profiles.clearOutbox(profileId, version);
    } catch (error) {
      console.warn({ message: 'The outbox of a profile stays for the sweep', version, error: String(error) });
    }
    return merged;
  }
  throw new Problem('version-conflict', `Profile ${profileId} is being changed by others; try again`);
};

const namesOf = ({ attributes = {}, ...fields }: ProfileChange): string[] => [
  ...Object.keys(fields).map((name) => (name === 'devices' ? 'pushToken' : name)),
  ...Object.keys(attributes).map((name) => `attributes.${name}`),
];
