import { routes } from '../../core/access/routes/templates.ts';
import { CHANNELS } from '../../core/delivery/channel.ts';
import { type Renderer, renderer } from '../../core/strategy/render.ts';
import { readsCatalogue } from '../../core/strategy/template/catalogue.ts';
import type { TemplateChange } from '../../core/strategy/template/template-change.ts';
import { contentOf, type Template, type TemplateContent, type TemplateInput } from '../../core/strategy/template.ts';
import type { TemplateVariables } from '../../core/strategy/template-variables.ts';
import { definitions, type Stored } from '../adapters/definitions.ts';
import { createDefinition, saveDefinition } from '../adapters/outbox.ts';
import { templateVersions } from '../adapters/template-versions.ts';
import { rowsFor } from '../delivery/rows-for.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { approvalView } from './campaign-view.ts';
import { compileTemplate } from './compile-template.ts';
import { env } from './manage-templates.env.ts';
import { refuseTemplate } from './refuse-template.ts';
import { sampleOf } from './sample-of.ts';

const { DEFINITIONS_TABLE, PROFILES_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE, APPROVE_MACHINE_ARN } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const versions = templateVersions(defs);
const sinks = { auditTable: AUDIT_TABLE, machines: { 'approve-plan': APPROVE_MACHINE_ARN } };
const store = { defs, sinks };

/** Templates. Running a change twice is safe: the second finds another version and is refused. */
export const handler = apiHandler(
  'strategy/manage-templates',
  routes,
  {
    createTemplate: async ({ body, actor, nowMs, newId: id }) => {
      const saved = await save(body, { id, actor, nowMs });
      return { body: saved, headers: { location: `/v1/templates/${id}` } };
    },

    listTemplates: async ({ query: { limit, cursor } }) => {
      const page = await defs.list<Template>('template', limit, cursor);
      return { body: { ...page, items: page.items.map(({ body }) => body) } };
    },

    getTemplate: async ({ params }) => ({ body: (await load(params.templateId)).body }),

    updateTemplate: async ({ params, body: { version, ...input }, actor, nowMs }) => {
      const current = await load(params.templateId, version);
      return { body: await save(input, { id: current.id, actor, nowMs, current }) };
    },

    listTemplateVersions: async ({ params, query: { limit, cursor } }) => {
      const page = await versions.list(await load(params.templateId), limit, cursor);
      const items = page.items.map(({ body: { version, name, savedBy, savedMs, restoredFrom }, updatedMs }) => ({
        ...{ version, name, savedMs: savedMs ?? updatedMs },
        ...(savedBy && { savedBy }),
        ...(restoredFrom && { restoredFrom }),
      }));
      return { body: { ...page, items } };
    },

    getTemplateVersion: async ({ params }) => ({
      body: await loadVersion(await load(params.templateId), params.templateVersion),
    }),

    compareTemplateVersions: async ({ params, query: { since } }) => {
      const current = await load(params.templateId);
      const after = await loadVersion(current, params.templateVersion);
      const from = since ?? after.version - 1;
      const before = from === 0 ? { name: '', channels: {} } : await loadVersion(current, String(from));
      const { changesBetween } = await import('../../core/strategy/template/changes.ts');
      return { body: { since: from, version: after.version, changes: changesBetween(before, after) } };
    },

    restoreTemplateVersion: async ({ params, body: { version }, actor, nowMs }) => {
      const current = await load(params.templateId, version);
      const old = await loadVersion(current, params.templateVersion);
      const { name, locale, channels, locales } = old;
      const content = { name, locale, channels, locales };
      return { body: await save(content, { id: current.id, actor, nowMs, current, restoredFrom: old.version }) };
    },

    submitTemplate: async ({ params, body: { version, expirySeconds }, actor, nowMs }) => {
      const { body: template } = await load(params.templateId, version);
      const { submitTemplate } = await import('./submit-template.ts');
      return { body: changeView(await submitTemplate(store, template, expirySeconds, actor, nowMs)) };
    },

    getTemplateSubmission: async ({ params: { templateId: id } }) => {
      const stored = await defs.get<TemplateChange>('template-change', id);
      if (!stored) throw new Problem('not-found', `The template ${id} was never submitted`);
      return { body: changeView(stored.body) };
    },

    previewTemplate: async ({ params, body, nowMs }) => {
      const content = contentOf((await load(params.templateId)).body);
      const liquid = renderer(await import('liquidjs'));
      const variables = await withRows(liquid, content, await variablesOf(body, nowMs));
      const { previewOf } = await import('../../core/strategy/preview.ts');
      return { body: previewOf(liquid, content, variables, body.channels) };
    },

    checkTemplate: async ({ params, body: { lane, ...sample }, nowMs }) => {
      const { body: template } = await load(params.templateId);
      const { checkTemplate } = await import('../../core/strategy/template/check.ts');
      const liquidjs = await import('liquidjs');
      const liquid = renderer(liquidjs);
      const given = 'profileId' in sample || 'profile' in sample ? await variablesOf(sample, nowMs) : NOBODY;
      const locales = [template.locale, ...Object.keys(template.locales ?? {})];
      const variables = await withRows(liquid, contentOf(template), given, locales);
      return { body: { results: checkTemplate(liquidjs, liquid, template, { variables, lane }) } };
    },
  },
  IDEMPOTENCY_TABLE,
);

