import * as z from 'zod/mini';
import { leadModelChange, leadModelInput } from '../../audience/lead-model-input.ts';
import { listQuery, pageOf } from '../page.ts';
import { APPROVERS, OPERATORS, READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'audience/manage-lead-models';

const leadModel = z.extend(z.object(leadModelInput.shape), {
  id: z.string(),
  version: z.int(),
  state: z.enum(['draft', 'active', 'paused']),
  author: z.string(),
  editors: z.array(z.string()),
  createdMs: z.int(),
  activatedBy: z.optional(z.string()),
});
const versioned = z.strictObject({ version: z.int() });

const example = {
  name: 'Interest in the product',
  halfLifeDays: 14,
  rules: [
    { label: 'Looked at a page', eventType: 'page.viewed', points: 2, capPerDay: 5 },
    { label: 'Asked for the price', eventType: 'pricing.visited', points: 20 },
    { label: 'Unsubscribed', eventType: 'unsubscribed', points: -30, halfLifeDays: 90, maxTimes: 1 },
  ],
  fit: [{ label: 'Large company', where: [{ attribute: 'employees', atLeast: 200 }], points: 10 }],
  stages: [
    { name: 'subscriber' },
    { name: 'engaged', from: 10, fallsBelow: 6 },
    { name: 'marketing-qualified', from: 25, fallsBelow: 15, handOver: ['01JD0000000000000000000000'] },
    { name: 'customer' },
  ],
  version: 0,
};

/** Routes of the audience that are about how leads are scored. */
export const routes = [
  {
    operationId: 'putLeadModel',
    method: 'PUT',
    path: '/v1/lead-models/{modelId}',
    summary: 'Write a lead model, or change one that is not active',
    description:
      'Events become points, which fade by half with each half-life; the score becomes a stage. `version` is the one that you have read; 0 makes a new model. A person’s stage is the attribute `<modelId>_stage` of their profile. It is a draft until somebody else activates it. A rule that is changed counts from then on: what the old one gave stays, and fades.',
    handler,
    roles: WRITERS,
    body: leadModelChange,
    example,
    success: { status: 200, schema: leadModel, description: 'The model, as a draft' },
    errors: ['invalid-reference', 'version-conflict', 'state-conflict'],
  },
  {
    operationId: 'listLeadModels',
    method: 'GET',
    path: '/v1/lead-models',
    summary: 'List lead models by id',
    handler,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(leadModel), description: 'A page of models' },
    errors: [],
  },
  {
    operationId: 'getLeadModel',
    method: 'GET',
    path: '/v1/lead-models/{modelId}',
    summary: 'Read a lead model',
    handler,
    roles: READERS,
    success: { status: 200, schema: leadModel, description: 'The model' },
    errors: ['not-found'],
  },
  {
    operationId: 'activateLeadModel',
    method: 'POST',
    path: '/v1/lead-models/{modelId}/activate',
    summary: 'Put a lead model in force',
    description:
      'By another person than those who wrote it: it hands people over to other systems. Events count from then on; it acts within 10 seconds.',
    handler,
    roles: APPROVERS,
    body: versioned,
    example: { version: 1 },
    success: { status: 200, schema: leadModel, description: 'The active model' },
    errors: ['not-found', 'own-approval', 'invalid-reference', 'version-conflict', 'state-conflict'],
  },
  {
    operationId: 'pauseLeadModel',
    method: 'POST',
    path: '/v1/lead-models/{modelId}/pause',
    summary: 'Stop a lead model',
    description:
      'Events of that time do not count. Nobody changes stage but by hand, or by turning out to be known by another id. Points fade all the same.',
    handler,
    roles: OPERATORS,
    body: versioned,
    example: { version: 2 },
    success: { status: 200, schema: leadModel, description: 'The paused model' },
    errors: ['not-found', 'version-conflict', 'state-conflict'],
  },
] as const satisfies readonly Route[];
