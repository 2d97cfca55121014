import { routes } from '../../core/access/routes/strategy.ts';
import { previewOf } from '../../core/strategy/preview.ts';
import { renderer } from '../../core/strategy/render.ts';
import type { Template } from '../../core/strategy/template.ts';
import { definitions } from '../adapters/definitions.ts';
import { createDefinition, saveDefinition } from '../adapters/outbox.ts';
import { profileOf } from '../adapters/recipients.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './manage-templates.env.ts';
import { refuseTemplate } from './refuse-template.ts';

const { DEFINITIONS_TABLE, PROFILES_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE };

/** Templates. Running a change twice is safe: the second finds another version and is refused. */
export const handler = apiHandler(
  'strategy/manage-templates',
  routes,
  {
    createTemplate: async ({ body, actor, nowMs, newId: id }) => {
      const saved = await save({ ...body, id, version: 1, editors: [actor] }, actor, nowMs);
      return { body: saved, headers: { location: `/v1/templates/${id}` } };
    },

    listTemplates: async ({ query: { limit, cursor } }) => {
      const page = await defs.list<Template>('template', limit, cursor);
      return { body: { ...page, items: page.items.map(({ body }) => body) } };
    },

    getTemplate: async ({ params }) => ({ body: await load(params.templateId) }),

    updateTemplate: async ({ params, body: { version, ...input }, actor, nowMs }) => {
      const { id, editors } = await load(params.templateId);
      const edited = { ...input, id, version: version + 1, editors: [...new Set([...editors, actor])] };
      return { body: await save(edited, actor, nowMs) };
    },

    previewTemplate: async ({ params, body, nowMs }) => {
      const template = await load(params.templateId);
      const profile = 'profile' in body ? body.profile : await profileOf(PROFILES_TABLE, body.profileId);
      if (!profile) throw new Problem('not-found', 'There is no such profile');
      const { event, window } = body;
      const { profileId } = profile;
      const sample = { id: 'sample', source: 'preview', profileId, timeMs: nowMs, receivedMs: nowMs };
      const variables = { profile, ...(event && { event: { ...sample, ...event } }), ...(window && { window }) };
      return { body: previewOf(renderer(await import('liquidjs')), template, variables) };
    },
  },
  IDEMPOTENCY_TABLE,
);

const load = async (id: string): Promise<Template> => {
  const stored = await defs.get<Template>('template', id);
  if (!stored) throw new Problem('not-found', `There is no template ${id}`);
  return stored.body;
};

const save = async (template: Template, actor: string, nowMs: number): Promise<Template> => {
  await refuseTemplate(defs, template);
  const { id, version, name } = template;
  const action = version === 1 ? 'create' : 'edit';
  const entry = { subject: `template/${id}`, action, actor, atMs: nowMs, version, detail: name };
  const outbox = [{ effect: 'audit' as const, entry }];
  const stored =
    version === 1
      ? await createDefinition(defs, 'template', id, template, nowMs, outbox, sinks)
      : await saveDefinition(defs, 'template', id, template, version - 1, nowMs, outbox, sinks);
  return stored.body;
};
