import { routes } from '../../core/access/routes/lead-models.ts';
import { type LeadModel, type LeadModelInput, stageAttribute } from '../../core/audience/lead-model.ts';
import {
  activatedLeadModel,
  editedLeadModel,
  type LeadModelDecision,
  newLeadModel,
  pausedLeadModel,
} from '../../core/audience/lead-model-decisions.ts';
import { leadModelId } from '../../core/audience/lead-model-input.ts';
import { placedLeaves } from '../../core/event/condition-tree.ts';
import { definitions } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import { refuseReferences } from '../intake/refuse-references.ts';
import { apiHandler } from '../middleware/api.ts';
import { type FieldError, Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './manage-lead-models.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE };

/** How leads are scored. Running a change twice is safe: each names the version that it changes. */
export const handler = apiHandler('audience/manage-lead-models', routes, {
  putLeadModel: async ({ params: { modelId }, body: { version, ...input }, actor, nowMs }) => {
    const id = leadModelId.safeParse(modelId);
    if (!id.success) {
      const message = id.error.issues[0]?.message ?? 'Not an id';
      throw new Problem('invalid-body', `modelId: ${message}`, { errors: [{ path: 'modelId', message }] });
    }
    refuseOwnStage(modelId, input);
    const stored = await defs.get<LeadModel>('lead-model', modelId);
    refuseVersion(stored?.version ?? 0, version);
    const decision = stored ? editedLeadModel(stored.body, input, actor) : newLeadModel(modelId, input, actor, nowMs);
    if (decision.kind === 'change') await refuseUnknown(input);
    return { body: await carryOut(decision, actor, nowMs) };
  },

  listLeadModels: async ({ query: { limit, cursor } }) => {
    const page = await defs.list<LeadModel>('lead-model', limit, cursor, 'a-z');
    return { body: { ...page, items: page.items.map(({ body }) => body) } };
  },

  getLeadModel: async ({ params }) => ({ body: await load(params.modelId) }),

  activateLeadModel: async ({ params, body: { version }, actor, nowMs }) => {
    const model = await load(params.modelId, version);
    const decision = activatedLeadModel(model, actor);
    if (decision.kind === 'change') await refuseUnknown(model);
    return { body: await carryOut(decision, actor, nowMs) };
  },

  pauseLeadModel: async ({ params, body: { version }, actor, nowMs }) => ({
    body: await carryOut(pausedLeadModel(await load(params.modelId, version)), actor, nowMs),
  }),
});

const load = async (id: string, version?: number): Promise<LeadModel> => {
  const stored = await defs.get<LeadModel>('lead-model', id);
  if (!stored) throw new Problem('not-found', `There is no lead model ${id}`);
  if (version !== undefined) refuseVersion(stored.version, version);
  return stored.body;
};

const refuseVersion = (is: number, named: number): void => {
  if (is !== named) throw new Problem('version-conflict', `The lead model is at version ${is}, not ${named}`);
};

/** As of rules: a score that moves by its own stages would never rest. */
const refuseOwnStage = (modelId: string, { fit = [] }: LeadModelInput): void => {
  const own = stageAttribute(modelId);
  const [first] = fit
    .flatMap(({ where }, n) => where.flatMap((one, m) => placedLeaves(one, `fit.${n}.where.${m}`)))
    .filter(({ leaf }) => 'attribute' in leaf && leaf.attribute === own);
  if (!first) return;
  const message = `${own} is what this score decides; points for it would never rest`;
  throw new Problem('invalid-body', `${first.path}: ${message}`, { errors: [{ path: first.path, message }] });
};

/** Throws 422 when the model names endpoints, reference tables or columns that there are not. */
const refuseUnknown = async ({ rules, stages }: LeadModelInput): Promise<void> => {
  await refuseReferences(
    defs,
    rules.flatMap(({ where = [] }, n) => where.flatMap((one, m) => placedLeaves(one, `rules.${n}.where.${m}`))),
  );
  const errors: FieldError[] = [];
  for (const [n, { handOver = [] }] of stages.entries()) {
    for (const [m, endpointId] of handOver.entries()) {
      if (await defs.get('webhook-endpoint', endpointId)) continue;
      errors.push({ path: `stages.${n}.handOver.${m}`, message: `There is no webhook endpoint ${endpointId}` });
    }
  }
  const [first] = errors;
  if (first) throw new Problem('invalid-reference', first.message, { errors });
};

const carryOut = async (decision: LeadModelDecision, actor: string, nowMs: number): Promise<LeadModel> => {
  if (decision.kind === 'refuse') throw new Problem(decision.problem, decision.detail);
  const { model, action } = decision;
  const { id, version, name } = model;
  const entry = { subject: `lead-model/${id}`, action, actor, atMs: nowMs, version, detail: name };
  const outbox = [{ effect: 'audit' as const, entry }];
  return (await saveDefinition(defs, 'lead-model', id, model, version - 1, nowMs, outbox, sinks)).body;
};
