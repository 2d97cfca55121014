import * as z from 'zod/mini';
import { webhookEndpointInput } from '../../delivery/webhook.ts';
import { listQuery, pageOf } from '../page.ts';
import type { Role } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'delivery/manage-webhooks';
/** Addresses of other systems may hold a token, so who only looks does not see them. */
const SEERS = ['marketer', 'approver', 'operator', 'admin'] as const satisfies readonly Role[];
const OWNERS = ['admin'] as const satisfies readonly Role[];

const endpoint = z.object({
  id: z.string(),
  version: z.int(),
  name: z.string(),
  description: z.optional(z.string()),
  url: z.string(),
  enabled: z.boolean(),
  createdBy: z.string(),
  createdMs: z.int(),
  goneMs: z.optional(z.int()),
});
const withSecret = z.extend(endpoint, { secret: z.string() });

const delivery = z.object({
  id: z.string(),
  type: z.string(),
  result: z.enum(['delivered', 'retrying', 'failed', 'gone', 'skipped']),
  attempts: z.int(),
  lastMs: z.int(),
  tookMs: z.int(),
  status: z.optional(z.int()),
  error: z.optional(z.string()),
});

const example = { name: 'Sales', url: 'https://sales.example.com/hooks/herald' };

/** Routes of delivery that are about webhook endpoints. */
export const routes = [
  {
    operationId: 'createWebhookEndpoint',
    method: 'POST',
    path: '/v1/webhook-endpoints',
    summary: 'Name a system that Herald tells of what it decides',
    description:
      'Deliveries are signed as Standard Webhooks says. The answer holds the secret, which is shown this once, which is why this call takes no `Idempotency-Key`. Only https on the public internet is delivered to, redirects are not followed. A delivery may come more than once: drop a `webhook-id` that you know.',
    handler,
    roles: OWNERS,
    body: webhookEndpointInput,
    example,
    success: { status: 201, schema: withSecret, description: 'The endpoint with its secret' },
    errors: [],
  },
  {
    operationId: 'listWebhookEndpoints',
    method: 'GET',
    path: '/v1/webhook-endpoints',
    summary: 'List webhook endpoints, newest first',
    handler,
    roles: SEERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(endpoint), description: 'A page of endpoints, without secrets' },
    errors: [],
  },
  {
    operationId: 'getWebhookEndpoint',
    method: 'GET',
    path: '/v1/webhook-endpoints/{endpointId}',
    summary: 'Read a webhook endpoint, without its secret',
    handler,
    roles: SEERS,
    success: { status: 200, schema: endpoint, description: 'The endpoint' },
    errors: ['not-found'],
  },
  {
    operationId: 'updateWebhookEndpoint',
    method: 'PUT',
    path: '/v1/webhook-endpoints/{endpointId}',
    summary: 'Change a webhook endpoint, disable it, or enable it again',
    description:
      'Herald disables an endpoint that answers 410. What comes while it is disabled is not kept for it, also not what waits for another attempt.',
    handler,
    roles: OWNERS,
    body: z.extend(webhookEndpointInput, { version: z.int() }),
    example: { ...example, enabled: false, version: 1 },
    success: { status: 200, schema: endpoint, description: 'The endpoint as it now is' },
    errors: ['not-found', 'version-conflict'],
  },
  {
    operationId: 'rotateWebhookSecret',
    method: 'POST',
    path: '/v1/webhook-endpoints/{endpointId}/rotate-secret',
    summary: 'Make a new secret',
    description:
      'It is shown this once. For a day deliveries are signed with the one before as well; rotating again within that day ends the older one at once.',
    handler,
    roles: OWNERS,
    success: { status: 200, schema: withSecret, description: 'The endpoint with its new secret' },
    errors: ['not-found', 'version-conflict'],
  },
  {
    operationId: 'pingWebhookEndpoint',
    method: 'POST',
    path: '/v1/webhook-endpoints/{endpointId}/ping',
    summary: 'Send a test delivery of type webhook.ping',
    description: 'It goes the way of all deliveries: what became of it is in the list of deliveries a moment later.',
    handler,
    roles: ['operator', 'admin'],
    success: { status: 202, schema: z.object({ id: z.string() }), description: 'The `webhook-id` of the delivery' },
    errors: ['not-found', 'state-conflict'],
  },
  {
    operationId: 'listWebhookDeliveries',
    method: 'GET',
    path: '/v1/webhook-endpoints/{endpointId}/deliveries',
    summary: 'What became of the deliveries of the last 30 days, newest first',
    description:
      'A delivery that fails is tried seven times in 17.6 hours: after 30 seconds, 5 and 30 minutes, 2, 5 and 10 hours, or when `Retry-After` says. Then it is a dead letter.',
    handler,
    roles: SEERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(delivery), description: 'A page of deliveries' },
    errors: ['not-found'],
  },
] as const satisfies readonly Route[];
