import { foldRows, type ImportRow } from '../../core/audience/import-mapping.ts';
import { mergeProfile, type ProfileRow, ProfileTooLarge, profileRow } from '../../core/audience/profile.ts';
import { type ConsentRow, consentRows } from '../../core/delivery/consent.ts';
import type { Contacts } from '../adapters/contacts.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import type { Profiles } from '../adapters/profiles.ts';

/** Enough to hide DynamoDB's latency, few enough for the client's connections. */
const PARALLEL = 16;
const ATTEMPTS = 5;

type Ports = {
  profiles: Profiles;
  contacts: Contacts;
  appendProfiles: (rows: ProfileRow[]) => Promise<void>;
  appendConsents: (rows: ConsentRow[]) => Promise<void>;
};

/**
 * Merges rows into profiles and consents; resolves when profiles, consents and lake rows are durable. `part` names this
 * piece of this import. Running it twice is safe: what the first run wrote is recognised by `part`, not written again,
 * but its lake row is, which counts once by its version. Gives the ids of people whose profile would become too large.
 */
export const importRows = async (
  { profiles, contacts, appendProfiles, appendConsents }: Ports,
  rows: readonly ImportRow[],
  part: string,
  nowMs: number,
): Promise<string[]> => {
  const people = foldRows(rows);
  const known = await profiles.getMany(people.map(({ profileId }) => profileId));
  const written: ProfileRow[] = [];
  const tooLarge: string[] = [];

  const merge = async ({ profileId, input }: ImportRow) => {
    let stored = known.get(profileId);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const merged = mergeProfile(profileId, stored?.profile, input, nowMs);
      if (!merged) {
        if (stored?.writtenBy === part) written.push(profileRow(stored.profile));
        return;
      }
      if (await profiles.save({ profile: merged, outbox: stored?.outbox ?? [], writtenBy: part })) {
        written.push(profileRow(merged));
        return;
      }
      stored = await profiles.get(profileId);
    }
    throw new Error(`Profile ${profileId} was changed by others ${ATTEMPTS} times in a row`);
  };

  await inParallel(PARALLEL, people, async (row) => {
    const merged = merge(row).catch((error: unknown) => {
      if (!(error instanceof ProfileTooLarge)) throw error;
      tooLarge.push(row.profileId);
    });
    // Also when the profile is too large: what the person said counts, above all a no.
    await Promise.all([merged, contacts.grantConsents(row.profileId, row.consents)]);
  });
  const said = people.flatMap((row) => consentRows(row.profileId, row.consents, { imported: true, atMs: nowMs }));
  await Promise.all([appendProfiles(written), appendConsents(said)]);
  return tooLarge;
};
