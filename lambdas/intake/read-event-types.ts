import { routes } from '../../core/access/routes/event-types.ts';
import type { EventTypeEntry } from '../../core/event/catalogue.ts';
import type { CatalogueIndex } from '../../core/event/catalogue-index.ts';
import { placesOf } from '../../core/event/catalogue-tree.ts';
import { definitions } from '../adapters/definitions.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './read-event-types.env.ts';

const defs = definitions(readEnv(env).DEFINITIONS_TABLE);

/** The event catalogue, which learn-events writes. It only reads, so running it twice is safe. */
export const handler = apiHandler('intake/read-event-types', routes, {
  listEventTypes: async ({ query: { limit, cursor } }) => {
    const [page, index] = await Promise.all([
      defs.list<EventTypeEntry>('event-type', limit, cursor, 'a-z'),
      defs.get<CatalogueIndex>('event-catalogue', 'types'),
    ]);
    const items = page.items.map(({ body }) => ({
      ...headOf(body),
      propertyCount: placesOf(body.properties).length,
    }));
    return { body: { ...page, items, turnedAway: index?.body.turnedAway.length ?? 0 } };
  },

  getEventType: async ({ params: { eventType } }) => {
    const stored = await defs.get<EventTypeEntry>('event-type', eventType);
    if (!stored) throw new Problem('not-found', `No event of type ${eventType} was seen`);
    const properties = placesOf(stored.body.properties)
      .map(({ path, seen: { kinds, examples, personal } }) => ({ path, kinds, examples, personal: personal === true }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    return { body: { ...headOf(stored.body), properties } };
  },
});

const headOf = ({ type, firstSeenMs, lastSeenMs, sources, truncated }: EventTypeEntry) => ({
  type,
  firstSeenMs,
  lastSeenMs,
  sources,
  truncated: truncated === true,
});
