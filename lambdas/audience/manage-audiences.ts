import { routes } from '../../core/access/routes/audiences.ts';
import type { NamedAudience } from '../../core/audience/audience.ts';
import { peopleOf } from '../adapters/audiences.ts';
import { definitions } from '../adapters/definitions.ts';
import { createDefinition, saveDefinition } from '../adapters/outbox.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './manage-audiences.env.ts';
import { orProblem } from './or-problem.ts';
import { refuseIfUsed, usesOf } from './uses.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE };

/** Set expressions with names. Running a call twice is safe: a change names the version that it changes. */
export const handler = apiHandler(
  'audience/manage-audiences',
  routes,
  {
    createAudience: async ({ body, actor, nowMs, newId: id }) => {
      await peopleOf(defs, { audience: body.audience }).catch(orProblem);
      const created = { id, version: 1, ...body, author: actor, createdMs: nowMs };
      return { body: await save(created, 'create', actor, nowMs), headers: { location: `/v1/audiences/${id}` } };
    },

    listAudiences: async ({ query: { limit, cursor } }) => {
      const page = await defs.list<NamedAudience>('audience', limit, cursor);
      return { body: { ...page, items: page.items.map(({ body }) => body).filter((one) => !one.deletedMs) } };
    },

    getAudience: async ({ params }) => ({ body: await load(params.audienceId) }),

    updateAudience: async ({ params, body: { version, ...input }, actor, nowMs }) => {
      const current = await load(params.audienceId);
      if (current.version !== version) {
        throw new Problem('version-conflict', `The audience is at version ${current.version}, not ${version}`);
      }
      await peopleOf(defs, { audience: input.audience }).catch(orProblem);
      return { body: await save({ ...current, ...input, version: version + 1 }, 'update', actor, nowMs) };
    },

    deleteAudience: async ({ params: { audienceId }, actor, nowMs }) => {
      const current = await load(audienceId);
      await refuseIfUsed(defs, 'audience', { audienceId });
      await save({ ...current, version: current.version + 1, deletedMs: nowMs }, 'delete', actor, nowMs);
      return {};
    },

    getAudienceUses: async ({ params: { audienceId } }) => {
      await load(audienceId);
      return { body: { items: await usesOf(defs, { audienceId }) } };
    },
  },
  IDEMPOTENCY_TABLE,
);

const load = async (id: string): Promise<NamedAudience> => {
  const stored = await defs.get<NamedAudience>('audience', id);
  if (!stored || stored.body.deletedMs) throw new Problem('not-found', `There is no audience ${id}`);
  return stored.body;
};

const save = async (it: NamedAudience, action: string, actor: string, nowMs: number): Promise<NamedAudience> => {
  const { id, version, name } = it;
  const entry = { subject: `audience/${id}`, action, actor, atMs: nowMs, version, detail: name };
  const outbox = [{ effect: 'audit' as const, entry }];
  const stored =
    version === 1
      ? await createDefinition(defs, 'audience', id, it, nowMs, outbox, sinks)
      : await saveDefinition(defs, 'audience', id, it, version - 1, nowMs, outbox, sinks);
  return stored.body;
};
