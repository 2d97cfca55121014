import * as z from 'zod/mini';
import { CHANNELS, LANES } from '../../delivery/channel.ts';
import { templateInput } from '../../strategy/template.ts';
import { listQuery, pageOf } from '../page.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';
import { approval, expirySeconds, pastSubmission } from './approval-views.ts';

const handler = 'strategy/manage-templates';
const id = z.string().check(z.minLength(1), z.maxLength(128));
const version = z.int().check(z.minimum(1));

const template = z
  .extend(templateInput, {
    ...{ id: z.string(), version: z.int(), editors: z.array(z.string()) },
    ...{ savedBy: z.optional(z.string()), savedMs: z.optional(z.int()), restoredFrom: z.optional(z.int()) },
  })
  .register(z.globalRegistry, { id: 'Template' });
/** A version of a template on its way into plans in force: `from` and `to` are hashes of what they send. */
const templateChange = z
  .object({
    ...{ id: z.string(), version: z.int(), name: z.string(), author: z.string(), editors: z.array(z.string()) },
    state: z.enum(['draft', 'in review', 'approved', 'rejected', 'in force']),
    templateVersion: z.int(),
    plans: z.array(
      z.object({
        ...{ kind: z.enum(['journey', 'trigger']), id: z.string(), name: z.string(), from: z.string(), to: z.string() },
      }),
    ),
    /** Journeys that run and name it, and keep what they say until their own edit is approved. */
    beingEdited: z.optional(z.array(z.object({ id: z.string(), name: z.string() }))),
    approval: z.optional(approval),
    history: z.optional(z.array(pastSubmission)),
  })
  .register(z.globalRegistry, { id: 'TemplateChange' });
const change = z.object({
  path: z.string(),
  change: z.enum(['added', 'removed', 'changed']),
  ...{ linesAdded: z.int(), linesRemoved: z.int() },
});

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
const seen = {
  locale: z.optional(z.string()),
  notes: z.array(z.object({ code: z.string(), message: z.string() })),
};
const preview = z.object({
  rendered: z.array(
    z.union([
      z.object({
        channel: z.literal('email'),
        ...{ subject: z.string(), html: z.string(), text: z.optional(z.string()), ...seen },
      }),
      z.object({
        channel: z.literal('sms'),
        ...{ text: z.string(), encoding: z.enum(['gsm-7', 'ucs-2']), parts: z.int(), ...seen },
      }),
      z.object({ channel: z.literal('push'), title: z.string(), body: z.string(), ...seen }),
      z.object({
        channel: z.literal('whatsapp'),
        ...{ template: z.string(), language: z.string(), header: z.optional(z.string()) },
        ...{ parameters: z.array(z.string()), buttonUrl: z.optional(z.string()), ...seen },
      }),
      z.object({
        channel: z.literal('wechat'),
        ...{ templateId: z.string(), url: z.optional(z.string()), data: z.record(z.string(), z.string()), ...seen },
      }),
      z.object({
        channel: z.literal('inapp'),
        ...{ title: z.string(), body: z.string(), url: z.optional(z.string()), expiresAfterDays: z.int(), ...seen },
      }),
      z.object({
        channel: z.literal('webhook'),
        ...{ endpointId: z.string(), fields: z.record(z.string(), z.string()), ...seen },
      }),
    ]),
  ),
  failed: z.array(z.object({ channel: z.enum(CHANNELS), message: z.string() })),
  warnings: z.array(z.object({ channel: z.enum(CHANNELS), variable: z.string(), message: z.string() })),
});
/** With whom and what a template is shown, and in which words; absent: the person's. */
export const sampleBody = <Shape extends z.core.$ZodShape>(shape: Shape) => {
  const shared = { ...sampleTrigger, locale: z.optional(z.string().check(z.maxLength(35))), ...shape };
  return z.union([z.strictObject({ profileId: id, ...shared }), z.strictObject({ profile: sampleProfile, ...shared })]);
};

/** Without a sample, too: then what values would bring is left out. `lane`: in which a plan would send it. */
const lane = z._default(z.enum(LANES), 'promotional');
const checkBody = z.union([sampleBody({ lane }), z.strictObject({ lane })]);
const checked = z.object({
  results: z.array(z.object({ channel: z.enum(CHANNELS), failed: z.optional(z.string()), ...seen })),
});

