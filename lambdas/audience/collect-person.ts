import { idsOf } from '../../core/audience/erasure.ts';
import { EXPORT_SCHEMA } from '../../core/audience/personal-export.ts';
import type { PersonalLakeName, TableVariable } from '../../core/audience/personal-stores.ts';
import { ANONYMOUS, isAnonymous } from '../../core/event/identity.ts';
import { gunzipLines } from '../adapters/lines.ts';
import { aliasesOf } from '../adapters/links-of-person.ts';
import { readObject } from '../adapters/objects.ts';
import type { AuditEntry } from '../adapters/outbox-entry.ts';
import { itemsOf, plainItem } from '../adapters/person-items.ts';
import { ownPart, scanTables } from './cleanse-tables.ts';
import { byPerson } from './forget-in-tables.ts';
import type { PersonTables } from './person-tables.ts';

type Line = { store: string; record: Record<string, unknown> };
type Header = { schema: typeof EXPORT_SCHEMA; profileId: string; ids: string[]; exportedAt: string };

/** The ids of a person: the first one is the one that was asked about. */
export const personOf = async (tables: PersonTables, profileId: string): Promise<string[]> =>
  idsOf({ profileId, aliases: isAnonymous(profileId) ? [] : await aliasesOf(tables.IDENTITIES_TABLE, profileId) });

/**
 * The document, line by line: a header, then what each store holds. Stores are called as their tables are, those of the lake with
 * `lake.` before. Of audit entries it says what was done and when, not who did it: that is about somebody else.
 */
export const collectPerson = async (
  tables: PersonTables,
  bucket: string,
  ids: readonly string[],
  files: ReadonlyMap<PersonalLakeName, readonly string[]>,
  nowMs: number,
): Promise<[Header, ...Line[]]> => {
  const [profileId = ''] = ids;
  const header: Header = {
    ...{ schema: EXPORT_SCHEMA, profileId, ids: [...ids] },
    exportedAt: new Date(nowMs).toISOString(),
  };
  const lines: Line[] = [];
  for (const id of ids) {
    for (const { variable, keys } of byPerson) {
      const items = await itemsOf(tables[variable], keys[0] ?? '', id);
      lines.push(...items.map((item) => ({ store: storeOf(variable), record: plainItem(item) })));
    }
    if (isAnonymous(id)) {
      const links = await itemsOf(tables.IDENTITIES_TABLE, 'alias', id.slice(ANONYMOUS.length));
      lines.push(...links.map((item) => ({ store: 'identities', record: plainItem(item) })));
    }
    for (const item of await itemsOf(tables.AUDIT_TABLE, 'subject', `profile/${id}`)) {
      const { action, atMs, detail } = JSON.parse(item.body?.S ?? '{}') as AuditEntry;
      lines.push({ store: 'audit', record: { action, atMs, detail } });
    }
  }
  const own = new Set(ids);
  for (const { variable, items } of await scanTables(tables, own)) {
    lines.push(...items.map((item) => ({ store: storeOf(variable), record: plainItem(ownPart(item, own)) })));
  }
  for (const [table, keys] of files) {
    for (const key of keys) {
      for await (const line of gunzipLines(await readObject(bucket, key))) {
        lines.push({ store: `lake.${table}`, record: withJson(JSON.parse(line) as Record<string, unknown>) });
      }
    }
  }
  return [header, ...lines];
};

/** `PROFILES_TABLE` → `profiles` */
const storeOf = (variable: TableVariable): string => variable.replace('_TABLE', '').toLowerCase();

/** Columns that hold JSON as text are read. */
const withJson = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      (name === 'properties' || name === 'attributes') && typeof value === 'string' ? JSON.parse(value) : value,
    ]),
  );
