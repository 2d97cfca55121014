import * as z from 'zod/mini';
import { VALUE_KINDS } from '../../event/catalogue-tree.ts';
import { listQuery, pageOf } from '../page.ts';
import { READERS } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'intake/read-event-types';

const scalar = z.union([z.string(), z.number(), z.boolean()]);

const eventType = {
  type: z.string(),
  /** When the first and the last event of this type was taken in; the last is noted once an hour. */
  firstSeenMs: z.int(),
  lastSeenMs: z.int(),
  sources: z.array(z.string()),
  /** Not everything is listed: the type has more sources or properties than fit, or names that no condition can ask about. */
  truncated: z.boolean(),
};

/** Routes of intake that are about the event catalogue. */
export const routes = [
  {
    operationId: 'listEventTypes',
    method: 'GET',
    path: '/v1/event-types',
    summary: 'List the event types that came in, by name',
    description:
      'Learned from traffic: a new type is listed within seconds of its first event. At most 1,000 types are held, of them at most 200 that only one and the same source sends; where there is no room, types that did not come for 30 days give way. `turnedAway` says how many more there were, up to 1,000.',
    handler,
    roles: READERS,
    query: listQuery,
    success: {
      status: 200,
      schema: z.extend(pageOf(z.object({ ...eventType, propertyCount: z.int() })), { turnedAway: z.int() }),
      description: 'A page of event types',
    },
    errors: [],
  },
  {
    operationId: 'getEventType',
    method: 'GET',
    path: '/v1/event-types/{eventType}',
    summary: 'Read an event type with its properties',
    description:
      'At most 200 properties by path, five names deep; `lines[]` stands for the items of the list `lines`. Examples, at most five, are kept of true and false, numbers below a million with at most three decimals, and short words that at least three people have sent; never of properties whose name speaks of a person or a secret (`personal`).',
    handler,
    roles: READERS,
    success: {
      status: 200,
      schema: z.object({
        ...eventType,
        properties: z.array(
          z.object({
            path: z.string(),
            kinds: z.array(z.enum(VALUE_KINDS)),
            examples: z.array(scalar),
            personal: z.boolean(),
          }),
        ),
      }),
      description: 'The event type',
    },
    errors: ['not-found'],
  },
] as const satisfies readonly Route[];
