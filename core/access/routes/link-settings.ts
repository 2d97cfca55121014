import * as z from 'zod/mini';
import { linkSettings } from '../../delivery/links/link-settings.ts';
import { OPERATORS, READERS } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'delivery/manage-settings';
const settings = z.extend(linkSettings, { version: z.int() });

export const routes = [
  {
    operationId: 'getLinkSettings',
    method: 'GET',
    path: '/v1/settings/links',
    summary: 'Read what holds for links in messages and for the preference page',
    handler,
    roles: READERS,
    success: { status: 200, schema: settings, description: 'The settings; version 0 means that nobody has set any' },
    errors: [],
  },
  {
    operationId: 'putLinkSettings',
    method: 'PUT',
    path: '/v1/settings/links',
    summary: 'Set what holds for links in messages and for the preference page',
    description:
      'Whether clicks and opens are noticed, for all messages or all but those that an event of some apps causes; a plan may leave out more. What the preference page offers, with names by language. It acts within 10 seconds.',
    handler,
    roles: OPERATORS,
    body: settings,
    example: {
      version: 0,
      tracking: { clicks: true, opens: false, notForSources: ['clinic'] },
      sender: 'Example Shop',
      topics: [{ topic: 'offers', names: { en: 'Offers', zh: '优惠', de: 'Angebote', fr: 'Offres' } }],
    },
    success: { status: 200, schema: settings, description: 'The settings now in force' },
    errors: ['version-conflict'],
  },
] as const satisfies readonly Route[];
