import * as z from 'zod/mini';
import { leadModelId } from '../../audience/lead-model-input.ts';
import { pageOf, pageQuery } from '../page.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'audience/manage-leads';
const cause = z.enum(['score', 'decay', 'person', 'merge']);
const stageName = z.string().check(z.minLength(1), z.maxLength(40));

const share = z.object({
  label: z.string(),
  points: z.number(),
  times: z.optional(z.int()),
  lastMs: z.optional(z.int()),
});
const pin = z.object({ by: z.string(), atMs: z.int(), note: z.optional(z.string()) });
const lead = z.object({
  profileId: z.string(),
  modelId: z.string(),
  stage: z.string(),
  sinceMs: z.int(),
  score: z.number(),
  pin: z.optional(pin),
});
const past = z.object({
  stage: z.string(),
  score: z.number(),
  atMs: z.int(),
  cause,
  by: z.optional(z.string()),
  note: z.optional(z.string()),
});
const wholeLead = z.extend(lead, { why: z.array(share), history: z.array(past) });

/** Routes of the audience that are about where people stand. */
export const routes = [
  {
    operationId: 'listLeads',
    method: 'GET',
    path: '/v1/leads',
    summary: 'Who has come to a stage, the newest change first',
    description:
      'Give `modelId` and `stage`. Who has never left the first stage is not in its list. A page may have fewer than `limit` while there are more: go on as long as there is a cursor.',
    handler,
    roles: READERS,
    query: z.strictObject({
      ...pageQuery,
      cursor: z.optional(z.string().check(z.maxLength(300), z.regex(/^\d{1,15}\|.+$/s, 'Not a cursor of this list'))),
      modelId: leadModelId,
      stage: stageName,
    }),
    success: { status: 200, schema: pageOf(lead), description: 'A page of leads with their scores now' },
    errors: ['not-found'],
  },
  {
    operationId: 'getProfileLeads',
    method: 'GET',
    path: '/v1/profiles/{profileId}/leads',
    summary: 'Where a person stands, and why',
    description:
      'For each lead model: the score as it is now, the stage, what each rule and trait gives (together they are the score), and the last 50 stage changes, the newest first.',
    handler,
    roles: READERS,
    success: { status: 200, schema: z.object({ items: z.array(wholeLead) }), description: 'Their leads' },
    errors: ['not-found'],
  },
  {
    operationId: 'putLeadStage',
    method: 'PUT',
    path: '/v1/profiles/{profileId}/leads/{modelId}/stage',
    summary: 'Say by hand where a person stands, or let the score decide again',
    description:
      'A stage that is set by hand stays, whatever the score, until `stage` is null. Hand-overs, the event and the attribute follow as from any change. A model that is a draft, or was changed and not activated since, moves nobody.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ stage: z.nullable(stageName), note: z.optional(z.string().check(z.maxLength(500))) }),
    example: { stage: 'customer', note: 'Signed today' },
    success: { status: 200, schema: wholeLead, description: 'The lead as it now is' },
    errors: ['not-found', 'invalid-reference', 'state-conflict', 'version-conflict'],
  },
] as const satisfies readonly Route[];
