import * as z from 'zod/mini';
import { CHANNELS } from '../../delivery/channel.ts';
import { campaignInput } from '../../strategy/campaign.ts';
import { templateInput } from '../../strategy/template.ts';
import { listQuery, pageOf } from '../page.ts';
import { APPROVERS, OPERATORS, READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';

const id = z.string().check(z.minLength(1), z.maxLength(128));
const version = z.int().check(z.minimum(1));
const comment = z.string().check(z.maxLength(2_000));

const template = z
  .extend(templateInput, { id: z.string(), version: z.int(), editors: z.array(z.string()) })
  .register(z.globalRegistry, { id: 'Template' });

/** A person made up for a preview. */
const sampleProfile = z.strictObject({
  profileId: z._default(id, 'sample'),
  email: z.optional(z.string()),
  phone: z.optional(z.string()),
  timeZone: z.optional(z.string()),
  locale: z.optional(z.string()),
  attributes: z._default(z.record(z.string(), z.json()), {}),
});
/** What an event-triggered template reads beside the profile. */
const sampleTrigger = {
  event: z.optional(z.strictObject({ type: z.string(), properties: z._default(z.record(z.string(), z.json()), {}) })),
  window: z.optional(z.strictObject({ value: z.number() })),
};
const preview = z.object({
  rendered: z.array(
    z.union([
      z.object({ channel: z.literal('email'), subject: z.string(), html: z.string(), text: z.optional(z.string()) }),
      z.object({
        channel: z.literal('sms'),
        ...{ text: z.string(), encoding: z.enum(['gsm-7', 'ucs-2']), parts: z.int() },
      }),
      z.object({ channel: z.literal('push'), title: z.string(), body: z.string() }),
      z.object({
        channel: z.literal('whatsapp'),
        ...{ template: z.string(), language: z.string(), header: z.optional(z.string()) },
        ...{ parameters: z.array(z.string()), buttonUrl: z.optional(z.string()) },
      }),
      z.object({
        channel: z.literal('wechat'),
        ...{ templateId: z.string(), url: z.optional(z.string()), data: z.record(z.string(), z.string()) },
      }),
      z.object({
        channel: z.literal('inapp'),
        ...{ title: z.string(), body: z.string(), url: z.optional(z.string()), expiresAfterDays: z.int() },
      }),
      z.object({
        channel: z.literal('webhook'),
        ...{ endpointId: z.string(), fields: z.record(z.string(), z.string()) },
      }),
    ]),
  ),
  failed: z.array(z.object({ channel: z.enum(CHANNELS), message: z.string() })),
  warnings: z.array(z.object({ channel: z.enum(CHANNELS), variable: z.string(), message: z.string() })),
});

const campaign = z
  .extend(campaignInput, {
    id: z.string(),
    version: z.int(),
    state: z.enum([
      'draft',
      'in review',
      'rejected',
      'approved',
      'scheduled',
      'preparing',
      'sending',
      'finished',
      'cancelled',
      'failed',
    ]),
    author: z.string(),
    editors: z.array(z.string()),
    createdMs: z.int(),
    approval: z.optional(
      z.object({
        hash: z.string(),
        submission: z.int(),
        submittedBy: z.string(),
        submittedMs: z.int(),
        expiresMs: z.int(),
        decision: z.optional(
          z.object({
            outcome: z.enum(['approved', 'rejected', 'expired']),
            by: z.string(),
            atMs: z.int(),
            comment: z.string(),
          }),
        ),
      }),
    ),
    run: z.optional(
      z.object({
        runId: z.string(),
        startedMs: z.int(),
        snapshotSize: z.optional(z.int()),
        parts: z.optional(z.int()),
        finishedMs: z.optional(z.int()),
      }),
    ),
    reason: z.optional(z.string()),
  })
  .register(z.globalRegistry, { id: 'Campaign' });

const templates = 'strategy/manage-templates';
const campaigns = 'strategy/manage-campaigns';

const exampleTemplate = {
  name: 'We miss you',
  channels: {
    sms: { text: 'Hi {{ profile.attributes.firstName | default: "friend" }}, 15 % off your next order this week.' },
  },
};
const exampleCampaign = {
  name: 'We miss you',
  audience: { segmentId: '01JD0000000000000000000000' },
  templateId: '01JD0000000000000000000001',
  channelPolicy: ['push', 'sms'],
  topic: 'win-back',
  sendAt: '2026-12-01T09:00:00+01:00',
};

export const routes = [
  {
    operationId: 'createTemplate',
    method: 'POST',
    path: '/v1/templates',
    summary: 'Write a template',
    description:
      'Fields are Liquid with the variables `profile`, `event` and `window`. A variable that a person lacks is an error, unless it is asked for in a condition or the `default` filter follows it at once. What variables bring into HTML is escaped.',
    handler: templates,
    roles: WRITERS,
    body: templateInput,
    example: exampleTemplate,
    create: true,
    success: { status: 201, schema: template, description: 'The template' },
    errors: ['invalid-template', 'template-too-costly', 'invalid-reference', 'body-too-large'],
  },
  {
    operationId: 'listTemplates',
    method: 'GET',
    path: '/v1/templates',
    summary: 'List templates, newest first',
    handler: templates,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(template), description: 'A page of templates' },
    errors: [],
  },
  {
    operationId: 'getTemplate',
    method: 'GET',
    path: '/v1/templates/{templateId}',
    summary: 'Read a template',
    handler: templates,
    roles: READERS,
    success: { status: 200, schema: template, description: 'The template' },
    errors: ['not-found'],
  },
  {
    operationId: 'updateTemplate',
    method: 'PUT',
    path: '/v1/templates/{templateId}',
    summary: 'Replace a template',
    description: 'Plans that were submitted or activated before keep the content that was approved.',
    handler: templates,
    roles: WRITERS,
    body: z.extend(templateInput, { version }),
    example: { ...exampleTemplate, version: 1 },
    success: { status: 200, schema: template, description: 'The template as it now is' },
    errors: [
      'not-found',
      'version-conflict',
      'invalid-template',
      'template-too-costly',
      'invalid-reference',
      'body-too-large',
    ],
  },
  {
    operationId: 'previewTemplate',
    method: 'POST',
    path: '/v1/templates/{templateId}/preview',
    summary: 'Render a template for one person',
    description:
      'For a stored profile (`profileId`) or one made up here (`profile`). `failed` names channels that this person would not get, `warnings` the variables that the person lacks.',
    handler: templates,
    roles: READERS,
    body: z.union([
      z.strictObject({ profileId: id, ...sampleTrigger }),
      z.strictObject({ profile: sampleProfile, ...sampleTrigger }),
    ]),
    example: { profile: { attributes: { firstName: 'Ada' } } },
    success: { status: 200, schema: preview, description: 'The content per channel' },
    errors: ['not-found'],
  },
  {
    operationId: 'createCampaign',
    method: 'POST',
    path: '/v1/campaigns',
    summary: 'Write a campaign',
    description:
      'It is a draft until it is submitted. Whom it is for must exist; what else it refers to is checked when it is submitted. `channelPolicy` is ordered: where a channel cannot reach somebody, the next one gets its turn. A step may also be `{channel, ifNotDeliveredWithin, ifNotOpenedWithin}`: then the next one follows when no receipt came in that time. `budget` is the most that the messages to one person may cost together, by the prices in the delivery settings; a channel that would exceed it is left out. `deadline` is how long the campaign is worth sending after it has begun. `priority` high may use the touches that caps reserve.',
    handler: campaigns,
    roles: WRITERS,
    body: campaignInput,
    example: exampleCampaign,
    create: true,
    success: { status: 201, schema: campaign, description: 'The campaign, as a draft' },
    errors: ['invalid-reference'],
  },
  {
    operationId: 'listCampaigns',
    method: 'GET',
    path: '/v1/campaigns',
    summary: 'List campaigns, newest first',
    handler: campaigns,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(campaign), description: 'A page of campaigns' },
    errors: [],
  },
  {
    operationId: 'getCampaign',
    method: 'GET',
    path: '/v1/campaigns/{campaignId}',
    summary: 'Read a campaign',
    handler: campaigns,
    roles: READERS,
    success: { status: 200, schema: campaign, description: 'The campaign' },
    errors: ['not-found'],
  },
  {
    operationId: 'updateCampaign',
    method: 'PUT',
    path: '/v1/campaigns/{campaignId}',
    summary: 'Replace a campaign',
    description: 'A campaign in review, or rejected, becomes a draft again: its approval is void.',
    handler: campaigns,
    roles: WRITERS,
    body: z.extend(campaignInput, { version }),
    example: { ...exampleCampaign, version: 1 },
    success: { status: 200, schema: campaign, description: 'The campaign, as a draft' },
    errors: ['not-found', 'version-conflict', 'state-conflict', 'invalid-reference'],
  },
  {
    operationId: 'submitCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/submit',
    summary: 'Ask for approval',
    description:
      'Freezes segment, template and schedule as they are now: that, named by `approval.hash`, is what is approved and sent. Nobody having decided after `expirySeconds` (seven days when absent), it is a draft again.',
    handler: campaigns,
    roles: WRITERS,
    body: z.strictObject({
      version,
      expirySeconds: z.optional(z.int().check(z.minimum(60), z.maximum(30 * 86_400))),
    }),
    example: { version: 1 },
    success: { status: 200, schema: campaign, description: 'The campaign, in review' },
    errors: ['not-found', 'version-conflict', 'state-conflict', 'invalid-reference'],
  },
  {
    operationId: 'approveCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/approve',
    summary: 'Approve what was submitted',
    description:
      'Not by who created, edited or submitted it. Give the `hash` that you have read, and another one is refused. Repeating it is harmless.',
    handler: campaigns,
    roles: APPROVERS,
    body: z.strictObject({ comment: z.optional(comment), hash: z.optional(z.string()) }),
    example: { comment: 'Good to go' },
    success: { status: 200, schema: campaign, description: 'The approved campaign' },
    errors: [
      'own-approval',
      'not-found',
      'state-conflict',
      'version-conflict',
      'already-decided',
      'approval-not-ready',
    ],
  },
  {
    operationId: 'rejectCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/reject',
    summary: 'Reject what was submitted, and say why',
    handler: campaigns,
    roles: APPROVERS,
    body: z.strictObject({ comment: comment.check(z.regex(/\S/, 'Say why')), hash: z.optional(z.string()) }),
    example: { comment: 'The link in the email is dead' },
    success: { status: 200, schema: campaign, description: 'The rejected campaign' },
    errors: [
      'own-approval',
      'not-found',
      'state-conflict',
      'version-conflict',
      'already-decided',
      'approval-not-ready',
    ],
  },
  {
    operationId: 'cancelCampaign',
    method: 'POST',
    path: '/v1/campaigns/{campaignId}/cancel',
    summary: 'Stop a campaign for good',
    description:
      'In whatever state it is before its end, mid-send too: batches that no provider has yet end as skipped, `plan-cancelled`. Repeating it is harmless.',
    handler: campaigns,
    roles: ['marketer', ...OPERATORS],
    body: z.strictObject({ reason: z._default(comment, '') }),
    example: { reason: 'Wrong discount' },
    success: { status: 200, schema: campaign, description: 'The cancelled campaign' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
] as const satisfies readonly Route[];
