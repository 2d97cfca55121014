import * as z from 'zod/mini';
import { eventInput, MAX_EVENTS_PER_CALL } from '../../event/event.ts';
import { triggerInput } from '../../event/trigger-input.ts';
import { listQuery, pageOf } from '../page.ts';
import { APPROVERS, OPERATORS, READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';
import { approval, expirySeconds, pastSubmission } from './approval-views.ts';
import { routes as eventTypes } from './event-types.ts';
import { routes as referenceTables } from './reference-tables.ts';

const handler = 'intake/manage-triggers';

const eventResult = z.object({
  index: z.int(),
  id: z.optional(z.string()),
  status: z.enum(['accepted', 'refused']),
  /** `duplicate` of an accepted event; else why it is refused. */
  reason: z.optional(
    z.enum([
      'duplicate',
      'not-an-object',
      'too-large',
      'invalid-field',
      'time-in-future',
      'too-deep',
      'not-finite',
      'ill-formed-text',
      'forbidden-key',
    ]),
  ),
  path: z.optional(z.string()),
  message: z.optional(z.string()),
});

const trigger = z.extend(triggerInput, {
  id: z.string(),
  version: z.int(),
  state: z.enum(['draft', 'in review', 'approved', 'rejected', 'active', 'paused']),
  author: z.string(),
  editors: z.array(z.string()),
  createdMs: z.int(),
  hash: z.optional(z.string()),
  activatedBy: z.optional(z.string()),
  approval: z.optional(approval),
  history: z.optional(z.array(pastSubmission)),
});

const exampleTrigger = {
  name: 'Order placed',
  eventType: 'order.placed',
  where: [{ property: 'total', atLeast: 1 }],
  templateId: '01JD0000000000000000000000',
  channelPolicy: ['sms'],
  topic: 'orders',
  lane: 'transactional',
};

export const routes = [
  {
    operationId: 'sendEvents',
    method: 'POST',
    path: '/v1/events',
    summary: 'Send 1 to 100 events',
    description:
      'Each event is accepted or refused on its own, with a reason. An accepted event is durable when the answer arrives. Repeating an event id is harmless: it acts once. An event without `time` happens when it arrives, so give it one if you may have to send it again. An event has at most 60 KB of JSON.',
    handler: 'intake/accept-events',
    roles: 'source-key',
    body: z.strictObject({ events: z.array(eventInput).check(z.minLength(1), z.maxLength(MAX_EVENTS_PER_CALL)) }),
    example: {
      events: [
        {
          id: 'order-1001',
          type: 'order.placed',
          profileId: 'ada',
          time: '2026-11-22T09:30:00Z',
          properties: { total: 59.9, items: 2 },
        },
      ],
    },
    success: {
      status: 200,
      schema: z.object({ accepted: z.int(), refused: z.int(), results: z.array(eventResult) }),
      description: 'What became of each event, in order',
    },
    errors: ['malformed-json', 'invalid-body', 'too-many-events', 'invalid-source-key', 'rate-limited'],
  },
  {
    operationId: 'createTrigger',
    method: 'POST',
    path: '/v1/triggers',
    summary: 'Write an event-triggered message',
    description:
      'It is a draft until somebody else activates it. `channelPolicy`, `budget` and `priority` are as of campaigns; `deadline` is how long its message is worth sending after it has fired.',
    handler,
    roles: WRITERS,
    body: triggerInput,
    example: exampleTrigger,
    create: true,
    success: { status: 201, schema: trigger, description: 'The trigger, as a draft' },
    errors: ['invalid-reference'],
  },
  {
    operationId: 'listTriggers',
    method: 'GET',
    path: '/v1/triggers',
    summary: 'List triggers, newest first',
    handler,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(trigger), description: 'A page of triggers' },
    errors: [],
  },
  {
    operationId: 'getTrigger',
    method: 'GET',
    path: '/v1/triggers/{triggerId}',
    summary: 'Read a trigger',
    handler,
    roles: READERS,
    success: { status: 200, schema: trigger, description: 'The trigger' },
    errors: ['not-found'],
  },
  {
    operationId: 'updateTrigger',
    method: 'PUT',
    path: '/v1/triggers/{triggerId}',
    summary: 'Change a trigger that is not active',
    description: 'An active trigger is paused first. A changed trigger is a draft again.',
    handler,
    roles: WRITERS,
    body: z.extend(triggerInput, { version: z.int() }),
    example: { ...exampleTrigger, version: 1 },
    success: { status: 200, schema: trigger, description: 'The changed trigger, as a draft' },
    errors: ['not-found', 'invalid-reference', 'version-conflict', 'state-conflict'],
  },
  {
    operationId: 'submitTrigger',
    method: 'POST',
    path: '/v1/triggers/{triggerId}/submit',
    summary: 'Ask for approval of a trigger',
    description:
      'Freezes the trigger and its template as they are now. When everybody whom the settings ask has said yes (`POST /v1/approvals/trigger/{triggerId}/approve`), it is active. Any edit makes it a draft again. Nobody having decided after `expirySeconds` (seven days when absent), it is a draft again. Submitting again what waits is harmless.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ version: z.int(), templateVersion: z.optional(z.int()), expirySeconds }),
    example: { version: 1 },
    success: { status: 200, schema: trigger, description: 'The trigger, in review' },
    errors: ['not-found', 'invalid-body', 'invalid-reference', 'version-conflict', 'state-conflict', 'no-approver'],
  },
  {
    operationId: 'activateTrigger',
    method: 'POST',
    path: '/v1/triggers/{triggerId}/activate',
    summary: 'Put a trigger in force',
    description:
      'By another person than those who wrote it, or its template. Both are frozen as they are now; give the `templateVersion` that you have read, and another one is refused. It acts within 10 seconds. Where the settings ask for more people than you, it has to be submitted (`needs-approval`).',
    handler,
    roles: APPROVERS,
    body: z.strictObject({ version: z.int(), templateVersion: z.optional(z.int()) }),
    example: { version: 1, templateVersion: 1 },
    success: { status: 200, schema: trigger, description: 'The active trigger' },
    errors: [
      'not-found',
      'own-approval',
      'needs-approval',
      'no-approver',
      'invalid-reference',
      'version-conflict',
      'state-conflict',
    ],
  },
  {
    operationId: 'pauseTrigger',
    method: 'POST',
    path: '/v1/triggers/{triggerId}/pause',
    summary: 'Stop a trigger',
    description: 'Messages that no provider has yet are skipped as plan-paused.',
    handler,
    roles: OPERATORS,
    body: z.strictObject({ version: z.optional(z.int()) }),
    example: {},
    success: { status: 200, schema: trigger, description: 'The paused trigger' },
    errors: ['not-found', 'version-conflict', 'state-conflict'],
  },
  ...referenceTables,
  ...eventTypes,
] as const satisfies readonly Route[];
