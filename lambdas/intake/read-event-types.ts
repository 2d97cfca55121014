import { routes } from '../../core/access/routes/event-types.ts';
import type { EventTypeEntry } from '../../core/event/catalogue.ts';
import { type CatalogueIndex, emptyIndex, isListed } from '../../core/event/catalogue-index.ts';
import { placesOf } from '../../core/event/catalogue-tree.ts';
import { definitions } from '../adapters/definitions.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './read-event-types.env.ts';

const defs = definitions(readEnv(env).DEFINITIONS_TABLE);
const PARALLEL_READS = 20;

/** The event catalogue, which learn-events writes. It only reads, so running it twice is safe. */
export const handler = apiHandler('intake/read-event-types', routes, {
  listEventTypes: async ({ query: { limit, cursor } }) => {
    const { types, turnedAway } = await readIndex();
    const left = Object.keys(types)
      .sort()
      .filter((type) => cursor === undefined || type > cursor);
    const page = left.slice(0, limit);
    const entries = new Map<string, EventTypeEntry>();
    await inParallel(PARALLEL_READS, page, async (type) => {
      const stored = await defs.get<EventTypeEntry>('event-type', type);
      if (stored) entries.set(type, stored.body);
    });
    // A type that was admitted a moment ago may have no entry yet.
    const items = page.flatMap((type) => {
      const entry = entries.get(type);
      return entry ? [{ ...headOf(entry), propertyCount: placesOf(entry.properties).length }] : [];
    });
    const next = left.length > limit ? page.at(-1) : undefined;
    return { body: { items, ...(next && { cursor: next }), turnedAway: turnedAway.length } };
  },

  getEventType: async ({ params: { eventType } }) => {
    const [stored, index] = await Promise.all([defs.get<EventTypeEntry>('event-type', eventType), readIndex()]);
    if (!stored || !isListed(index, eventType))
      throw new Problem('not-found', `No event of type ${eventType} was seen`);
    const properties = placesOf(stored.body.properties)
      .map(({ path, seen: { kinds, examples, personal } }) => ({ path, kinds, examples, personal: personal === true }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    return { body: { ...headOf(stored.body), properties } };
  },
});

const readIndex = async (): Promise<CatalogueIndex> =>
  (await defs.get<CatalogueIndex>('event-catalogue', 'types'))?.body ?? emptyIndex;

const headOf = ({ type, firstSeenMs, lastSeenMs, sources, truncated }: EventTypeEntry) => ({
  type,
  firstSeenMs,
  lastSeenMs,
  sources,
  truncated: truncated === true,
});