const NOBODY: TemplateVariables = { profile: { profileId: 'sample', attributes: {} } };

/** What a template is shown with. Throws 404. */
const variablesOf = async (asked: Parameters<typeof sampleOf>[1], nowMs: number): Promise<TemplateVariables> => {
  const { profile, event, window } = await sampleOf(PROFILES_TABLE, asked);
  const { profileId } = profile;
  const sample = { id: 'sample', source: 'preview', profileId, timeMs: nowMs, receivedMs: nowMs };
  return { profile, ...(event && { event: { ...sample, ...event } }), ...(window && { window }) };
};

/** The same with the rows of reference tables that the template asks for, in the words of each of the locales. */
const withRows = async (
  liquid: Renderer,
  content: TemplateContent,
  variables: TemplateVariables,
  locales: readonly (string | undefined)[] = [variables.profile.locale],
): Promise<TemplateVariables> => {
  const asking = CHANNELS.filter((channel) => readsCatalogue(content, channel));
  const messages = locales.flatMap((locale) =>
    asking.map((channel) => ({ channel, variables: { ...variables, profile: { ...variables.profile, locale } } })),
  );
  if (messages.length === 0) return variables;
  return { ...variables, catalogue: await rowsFor(DEFINITIONS_TABLE, liquid, content, messages) };
};

const load = async (id: string, version?: number): Promise<Stored<Template>> => {
  const stored = await defs.get<Template>('template', id);
  if (!stored) throw new Problem('not-found', `There is no template ${id}`);
  if (version !== undefined && version !== stored.version) {
    throw new Problem('version-conflict', `The template is at version ${stored.version}, not ${version}`);
  }
  return stored;
};

const loadVersion = async (current: Stored<Template>, version: string): Promise<Template> => {
  const found = /^[1-9]\d{0,8}$/.test(version) ? await versions.get(current, Number(version)) : undefined;
  if (!found) throw new Problem('not-found', `There is no version ${version} of template ${current.id}`);
  return found;
};

/** The API shows no task token. */
const changeView = ({ approval, ...change }: TemplateChange) => ({
  ...change,
  ...(approval && { approval: approvalView(approval) }),
});

type Change = { id: string; actor: string; nowMs: number; current?: Stored<Template>; restoredFrom?: number };

/** Compiles, checks and saves. What it replaces is kept first: see template-versions.ts. */
const save = async (input: TemplateInput, { id, actor, nowMs, current, restoredFrom }: Change): Promise<Template> => {
  const compiled = await compileTemplate(input, renderer(await import('liquidjs')));
  await refuseTemplate(defs, compiled);
  const version = (current?.version ?? 0) + 1;
  const editors = [...new Set([...(current?.body.editors ?? []), actor])];
  const origin = { savedBy: actor, savedMs: nowMs, ...(restoredFrom && { restoredFrom }) };
  const template: Template = { ...compiled, id, version, editors, ...origin };
  const action = restoredFrom ? 'restore' : current ? 'edit' : 'create';
  const detail = restoredFrom ? `${compiled.name}: version ${restoredFrom} again` : compiled.name;
  const outbox = [
    { effect: 'audit' as const, entry: { subject: `template/${id}`, action, actor, atMs: nowMs, version, detail } },
  ];
  if (!current) return (await createDefinition(defs, 'template', id, template, nowMs, outbox, sinks)).body;
  await versions.keep(current);
  const { voidTemplateChange } = await import('./submit-template.ts');
  await voidTemplateChange(store, id, actor, nowMs);
  const saved = await saveDefinition(defs, 'template', id, template, current.version, nowMs, outbox, sinks);
  return saved.body;
};
