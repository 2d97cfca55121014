import {
  mergeProfile,
  type ProfileInput,
  type ProfileRow,
  ProfileTooLarge,
  profileRow,
} from '../../core/audience/profile.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import type { Profiles } from '../adapters/profiles.ts';

/** As many as an import writes at once. */
const PARALLEL = 16;
const ATTEMPTS = 5;

export type AttributeChange = { profileId: string; attributes: NonNullable<ProfileInput['attributes']> };
type Ports = { profiles: Profiles; appendProfiles: (rows: ProfileRow[]) => Promise<void> };

/**
 * Merges attributes into profiles that exist, one write a person; resolves when profiles and lake rows are durable. Whoever
 * has no profile any more stays away: values are never the beginning of a person. `part` names this piece of work: what a
 * first run of it wrote is recognised and not written again, but its lake row is, which counts once by its version. A
 * profile that would become too large is left as it is; the log says that there was one.
 */
export const writeAttributes = async (
  { profiles, appendProfiles }: Ports,
  changes: readonly AttributeChange[],
  part: string,
  nowMs: number,
): Promise<void> => {
  if (changes.length === 0) return;
  const known = await profiles.getMany(changes.map(({ profileId }) => profileId));
  const written: ProfileRow[] = [];
  const merge = async ({ profileId, attributes }: AttributeChange) => {
    let stored = known.get(profileId);
    for (let attempt = 1; stored && attempt <= ATTEMPTS; attempt += 1) {
      const merged = mergeProfile(profileId, stored.profile, { attributes }, nowMs);
      if (!merged) {
        if (stored.writtenBy === part) written.push(profileRow(stored.profile));
        return;
      }
      if (await profiles.save({ profile: merged, outbox: stored.outbox, writtenBy: part })) {
        written.push(profileRow(merged));
        return;
      }
      stored = await profiles.get(profileId);
    }
    if (stored) throw new Error(`A profile was changed by others ${ATTEMPTS} times in a row`);
  };
  await inParallel(PARALLEL, changes, async (change) => {
    await merge(change).catch((error: unknown) => {
      if (!(error instanceof ProfileTooLarge)) throw error;
      console.warn({ message: 'A profile is too large for a value of a model', part });
    });
  });
  await appendProfiles(written);
};
