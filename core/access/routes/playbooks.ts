import * as z from 'zod/mini';
import { CHANNELS } from '../../delivery/channel.ts';
import { LANGUAGES, PLAYBOOK_GOALS } from '../../strategy/playbook/playbook.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'strategy/manage-playbooks';

const text = z.object(Object.fromEntries(LANGUAGES.map((language) => [language, z.string()])));
const planKind = z.enum(['trigger', 'campaign', 'journey']);

const head = {
  id: z.string(),
  title: text,
  summary: text,
  goal: z.enum(PLAYBOOK_GOALS),
  /** What it becomes. */
  plan: planKind,
  channels: z.array(z.enum(CHANNELS)),
};

const needs = z.object({
  events: z.array(z.object({ parameter: z.string(), eventType: z.string(), properties: z.array(z.string()) })),
  attributes: z.array(z.object({ parameter: z.string(), attribute: z.string(), needed: z.boolean() })),
  consents: z.array(z.string()),
});

const missing = z.object({
  eventTypes: z.array(z.string()),
  properties: z.array(z.object({ eventType: z.string(), property: z.string() })),
  attributes: z.nullable(z.array(z.string())),
});

const made = z.object({ key: z.string(), id: z.string(), name: z.string() });

export const routes = [
  {
    operationId: 'listPlaybooks',
    method: 'GET',
    path: '/v1/playbooks',
    summary: 'List the playbooks of the strategy library',
    description: 'All of them, or those for a goal, or with a message on a channel.',
    handler,
    roles: READERS,
    query: z.strictObject({
      goal: z.optional(z.enum(PLAYBOOK_GOALS)),
      channel: z.optional(z.enum(CHANNELS)),
    }),
    success: { status: 200, schema: z.object({ items: z.array(z.object(head)) }), description: 'The playbooks' },
    errors: [],
  },
  {
    operationId: 'getPlaybook',
    method: 'GET',
    path: '/v1/playbooks/{playbookId}',
    summary: 'Read a playbook',
    description:
      'With its parameters, its segments, texts and plan as they are written, and what it needs. `[[name]]` stands for a parameter. `missing` names what this deployment has not shown so far: event types and properties that never came, attributes that nobody of the newest sample has (null while there is no sample). It may come yet, so it keeps nobody from starting.',
    handler,
    roles: READERS,
    success: {
      status: 200,
      schema: z.object({
        ...head,
        parameters: z.record(z.string(), z.looseObject({ kind: z.string(), about: text })),
        needs,
        missing,
        segments: z.record(z.string(), z.json()),
        templates: z.record(z.string(), z.json()),
        draft: z.json(),
      }),
      description: 'The playbook',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'instantiatePlaybook',
    method: 'POST',
    path: '/v1/playbooks/{playbookId}/instantiate',
    summary: 'Start from a playbook',
    description:
      'Makes its segments, its templates and its plan, as drafts that are yours: nothing is sent before somebody else has approved or activated the plan. `parameters` may set every parameter and must set those without a default; a text is one for all languages, or `{"en": …, "zh": …}`. `name` is what the plan is called, and what the other names begin with; absent, the title. A repeat with the same Idempotency-Key makes nothing twice. `next` says what is left to do.',
    handler,
    roles: WRITERS,
    body: z.strictObject({
      parameters: z._default(z.record(z.string().check(z.maxLength(64)), z.json()), {}),
      /** Of the texts, which become one template. The first is also for people with none of these. */
      languages: z._default(
        z.array(z.enum(LANGUAGES)).check(
          z.minLength(1),
          z.refine((languages) => new Set(languages).size === languages.length, 'Each language once'),
        ),
        ['en'],
      ),
      name: z.optional(z.string().check(z.minLength(1), z.maxLength(60))),
    }),
    example: {
      parameters: {
        brand: 'Luma',
        shopUrl: 'https://luma.example/shop',
        couponCode: 'LUMA10',
        offer: { en: '10% off', zh: '九折优惠' },
      },
      languages: ['en', 'zh'],
      name: 'Come back in spring',
    },
    create: true,
    success: {
      status: 201,
      schema: z.object({
        playbook: z.string(),
        segments: z.array(made),
        templates: z.array(made),
        plan: z.object({ kind: planKind, id: z.string(), name: z.string() }),
        missing,
        next: z.array(z.object({ call: z.string(), why: z.string() })),
      }),
      description: 'What was made',
    },
    errors: ['not-found', 'invalid-parameters'],
  },
] as const satisfies readonly Route[];
