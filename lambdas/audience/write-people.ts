import { heardAll } from '../../core/audience/import-consents.ts';
import type { ImportPerson } from '../../core/audience/import-people.ts';
import { mergeProfile, type ProfileRow, ProfileTooLarge, profileRow } from '../../core/audience/profile.ts';
import type { Written } from '../../core/audience/profile-import.ts';
import { type ConsentRow, type Consents, consentRows } from '../../core/delivery/consent.ts';
import type { ConsentGrants } from '../adapters/consent-grants.ts';
import type { Contacts } from '../adapters/contacts.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import type { Profiles, StoredProfile } from '../adapters/profiles.ts';

/** People whose profiles are in memory at once: 32 MB when each is as large as it may be. */
const BATCH = 1_000;
/** People of one read. */
const GROUP = 100;
/** Enough to hide DynamoDB's latency, few enough for the client's 50 connections. */
const GROUPS_AT_ONCE = 3;
const WRITES_AT_ONCE = 8;
const ATTEMPTS = 5;

type Ports = {
  profiles: Profiles;
  contacts: Pick<Contacts, 'get' | 'getMany'>;
  grantConsents: ConsentGrants;
  appendProfiles: (rows: ProfileRow[]) => Promise<void>;
  appendConsents: (rows: ConsentRow[]) => Promise<void>;
};
/** Names this piece of this import; a later `step` of the same batch has a later place in the file. */
export type Piece = { batch: string; step: number };

/**
 * Merges people into profiles and consents; resolves when profiles, consents and lake rows are durable. Each person is
 * there once. Running it twice is safe: what the first run wrote is recognised by its mark, not written but counted again,
 * and its lake row, which counts once by its version, is appended again. Consents are appended before they are written, so
 * none of them is missing in the lake. Gives whose profile would become too large; what they say no to is written.
 */
export const writePeople = async (
  ports: Ports,
  people: readonly ImportPerson[],
  piece: Piece,
  nowMs: number,
): Promise<Written & { tooLarge: ImportPerson[] }> => {
  const total = { created: 0, changed: 0, unchanged: 0, refused: 0, tooLarge: [] as ImportPerson[] };
  for (const batch of slices(people, BATCH)) {
    const groups = slices(batch, GROUP);
    const said = await hear(ports, groups, nowMs);
    const written: ProfileRow[] = [];
    await inParallel(GROUPS_AT_ONCE, groups, async (group) => {
      const counted = group.filter((person) => person.counted > 0);
      const known = await ports.profiles.getMany(counted.map(({ profileId }) => profileId));
      await inParallel(WRITES_AT_ONCE, group, async (person) => {
        const merging =
          person.counted > 0 ? merge(ports.profiles, person, known.get(person.profileId), piece, nowMs) : undefined;
        // Also when the profile is too large: what the person said counts, above all a no.
        const [result] = await Promise.all([merging, grant(ports, person, said.get(person))]);
        if (!result) return;
        if (result.row) written.push(result.row);
        total[result.outcome] += person.counted;
        if (result.outcome === 'refused') total.tooLarge.push(person);
      });
    });
    await ports.appendProfiles(written);
  }
  return total;
};

/** What the people's statements change, as the lake is told it before the contacts are. */
const hear = async ({ contacts, appendConsents }: Ports, groups: ImportPerson[][], nowMs: number) => {
  const said = new Map<ImportPerson, Consents>();
  await inParallel(GROUPS_AT_ONCE, groups, async (group) => {
    const speaking = group.filter(({ statements }) => statements.length > 0);
    const known = await contacts.getMany(
      speaking.map(({ profileId }) => profileId),
      true,
    );
    for (const person of speaking) {
      const changes = heardAll(known.get(person.profileId)?.consents ?? {}, person.statements);
      if (Object.keys(changes).length > 0) said.set(person, changes);
    }
  });
  await appendConsents(
    [...said].flatMap(([{ profileId }, changes]) => consentRows(profileId, changes, { imported: true, atMs: nowMs })),
  );
  return said;
};

const grant = async ({ contacts, grantConsents }: Ports, person: ImportPerson, heard: Consents | undefined) => {
  let changes = heard ?? {};
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (await grantConsents(person.profileId, changes)) return;
    changes = heardAll((await contacts.get(person.profileId)).consents, person.statements);
  }
  throw new Error(`The consents of a person were changed by others ${ATTEMPTS} times in a row`);
};

type Merged = { outcome: keyof Written; row?: ProfileRow };

const merge = async (
  profiles: Profiles,
  { profileId, input }: ImportPerson,
  found: StoredProfile | undefined,
  piece: Piece,
  nowMs: number,
): Promise<Merged> => {
  const writtenBy = markOf(piece);
  let stored = found;
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const own = stored?.writtenBy === writtenBy;
      const merged = isSuperseded(stored, piece) ? undefined : mergeProfile(profileId, stored?.profile, input, nowMs);
      if (!merged) {
        if (!own || !stored) return { outcome: 'unchanged' };
        return { outcome: outcomeOf(stored.profile.version), row: profileRow(stored.profile) };
      }
      if (await profiles.save({ profile: merged, outbox: stored?.outbox ?? [], writtenBy }))
        return { outcome: outcomeOf(merged.version), row: profileRow(merged) };
      stored = await profiles.get(profileId);
    }
  } catch (error) {
    if (error instanceof ProfileTooLarge) return { outcome: 'refused' };
    throw error;
  }
  throw new Error(`A profile was changed by others ${ATTEMPTS} times in a row`);
};

const outcomeOf = (version: number) => (version === 1 ? 'created' : 'changed');
const markOf = ({ batch, step }: Piece): string => `${batch}/${step}`;

/** A later piece of this import has written it: this run of an earlier one was overtaken, and would put back older values. */
const isSuperseded = (stored: StoredProfile | undefined, { batch, step }: Piece): boolean => {
  const mark = stored?.writtenBy ?? '';
  return mark.startsWith(`${batch}/`) && Number(mark.slice(batch.length + 1)) > step;
};

const slices = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
