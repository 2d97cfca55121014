import type { Channel } from '../../delivery/channel.ts';
import type { RowName } from '../../event/facts.ts';
import type { TemplateContent } from '../template.ts';

/** Columns of a row of a reference table by name. */
export type CatalogueRow = Record<string, unknown>;
/** The row that a table has under a key; undefined: none. */
export type Lookup = (name: RowName) => CatalogueRow | undefined;

/** A field asks for so many rows at the most, counted like its steps. */
export const MAX_LOOKUPS = 20;
/** A row may name another, and that a third. */
const MAX_ROUNDS = 3;
/** A field that asks for rows is rendered once for each round, and then for the message. */
export const RENDERED_TIMES = MAX_ROUNDS + 1;

const FILTER = /\|\s*catalogue(?![\w-])/;
/** Whether a text asks for rows. */
export const asksForRows = (source: string): boolean => FILTER.test(source);
const known = new WeakMap<TemplateContent, Map<Channel, boolean>>();

/** Whether somebody's message on the channel may need rows: whatever reads them need not be loaded otherwise. */
export const readsCatalogue = (template: TemplateContent, channel: Channel): boolean => {
  const channels = known.get(template) ?? new Map<Channel, boolean>();
  known.set(template, channels);
  const places = [template.channels, ...Object.values(template.locales ?? {})];
  const found = channels.get(channel) ?? places.some((own) => textsIn(own[channel]).some(asksForRows));
  channels.set(channel, found);
  return found;
};

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

const TABLE = /\|\s*catalogue(?![\w-])\s*(?::\s*(?:"([a-z][a-z0-9-]{0,39})"|'([a-z][a-z0-9-]{0,39})'))?/g;
/** The tables that some Liquid names; undefined where it names none by its id, so that nobody can say whether it exists. */
export const tablesIn = (liquid: string): (string | undefined)[] =>
  [...liquid.matchAll(TABLE)].map(([, double, single]) => double ?? single);

type Rows = (table: string, keys: readonly string[]) => Promise<Map<string, CatalogueRow>>;

/**
 * The rows that some messages need, read together: each message is rendered for a trial that notes what it asks for, and again when a row may
 * have named another. What is not found is missing.
 */
export const readCatalogue = async (
  trials: readonly ((lookup: Lookup) => RowName[])[],
  rowsOf: Rows,
): Promise<Lookup> => {
  const found = new Map<string, CatalogueRow | undefined>();
  const nameOf = ({ table, key }: RowName) => `${table} ${key}`;
  const lookup: Lookup = (name) => found.get(nameOf(name));
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const asked = trials.flatMap((trial) => trial(lookup)).filter((name) => !found.has(nameOf(name)));
    if (asked.length === 0) break;
    await Promise.all(
      [...Map.groupBy(asked, ({ table }) => table)].map(async ([table, names]) => {
        const keys = [...new Set(names.map(({ key }) => key))];
        const rows = await rowsOf(table, keys);
        for (const key of keys) found.set(nameOf({ table, key }), rows.get(key));
      }),
    );
  }
  return lookup;
};