const exampleTemplate = {
  name: 'We miss you',
  channels: {
    sms: { text: 'Hi {{ profile.attributes.firstName | default: "friend" }}, 15 % off your next order this week.' },
  },
};
export const routes = [
  {
    operationId: 'createTemplate',
    method: 'POST',
    path: '/v1/templates',
    summary: 'Write a template',
    description:
      'Fields are Liquid with the variables `profile`, `event` and `window`. A variable that a person lacks is an error, unless it is asked for in a condition or the `default` filter follows it at once. What variables bring into HTML is escaped. An email is written as `html`, as `mjml`, or as the `blocks` of an editor, which are compiled when it is saved; what they became is in `html`. `channels` is the content in the locale that `locale` names, `locales` the same in others: each person gets the one nearest to the locale of their profile (zh-Hant-TW, zh-Hant, zh, else `channels`), channel by channel.',
    handler,
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
    handler,
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
    handler,
    roles: READERS,
    success: { status: 200, schema: template, description: 'The template' },
    errors: ['not-found'],
  },
  {
    operationId: 'updateTemplate',
    method: 'PUT',
    path: '/v1/templates/{templateId}',
    summary: 'Replace a template',
    description:
      'Plans that were submitted or activated before keep the content that was approved: see `submitTemplate`. What was submitted of it is a draft again.',
    handler,
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
    operationId: 'listTemplateVersions',
    method: 'GET',
    path: '/v1/templates/{templateId}/versions',
    summary: 'List the versions of a template, newest first',
    description: 'Every save is one, and is kept. `savedBy` is unknown of what was saved before versions were kept.',
    handler,
    roles: READERS,
    query: listQuery,
    success: {
      status: 200,
      schema: pageOf(
        z.object({
          ...{ version: z.int(), name: z.string(), savedMs: z.int() },
          ...{ savedBy: z.optional(z.string()), restoredFrom: z.optional(z.int()) },
        }),
      ),
      description: 'A page of versions: who saved each, and when',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'getTemplateVersion',
    method: 'GET',
    path: '/v1/templates/{templateId}/versions/{templateVersion}',
    summary: 'Read a template as it was',
    handler,
    roles: READERS,
    success: { status: 200, schema: template, description: 'The template at that version' },
    errors: ['not-found'],
  },
  {
    operationId: 'compareTemplateVersions',
    method: 'GET',
    path: '/v1/templates/{templateId}/versions/{templateVersion}/changes',
    summary: 'Say what a version changed',
    description:
      'Since the version before it, or `since`; 0 is before there was anything. By place: whether it was added, removed or changed, and by how many lines. A line that only moved does not count.',
    handler,
    roles: READERS,
    query: z.strictObject({ since: z.optional(z.coerce.number().check(z.multipleOf(1), z.minimum(0))) }),
    success: {
      status: 200,
      schema: z.object({ since: z.int(), version: z.int(), changes: z.array(change) }),
      description: 'The changes, by place',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'restoreTemplateVersion',
    method: 'POST',
    path: '/v1/templates/{templateId}/versions/{templateVersion}/restore',
    summary: 'Save the content of an older version again',
    description:
      'As a new version; nothing is forgotten. `version` is the one that it replaces. A version that shows a picture that was deleted since is refused (`invalid-reference`, with the place): read it, and write it with another one.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ version }),
    example: { version: 3 },
    success: { status: 200, schema: template, description: 'The template as it now is' },
    errors: ['not-found', 'version-conflict', 'invalid-template', 'template-too-costly', 'invalid-reference'],
  },
  {
    operationId: 'submitTemplate',
    method: 'POST',
    path: '/v1/templates/{templateId}/submit',
    summary: 'Ask for approval of a template in the plans in force that have it otherwise',
    description:
      'Triggers that are active and journeys that run keep what was approved when a template is edited. This freezes what it says now and lists the `plans` that would say it: when everybody whom the settings ask has said yes (`POST /v1/approvals/template/{templateId}/approve`), they do, and nothing does before. What those inside of a journey get is as was chosen when it was published. Any edit of the template makes it a draft again. Submitting again what waits is harmless. A journey that was edited since it was published is left out, and named in `beingEdited`: it says what it said until that edit is approved. Campaigns are left out, too: these are submitted themselves.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ version, expirySeconds }),
    example: { version: 3 },
    success: { status: 200, schema: templateChange, description: 'What waits for approval' },
    errors: ['not-found', 'version-conflict', 'state-conflict', 'invalid-reference', 'no-approver'],
  },
  {
    operationId: 'getTemplateSubmission',
    method: 'GET',
    path: '/v1/templates/{templateId}/submission',
    summary: 'Read what was submitted of a template last, and for which plans',
    handler,
    roles: READERS,
    success: { status: 200, schema: templateChange, description: 'The submission, and what became of it' },
    errors: ['not-found'],
  },
  {
    operationId: 'previewTemplate',
    method: 'POST',
    path: '/v1/templates/{templateId}/preview',
    summary: 'Render a template for one person',
    description:
      'For a stored profile (`profileId`) or one made up here (`profile`), in the words of its locale or of `locale`. `failed` names channels that this person would not get, `warnings` the variables that the person lacks, `notes` how programs and phones show the message, what it is billed as, and what is doubtful about links, images and tags.',
    handler,
    roles: READERS,
    body: sampleBody({ channels: z.optional(z.array(z.enum(CHANNELS))) }),
    example: { profile: { attributes: { firstName: 'Ada' } }, locale: 'fr', channels: ['sms'] },
    success: { status: 200, schema: preview, description: 'The content per channel' },
    errors: ['not-found'],
  },
  {
    operationId: 'checkTemplate',
    method: 'POST',
    path: '/v1/templates/{templateId}/check',
    summary: 'Look for what is doubtful in every text of a template',
    description:
      'On each channel in each locale that is written: sizes, links, images, colours of blocks, and whether a promotional email has a way out. With a sample person as in a preview, or with none: then what values would bring is left out. `notes` keep nobody from sending; no link is asked for over the network. `failed` says why the sample would not get it.',
    handler,
    roles: READERS,
    body: checkBody,
    example: { lane: 'promotional', profile: { attributes: { firstName: 'Ada' } } },
    success: { status: 200, schema: checked, description: 'The notes, by channel and locale' },
    errors: ['not-found'],
  },
] as const satisfies readonly Route[];
