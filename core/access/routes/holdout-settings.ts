import * as z from 'zod/mini';
import { holdoutPercent } from '../../strategy/holdout.ts';
import { OPERATORS, READERS } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'delivery/manage-settings';
const settings = z.object({
  percent: z.number(),
  /** Says, with a profile id, who it is. */
  salt: z.string(),
  shuffledMs: z.int(),
  version: z.int(),
});

export const routes = [
  {
    operationId: 'getHoldoutSettings',
    method: 'GET',
    path: '/v1/settings/holdout',
    summary: 'Read which share of all people gets nothing promotional',
    handler,
    roles: READERS,
    success: { status: 200, schema: settings, description: 'The holdout; version 0 means that nobody is held out' },
    errors: [],
  },
  {
    operationId: 'putHoldoutSettings',
    method: 'PUT',
    path: '/v1/settings/holdout',
    summary: 'Set which share of all people gets nothing promotional',
    description:
      'Chance decides who it is, once: a greater share takes more people, a smaller one lets some go. With `reshuffle` it is others from now on, 30 days after it was decided last at the earliest. Campaigns count them as skipped, `holdout`, before they look at addresses, consents or caps; transactional messages are not held back. It acts within 10 seconds.',
    handler,
    roles: OPERATORS,
    body: z.strictObject({
      version: z.int().check(z.minimum(0)),
      percent: holdoutPercent,
      reshuffle: z._default(z.boolean(), false),
    }),
    example: { version: 0, percent: 5 },
    success: { status: 200, schema: settings, description: 'The holdout now in force' },
    errors: ['version-conflict', 'state-conflict'],
  },
] as const satisfies readonly Route[];
