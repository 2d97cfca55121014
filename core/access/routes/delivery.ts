import * as z from 'zod/mini';
import { deliverySettings } from '../../delivery/settings.ts';
import { OPERATORS, READERS } from '../role.ts';
import type { Route } from '../route.ts';
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
      'The frequency cap counts promotional messages to one person over all channels and plans, in a rolling window. It acts within 10 seconds.',
    handler,
    roles: OPERATORS,
    body: settings,
    example: { version: 0, frequencyCap: { touches: 5, hours: 168 } },
    success: { status: 200, schema: settings, description: 'The settings now in force' },
    errors: ['version-conflict'],
  },
  ...webhooks,
] as const satisfies readonly Route[];
