import type { Facts, ReferenceRows } from '../../core/event/evaluate.ts';
import type { AcceptedEvent } from '../../core/event/event.ts';
import { factsOf, type Needs, type RowName, rowsNamed } from '../../core/event/facts.ts';
import type { Contacts } from '../adapters/contacts.ts';
import type { Profiles } from '../adapters/profiles.ts';
import type { References } from '../adapters/references.ts';

export type FactSources = {
  profiles: Pick<Profiles, 'readMany'>;
  contacts: Pick<Contacts, 'getMany'>;
  references: Pick<References, 'getMany'>;
};

/**
 * What conditions may look at, one for each of `wanted`, in its order. A person or row that several events need is read
 * once, what nobody needs is not read. Reads are eventually consistent, at half the price: an event races with changes of
 * the profile through a queue anyhow, so a second more decides nothing, and for consents the gate before the send has the
 * last word.
 */
export const loadFacts = async (
  { profiles, contacts, references }: FactSources,
  wanted: readonly { event: AcceptedEvent; needs: Needs }[],
): Promise<Facts[]> => {
  const people = (needed: 'profile' | 'contact') =>
    wanted.filter(({ needs }) => needs[needed]).map(({ event }) => event.profileId);
  const [profileOf, contactOf, rows] = await Promise.all([
    profiles.readMany(people('profile')),
    contacts.getMany(people('contact'), false),
    readRows(
      references,
      wanted.flatMap(({ event, needs }) => rowsNamed(event, needs)),
    ),
  ]);
  return wanted.map(({ event, needs }) =>
    factsOf(event, needs, {
      profile: profileOf.get(event.profileId),
      contact: contactOf.get(event.profileId),
      references: rows,
    }),
  );
};

const readRows = async (references: FactSources['references'], names: readonly RowName[]): Promise<ReferenceRows> => {
  const byTable = Map.groupBy(names, ({ table }) => table);
  const tables = [...byTable].map(async ([table, named]) => {
    const keys = named.map(({ key }) => key);
    return [table, Object.fromEntries(await references.getMany(table, keys))] as const;
  });
  return Object.fromEntries(await Promise.all(tables));
};
