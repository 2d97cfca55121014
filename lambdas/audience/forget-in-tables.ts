import { devicesIn } from '../../core/audience/device.ts';
import { idsOf, type PendingPerson, withFound } from '../../core/audience/erasure.ts';
import { TABLES } from '../../core/audience/personal-stores.ts';
import type { Profile } from '../../core/audience/profile.ts';
import { moveAudit } from '../adapters/audit-of-person.ts';
import type { Erasures } from '../adapters/erasures.ts';
import { aliasesOf, forgetLink } from '../adapters/links-of-person.ts';
import { deleteItems, itemsOf } from '../adapters/person-items.ts';
import type { TablesById } from './person-tables.ts';

export type PersonPorts = { erasures: Erasures; tables: TablesById };

/** Tables whose partition key is the person's id. */
export const byPerson = Object.values(TABLES).filter((table) => table.personal === 'by-person');

/**
 * Removes a person from the tables that can be asked by id. Running it twice is safe, and resumes what a crash left: what is
 * found is noted before it is deleted, so no id that leads on to something else is lost. Undefined when a pass has finished
 * the erasure meanwhile.
 */
export const forgetInTables = async (
  { erasures, tables }: PersonPorts,
  known: PendingPerson,
  nowMs: number,
): Promise<PendingPerson | undefined> => {
  const { id, profileId } = known;
  const person = withFound(
    known,
    await aliasesOf(tables.IDENTITIES_TABLE, profileId),
    await addressesOf(tables.PROFILES_TABLE, profileId),
  );
  if (!(await erasures.note(person, nowMs))) return undefined;
  for (const personId of idsOf(person)) {
    for (const { variable, keys } of byPerson) {
      await deleteItems(tables[variable], keys, await itemsOf(tables[variable], keys[0] ?? '', personId));
    }
    await moveAudit(tables.AUDIT_TABLE, `profile/${personId}`, `erased/${id}`);
  }
  for (const alias of person.aliases) await forgetLink(tables.IDENTITIES_TABLE, alias, profileId);
  await erasures.change(id, (erasure) => ({ ...erasure, tablesMs: nowMs }));
  return person;
};

const addressesOf = async (table: string, profileId: string): Promise<string[]> => {
  const [item] = await itemsOf(table, 'profileId', profileId);
  if (!item?.body?.S) return [];
  const { email, phone, pushToken, wechatOpenId } = JSON.parse(item.body.S) as Profile;
  const tokens = devicesIn(pushToken).map(({ token }) => token);
  return [email, phone, wechatOpenId, ...tokens].filter((address) => address !== undefined);
};
