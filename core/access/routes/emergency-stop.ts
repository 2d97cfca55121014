import * as z from 'zod/mini';
import { OPERATORS, READERS } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'delivery/manage-settings';

const stop = z
  .object({
    state: z.enum(['sending', 'stopped']),
    /** The last stop; absent when there was none. */
    by: z.optional(z.string()),
    atMs: z.optional(z.int()),
    reason: z.optional(z.string()),
    ended: z.optional(z.object({ by: z.string(), atMs: z.int() })),
  })
  .register(z.globalRegistry, { id: 'EmergencyStop' });

export const routes = [
  {
    operationId: 'getEmergencyStop',
    method: 'GET',
    path: '/v1/emergency-stop',
    summary: 'Read whether everything promotional is stopped, by whom, and why',
    handler,
    roles: READERS,
    success: { status: 200, schema: stop, description: 'The state, and the last stop' },
    errors: [],
  },
  {
    operationId: 'stopEverything',
    method: 'POST',
    path: '/v1/emergency-stop',
    summary: 'Stop everything promotional',
    description:
      'Of all plans, without approval, within seconds: calls of providers that are under way are finished, everybody else waits as in a pause, without being settled and without cost. Deadlines count on. Transactional messages go on. When an operator ends the stop, what was cancelled meanwhile is settled as `plan-cancelled`, and the rest goes on. Not longer than six days: after seven, campaigns that were sending end as failed. Repeating it is harmless, and keeps who was first.',
    handler,
    roles: ['marketer', ...OPERATORS],
    body: z.strictObject({
      reason: z.string().check(z.maxLength(2_000), z.regex(/\S/, 'Say why')),
    }),
    example: { reason: 'Wrong prices in the catalogue' },
    success: { status: 200, schema: stop, description: 'It is stopped' },
    errors: ['version-conflict'],
  },
  {
    operationId: 'endEmergencyStop',
    method: 'POST',
    path: '/v1/emergency-stop/end',
    summary: 'Go on with everything promotional',
    description:
      'Everybody who waits is decided on again: consents, caps, quiet hours and deadlines as they are now. Cancel first what must not go out. Repeating it is harmless.',
    handler,
    roles: OPERATORS,
    body: z.strictObject({}),
    example: {},
    success: { status: 200, schema: stop, description: 'It goes on' },
    errors: ['state-conflict', 'version-conflict'],
  },
] as const satisfies readonly Route[];
