import { heardAll } from '../../core/audience/import-consents.ts';
import { peopleOf, type SpooledRow } from '../../core/audience/import-people.ts';
import { mergeProfile, type Profile, ProfileTooLarge } from '../../core/audience/profile.ts';
import type { SamplePerson } from '../../core/audience/profile-import.ts';
import type { Contacts } from '../adapters/contacts.ts';
import type { Profiles } from '../adapters/profiles.ts';

const PEOPLE = 50;
const NAMED_CHANGES = 20;

/** What would become of the first people among these rows. Reads only. */
export const samplePeople = async (
  { profiles, contacts }: { profiles: Pick<Profiles, 'getMany'>; contacts: Pick<Contacts, 'getMany'> },
  rows: readonly SpooledRow[],
): Promise<SamplePerson[]> => {
  const people = peopleOf(rows.filter(({ counted }) => counted).slice(0, 10 * PEOPLE)).slice(0, PEOPLE);
  const ids = people.map(({ profileId }) => profileId);
  const [known, said] = await Promise.all([profiles.getMany(ids), contacts.getMany(ids, false)]);
  return people.map(({ profileId, input, statements }): SamplePerson => {
    const before = known.get(profileId)?.profile;
    const consents = Object.entries(heardAll(said.get(profileId)?.consents ?? {}, statements));
    const changes = [
      ...changedNames(before, mergedOrNot(profileId, before, input)),
      ...consents.map(([consent, given]) => `consent.${consent}: ${given ? 'yes' : 'no'}`),
    ];
    const outcome = before ? (changes.length > 0 ? 'change' : 'unchanged') : 'create';
    return { profileId, outcome, changes: changes.slice(0, NAMED_CHANGES) };
  });
};

/** Whose profile would become too large is told when it is written; here it stays as it is. */
const mergedOrNot = (id: string, before: Profile | undefined, input: Parameters<typeof mergeProfile>[2]) => {
  try {
    return mergeProfile(id, before, input, 0);
  } catch (error) {
    if (error instanceof ProfileTooLarge) return undefined;
    throw error;
  }
};

const changedNames = (before: Profile | undefined, after: Profile | undefined): string[] => {
  if (!after) return [];
  const flat = ({ profileId: _id, version: _v, updatedMs: _u, attributes, ...fields }: Profile) => ({
    ...fields,
    ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`attributes.${name}`, value])),
  });
  const old: Record<string, unknown> = before ? flat(before) : {};
  return Object.entries(flat(after))
    .filter(([name, value]) => JSON.stringify(old[name]) !== JSON.stringify(value))
    .map(([name]) => name);
};
