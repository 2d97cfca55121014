import { createHash } from 'node:crypto';
import { routes } from '../../core/access/routes/playbooks.ts';
import type { Sample } from '../../core/audience/sample.ts';
import { ulidOf } from '../../core/audience/ulid-of.ts';
import type { EventTypeEntry } from '../../core/event/catalogue.ts';
import { type CatalogueIndex, emptyIndex, isListed } from '../../core/event/catalogue-index.ts';
import { placesOf } from '../../core/event/catalogue-tree.ts';
import { type Drafts, instantiate } from '../../core/strategy/playbook/instantiate.ts';
import { missingOf, needsOf, type PlaybookNeeds, type Seen } from '../../core/strategy/playbook/needs.ts';
import { nextSteps } from '../../core/strategy/playbook/next-steps.ts';
import { channelsOfPlaybook, type Language, type Playbook } from '../../core/strategy/playbook/playbook.ts';
import { valueSlips } from '../../core/strategy/playbook/values.ts';
import { playbookById, playbooks } from '../../core/strategy/playbooks/library.ts';
import { definitions } from '../adapters/definitions.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { createDrafts } from './create-drafts.ts';
import { env } from './manage-playbooks.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE };

/**
 * The strategy library. Running a call twice is safe: the ids of what it makes come from its Idempotency-Key, and what is there
 * already is not made again.
 */
export const handler = apiHandler(
  'strategy/manage-playbooks',
  routes,
  {
    listPlaybooks: async ({ query: { goal, channel } }) => {
      const fitting = playbooks.filter(
        (one) => (goal === undefined || one.goal === goal) && (channel === undefined || hasChannel(one, channel)),
      );
      return { body: { items: fitting.map(headOf) } };
    },

    getPlaybook: async ({ params }) => {
      const playbook = load(params.playbookId);
      const { parameters, segments = {}, templates, plan } = playbook;
      const needs = needsOf(playbook, {});
      const missing = missingOf(needs, await seenOf(needs));
      return { body: { ...headOf(playbook), parameters, needs, missing, segments, templates, draft: plan.draft } };
    },

    instantiatePlaybook: async ({ params, body, actor, nowMs, newId }) => {
      const playbook = load(params.playbookId);
      const { parameters: values, name } = body;
      const languages = body.languages as [Language, ...Language[]];
      refuseValues(playbook, values);
      const idOf = (thing: string) => (thing === 'plan' ? newId : partId(newId, thing, nowMs));
      const drafts = instantiate(playbook, { name: name ?? playbook.title[languages[0]], values, languages, idOf });
      const needs = needsOf(playbook, values);
      const missing = missingOf(needs, await seenOf(needs));
      await createDrafts({ defs, sinks }, drafts, { actor, nowMs, playbookId: playbook.id });
      return {
        body: { playbook: playbook.id, ...namesOf(drafts), missing, next: nextSteps(drafts) },
        headers: { location: `/v1/${drafts.plan.kind}s/${newId}` },
      };
    },
  },
  IDEMPOTENCY_TABLE,
);

const load = (id: string): Playbook => {
  const playbook = playbookById(id);
  if (!playbook) throw new Problem('not-found', `There is no playbook ${id}`);
  return playbook;
};

const hasChannel = (playbook: Playbook, channel: string): boolean =>
  channelsOfPlaybook(playbook).some((one) => one === channel);

const headOf = (playbook: Playbook) => {
  const { id, title, summary, goal, plan } = playbook;
  return { id, title, summary, goal, plan: plan.kind, channels: channelsOfPlaybook(playbook) };
};

const refuseValues = (playbook: Playbook, values: Record<string, unknown>): void => {
  const slips = valueSlips(playbook, values);
  if (slips.length === 0) return;
  const errors = slips.map(({ path, message }) => ({ path: `parameters.${path}`, message }));
  throw new Problem('invalid-parameters', errors.map(({ path, message }) => `${path}: ${message}`).join('; '), {
    errors,
  });
};

/** Of a thing that is made beside the plan: the same for the same plan, so that a repeat finds it. */
const partId = (planId: string, thing: string, nowMs: number): string =>
  ulidOf(nowMs, createHash('sha256').update(`${planId}#${thing}`).digest('hex'));

/** What this deployment has shown of the needs: by the event catalogue, and by the sample that estimates are made of. */
const seenOf = async ({ events }: PlaybookNeeds): Promise<Seen> => {
  const types = [...new Set(events.map(({ eventType }) => eventType))];
  const [index, sample, ...entries] = await Promise.all([
    defs.get<CatalogueIndex>('event-catalogue', 'types'),
    defs.get<Sample>('sample', 'current'),
    ...types.map((type) => defs.get<EventTypeEntry>('event-type', type)),
  ]);
  const listed = entries.flatMap((entry) => (entry && isListed(index?.body ?? emptyIndex, entry.id) ? [entry] : []));
  const attributes = sample?.body.attributes;
  return {
    properties: new Map(listed.map(({ id, body }) => [id, new Set(placesOf(body.properties).map(({ path }) => path))])),
    ...(attributes && { attributes: new Set(attributes) }),
  };
};

const namesOf = ({ segments, templates, plan }: Drafts) => ({
  segments: segments.map(({ key, id, name }) => ({ key, id, name })),
  templates: templates.map(({ key, id, template: { name } }) => ({ key, id, name })),
  plan: { kind: plan.kind, id: plan.id, name: plan.input.name },
});
