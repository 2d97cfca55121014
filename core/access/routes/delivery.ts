import * as z from 'zod/mini';
import { deliverySettings } from '../../delivery/settings-input.ts';
import { OPERATORS, READERS } from '../role.ts';
import type { Route } from '../route.ts';
import { routes as deadLetters } from './dead-letters.ts';
import { routes as emergencyStop } from './emergency-stop.ts';
import { routes as holdoutSettings } from './holdout-settings.ts';
import { routes as inbox } from './inbox.ts';
import { routes as linkSettings } from './link-settings.ts';
import { routes as links } from './links.ts';
import { routes as materials } from './materials.ts';
import { routes as suppressions } from './suppressions.ts';
import { routes as webhooks } from './webhooks.ts';

const handler = 'delivery/manage-settings';
const settings = z.extend(deliverySettings, { version: z.int() });

export const routes = [
  {
    operationId: 'getDeliverySettings',
    method: 'GET',
    path: '/v1/settings/delivery',
    summary: 'Read what holds for all sends',
    handler,
    roles: READERS,
    success: { status: 200, schema: settings, description: 'The settings; version 0 means that nobody has set any' },
    errors: [],
  },
  {
    operationId: 'putDeliverySettings',
    method: 'PUT',
    path: '/v1/settings/delivery',
    summary: 'Set what holds for all sends',
    description:
      'All of it but `rates` concerns promotional messages to one person, over all plans; transactional ones pass and do not count. `frequencyCap` counts over all channels and topics in a rolling window; `caps` add others, rolling or by the calendar of the person, and may be about one channel (where it is reached, the next channel of the policy gets its turn), one topic, or both. Of the touches of a cap `reserved` ones are for plans of high priority. `minimumGap` is the time between two messages, `noDuplicatesWithin` that within which nobody gets the same content twice: it is compared as it is rendered, with the ten newest messages. People whose profile names no time zone are taken to be in `fallbackTimeZone` (UTC if absent). In `quietHours`, by the clock where the person is, messages wait for their end (`defer`: then the gate decides again, and who would get it after its deadline does not) or are left out (`drop`). `usSmsWindow` has SMS to the United States wait for 08:00 to 21:00 where the person is: by the profile’s time zone, else by the area code; a number that may be anywhere waits until it is day from New York to Hawaii. `rates` are how many messages a second a channel’s provider takes from Herald: `transactionalShare` of it (0.2 if absent) transactional messages have for sure, the rest is for promotional ones; while those are idle, transactional ones have all of it. In any T seconds at most `perSecond` × (T + 1) + 2 go out. `prices` are what one message costs by channel, for the budgets of plans. What is left out is off. Changes act within 10 seconds.',
    handler,
    roles: OPERATORS,
    body: settings,
    example: {
      version: 0,
      frequencyCap: { touches: 5, hours: 168 },
      caps: [
        { touches: 1, within: { calendar: 'day' } },
        { touches: 4, within: { calendar: 'month' }, channel: 'sms', reserved: 1 },
      ],
      minimumGap: { minutes: 60 },
      noDuplicatesWithin: { hours: 72 },
      quietHours: { from: '21:00', to: '08:00', otherwise: 'defer' },
      usSmsWindow: true,
      rates: { email: { perSecond: 14 }, sms: { perSecond: 10, transactionalShare: 0.5 } },
      prices: { sms: 0.05 },
      fallbackTimeZone: 'Europe/Paris',
    },
    success: { status: 200, schema: settings, description: 'The settings now in force' },
    errors: ['version-conflict'],
  },
  ...deadLetters,
  ...emergencyStop,
  ...inbox,
  ...holdoutSettings,
  ...linkSettings,
  ...links,
  ...materials,
  ...suppressions,
  ...webhooks,
] as const satisfies readonly Route[];
