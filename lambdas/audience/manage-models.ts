import { routes } from '../../core/access/routes/models.ts';
import { compareVersions } from '../../core/audience/models/compare-versions.ts';
import { attributesOf, type Model, type ModelVersion, modelId, versionId } from '../../core/audience/models/model.ts';
import {
  activationBegun,
  changedModel,
  deletedModel,
  fitBegun,
  type ModelDecision,
} from '../../core/audience/models/model-decisions.ts';
import { peopleOf } from '../adapters/audiences.ts';
import { definitions } from '../adapters/definitions.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './manage-models.env.ts';
import { orProblem } from './or-problem.ts';
import { saveModel } from './save-model.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, FIT_MACHINE_ARN } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE, machines: { 'fit-model': FIT_MACHINE_ARN } };

/**
 * Models and their versions. Running a call twice is safe: a change names the version that it changes, and a second fit or
 * activation finds the first one running.
 */
export const handler = apiHandler('audience/manage-models', routes, {
  putModel: async ({ params, body: { version, model: input }, actor, nowMs }) => {
    if (!modelId.safeParse(params.modelId).success) {
      const message = 'A lower-case letter, then up to 39 lower-case letters, digits and _';
      throw new Problem('invalid-body', `modelId: ${message}`, { errors: [{ path: 'modelId', message }] });
    }
    const current = (await defs.get<Model>('model', params.modelId))?.body;
    const alive = current?.deletedMs === undefined ? (current?.version ?? 0) : 0;
    if (alive !== version) throw new Problem('version-conflict', `The model is at version ${alive}, not ${version}`);
    if (input.type === 'lookalike') await peopleOf(defs, input.seed, { at: 'model.seed.' }).catch(orProblem);
    const action = version === 0 ? 'create' : 'update';
    const model = allowed(changedModel(params.modelId, current, input, actor, nowMs));
    return { body: viewOf(await saveModel(defs, model, { action, actor, starts: false }, nowMs, sinks)) };
  },

  listModels: async ({ query: { limit, cursor } }) => {
    const page = await defs.list<Model>('model', limit, cursor, 'a-z');
    const alive = page.items.filter(({ body }) => body.deletedMs === undefined);
    return { body: { ...page, items: alive.map(({ body }) => viewOf(body)) } };
  },

  getModel: async ({ params }) => ({ body: viewOf(await load(params.modelId)) }),

  fitModel: async ({ params, actor, nowMs }) => {
    const model = allowed(fitBegun(await load(params.modelId), actor, nowMs));
    return { body: viewOf(await saveModel(defs, model, { action: 'fit-begun', actor, starts: true }, nowMs, sinks)) };
  },

  getModelVersion: async ({ params }) => {
    await load(params.modelId);
    return { body: await loadVersion(params.modelId, params.number) };
  },

  compareModelVersions: async ({ params, query: { with: other } }) => {
    await load(params.modelId);
    const [one, two] = await Promise.all([
      loadVersion(params.modelId, params.number),
      loadVersion(params.modelId, other),
    ]);
    return { body: compareVersions(one, two) };
  },

  activateModelVersion: async ({ params, actor, nowMs }) => {
    const number = numberOf(params.number);
    const model = allowed(activationBegun(await load(params.modelId), number, actor, nowMs));
    const action = `activate ${number}`;
    return { body: viewOf(await saveModel(defs, model, { action, actor, starts: true }, nowMs, sinks)) };
  },

  deleteModel: async ({ params, actor, nowMs }) => {
    const model = deletedModel(await load(params.modelId), nowMs);
    await saveModel(defs, model, { action: 'delete', actor, starts: false }, nowMs, sinks);
    return { body: undefined };
  },
});

const load = async (id: string): Promise<Model> => {
  const stored = await defs.get<Model>('model', id);
  if (!stored || stored.body.deletedMs !== undefined) throw new Problem('not-found', `There is no model ${id}`);
  return stored.body;
};

const numberOf = (text: string): number => (/^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0);

const loadVersion = async (id: string, number: string): Promise<ModelVersion> => {
  const version = await defs.get<ModelVersion>('model-version', versionId(id, numberOf(number)));
  if (!version) throw new Problem('not-found', `The model ${id} has no version ${number}`);
  return version.body;
};

const allowed = (decision: ModelDecision): Model => {
  if (decision.kind === 'refuse') throw new Problem(decision.problem, decision.detail);
  return decision.model;
};

const viewOf = (model: Model) => {
  const { input, runs: _runs, ...rest } = model;
  return { ...rest, model: input, attributes: attributesOf(model) };
};
