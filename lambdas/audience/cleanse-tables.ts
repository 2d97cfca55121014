import { forgetImport, idsIn, isOver, scrubbed, textsOf, type Upload } from '../../core/audience/cleansing.ts';
import type { PendingPerson } from '../../core/audience/erasure.ts';
import { forgetExport, type PersonalExport } from '../../core/audience/personal-export.ts';
import { TABLES } from '../../core/audience/personal-stores.ts';
import type { ProfileImport } from '../../core/audience/profile-import.ts';
import type { HeldMessage } from '../../core/delivery/held-message.ts';
import { namesPerson } from '../../core/delivery/work.ts';
import type { EventTypeEntry } from '../../core/event/catalogue.ts';
import { forgetIn } from '../../core/event/catalogue-forget.ts';
import { anonymousProfileId } from '../../core/event/identity.ts';
import type { Timer } from '../../core/event/timer.ts';
import { type WaitingRow, withoutPeople } from '../../core/strategy/journey/waiting.ts';
import type { Item } from '../adapters/batch-get.ts';
import { type DefinitionKind, type Definitions, type Stored, VersionConflict } from '../adapters/definitions.ts';
import { deleteItems, plainItem, replaceText, scanItems } from '../adapters/person-items.ts';
import type { PersonTables } from './person-tables.ts';

/** Tables of which only the items themselves say whom they are about. */
const byScan = Object.values(TABLES).filter((table) => table.personal === 'by-scan');
type ScannedVariable = (typeof byScan)[number]['variable'];

/** Of an item of such a table: whether it is about one of these. */
const isAbout: Record<ScannedVariable, (item: Item, ids: ReadonlySet<string>) => boolean> = {
  TIMERS_TABLE: ({ body }, ids) => {
    // A timer, or a message to a person that waits for its time.
    const row = JSON.parse(body?.S ?? '{}') as Partial<Timer> & Partial<HeldMessage> & Partial<WaitingRow>;
    if (isWaiting(row)) return withoutPeople(row, ids) !== undefined;
    const { event: own, message } = row;
    if (message?.kind === 'direct' && ids.has(message.profileId)) return true;
    const event = own ?? (message?.kind === 'direct' ? message.event : undefined);
    const { profileId, anonymousId } = event ?? {};
    return ids.has(profileId ?? '') || (anonymousId !== undefined && ids.has(anonymousProfileId(anonymousId)));
  },
  DEVICES_TABLE: ({ profileId }, ids) => ids.has(profileId?.S ?? ''),
  LEDGER_TABLE: ({ run, unit }, ids) => namesPerson(run?.S ?? '', unit?.S ?? '', ids),
};

const isWaiting = (row: Partial<WaitingRow>): row is WaitingRow => row.waiting !== undefined;

/** The row of participants that an item is, if it is one: it is about others as well. */
const waitingOf = ({ body }: Item): WaitingRow | undefined => {
  const row = JSON.parse(body?.S?.startsWith('{"waiting"') ? body.S : '{}') as Partial<WaitingRow>;
  return isWaiting(row) ? row : undefined;
};

/** What stays of an item, because it is about others as well. */
const leftOf = (item: Item, ids: ReadonlySet<string>): WaitingRow | undefined => {
  const row = waitingOf(item);
  const left = row && withoutPeople(row, ids);
  return left?.waiting.length ? left : undefined;
};

/** The item as it may be shown to one of these people: without anybody else. */
export const ownPart = (item: Item, ids: ReadonlySet<string>): Item => {
  const row = waitingOf(item);
  const own = row?.waiting.filter(([profileId]) => ids.has(profileId));
  return own ? { ...item, body: { S: JSON.stringify({ waiting: own }) } } : item;
};

/** The items about people in all tables that must be read whole, by the tables' variables. */
export const scanTables = async (
  tables: PersonTables,
  ids: ReadonlySet<string>,
): Promise<{ variable: ScannedVariable; keys: readonly string[]; items: Item[] }[]> => {
  const found = [];
  for (const { variable, keys } of byScan) {
    const items = await scanItems(tables[variable], (item) => isAbout[variable](item, ids));
    found.push({ variable, keys, items });
  }
  return found;
};

/** Removes people from the tables that must be read whole, and from the definitions that keep words of theirs. */
export const cleanseTables = async (
  tables: PersonTables & { IDEMPOTENCY_TABLE: string },
  defs: Definitions,
  people: readonly PendingPerson[],
  nowMs: number,
): Promise<void> => {
  const ids = idsIn(people);
  for (const { variable, keys, items } of await scanTables(tables, ids)) {
    const gone: Item[] = [];
    for (const item of items) {
      const left = leftOf(item, ids);
      if (left) await replaceText(tables[variable], keys, item, 'body', JSON.stringify(left));
      else gone.push(item);
    }
    await deleteItems(tables[variable], keys, gone);
  }
  // Forgotten answers are given anew: what such a call has made is found again by its id.
  const quoted = [...ids].map((id) => JSON.stringify(id));
  const answers = await scanItems(tables.IDEMPOTENCY_TABLE, (item) => {
    const text = JSON.stringify(plainItem(item));
    return quoted.some((id) => text.includes(id) || text.includes(JSON.stringify(id).slice(1, -1)));
  });
  await deleteItems(tables.IDEMPOTENCY_TABLE, ['id'], answers);
  await change<EventTypeEntry>(defs, 'event-type', (entry) => forgetIn(entry, [...ids]), nowMs);
  await change<PersonalExport>(defs, 'export', (it) => forgetExport(it, ids, nowMs), nowMs);
  const texts = people.flatMap(textsOf);
  await change<ProfileImport>(defs, 'import', (it) => forgetImport(it, texts, nowMs), nowMs);
  for (const [kind, fields] of SCRUBBED) {
    await change<Record<string, unknown>>(defs, kind, (body) => scrub(body, fields, texts, nowMs), nowMs);
  }
};

/** Further kinds of definitions that tell what was refused of a file, and the fields that do. */
const SCRUBBED = [
  ['import-lane', ['errors']],
  ['list-change', ['reason', 'refusals']],
] as const satisfies [DefinitionKind, string[]][];

const scrub = (
  body: Record<string, unknown>,
  fields: readonly string[],
  texts: readonly string[],
  nowMs: number,
): Record<string, unknown> | undefined => {
  // While it runs, it needs what it tells.
  if (body.source && !isOver(body as unknown as Upload, nowMs)) return undefined;
  const told = Object.fromEntries(fields.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])));
  const after = scrubbed(told, texts);
  return after && { ...body, ...after, ...(typeof body.version === 'number' && { version: body.version + 1 }) };
};

const CONFLICTS = 10;

/** Writes every definition of a kind anew that `forget` changes. */
const change = async <T>(
  defs: Definitions,
  kind: DefinitionKind,
  forget: (body: T) => T | undefined,
  nowMs: number,
): Promise<void> => {
  for (const stored of await defs.all<T>(kind)) {
    let current: Stored<T> | undefined = stored;
    for (let conflicts = 0; current; conflicts += 1) {
      const after = forget(current.body);
      if (!after) break;
      try {
        await defs.put(kind, stored.id, after, current.version, nowMs);
        break;
      } catch (error) {
        if (!(error instanceof VersionConflict) || conflicts === CONFLICTS) throw error;
        current = await defs.get<T>(kind, stored.id);
      }
    }
  }
};
