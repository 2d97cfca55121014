import * as z from 'zod/mini';
import { modelInput } from '../../audience/models/model.ts';
import { listQuery, pageOf } from '../page.ts';
import { READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';

const handler = 'audience/manage-models';
const count = z.int();

const run = {
  id: count,
  kind: z.enum(['fit', 'activate']),
  /** The version that is fitted or activated. */
  number: count,
  by: z.string(),
  startedMs: count,
};
const model = z.object({
  id: z.string(),
  version: count,
  author: z.string(),
  createdMs: count,
  model: modelInput,
  /** Names of the attributes that it writes. */
  attributes: z.array(z.string()),
  run: z.optional(z.object(run)),
  lastRun: z.optional(
    z.object({
      ...run,
      outcome: z.enum(['applied', 'held-back', 'failed']),
      endedMs: count,
      scored: z.optional(count),
      changed: z.optional(count),
      reason: z.optional(z.string()),
    }),
  ),
  activeNumber: z.optional(count),
  versions: z.array(z.object({ number: count, fittedMs: count, people: count, headline: z.string() })),
  nextFitMs: z.optional(count),
});

const modelVersion = z.object({
  modelId: z.string(),
  number: count,
  input: modelInput,
  fittedMs: count,
  people: count,
  sampled: count,
  parameters: z.looseObject({ type: z.string() }),
  report: z.looseObject({ type: z.string() }),
  watched: z.record(z.string(), z.object({ cuts: z.array(z.number()), shares: z.array(z.number()) })),
  drift: z.optional(
    z.record(z.string(), z.object({ index: z.number(), verdict: z.enum(['stable', 'moved', 'shifted']) })),
  ),
  applied: z.optional(
    z.object({
      atMs: count,
      scored: count,
      changed: count,
      moved: z.record(z.string(), z.record(z.string(), count)),
    }),
  ),
});

const example = {
  name: 'Who will not come back',
  type: 'propensity',
  purchase: { event: 'purchase', amount: 'amount' },
  predicts: 'churn',
  schedule: { every: 'week', weekday: 1, hour: 3 },
};

export const routes = [
  {
    operationId: 'putModel',
    method: 'PUT',
    path: '/v1/models/{modelId}',
    summary: 'Define a model, or change it',
    description:
      'A model finds groups of people in what they bought, and writes what it finds as attributes, whose names begin with its id: `rfm` (`<id>_segment`, `<id>_recency`, `<id>_frequency`, `<id>_monetary`), `clusters` (`<id>_cluster`), `propensity` (`<id>_band`: low, medium or high probability of a purchase within `horizonDays`, or of none), `lookalike` (`<id>_match` is `similar` for the top `topPercent` of people who are most like the seed). Segments ask about them like about any attribute. `version` is the one that you have read; 0 makes a new model. A change acts from the next fit on.',
    handler,
    roles: WRITERS,
    body: z.strictObject({ version: z.int().check(z.minimum(0)), model: modelInput }),
    example: { version: 0, model: example },
    success: { status: 200, schema: model, description: 'The model' },
    errors: ['version-conflict', 'state-conflict', 'invalid-reference', 'invalid-segment'],
  },
  {
    operationId: 'listModels',
    method: 'GET',
    path: '/v1/models',
    summary: 'List models by id',
    handler,
    roles: READERS,
    query: listQuery,
    success: { status: 200, schema: pageOf(model), description: 'A page of models' },
    errors: [],
  },
  {
    operationId: 'getModel',
    method: 'GET',
    path: '/v1/models/{modelId}',
    summary: 'Read a model, its versions and how its last run ended',
    handler,
    roles: READERS,
    success: { status: 200, schema: model, description: 'The model' },
    errors: ['not-found'],
  },
  {
    operationId: 'fitModel',
    method: 'POST',
    path: '/v1/models/{modelId}/fit',
    summary: 'Fit a new version now',
    description:
      'When it is fitted, people whose values differ get the new ones, and the version is the active one. A version that is hardly better than chance is held back for you to look at. A fit that fails changes nothing; `lastRun` says why.',
    handler,
    roles: WRITERS,
    body: z.strictObject({}),
    success: { status: 202, schema: model, description: 'The model, with its run' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'getModelVersion',
    method: 'GET',
    path: '/v1/models/{modelId}/versions/{number}',
    summary: 'Read a version with its report',
    description:
      'The report says how good it is, on people or times that it did not learn from, and what it learned in plain words; `drift` how far people have moved since the version before (population stability index: below 0.1 stable, from 0.25 shifted); `applied` how many people went from which value to which.',
    handler,
    roles: READERS,
    success: { status: 200, schema: modelVersion, description: 'The version' },
    errors: ['not-found'],
  },
  {
    operationId: 'compareModelVersions',
    method: 'GET',
    path: '/v1/models/{modelId}/versions/{number}/comparison',
    summary: 'Compare a version with another one',
    handler,
    roles: READERS,
    query: z.strictObject({ with: z.string().check(z.regex(/^[1-9]\d{0,5}$/)) }),
    success: {
      status: 200,
      schema: z.object({
        versions: z.array(z.object({ number: count, fittedMs: count, people: count, applied: z.boolean() })),
        figures: z.array(z.object({ name: z.string(), values: z.array(z.nullable(z.number())) })),
      }),
      description: 'Both, figure by figure',
    },
    errors: ['not-found'],
  },
  {
    operationId: 'activateModelVersion',
    method: 'POST',
    path: '/v1/models/{modelId}/versions/{number}/activate',
    summary: 'Use a version: also to go back to an earlier one',
    description:
      'Everybody is scored anew with that version as it was fitted; people whose values differ get the new ones.',
    handler,
    roles: WRITERS,
    body: z.strictObject({}),
    success: { status: 202, schema: model, description: 'The model, with its run' },
    errors: ['not-found', 'state-conflict', 'version-conflict'],
  },
  {
    operationId: 'deleteModel',
    method: 'DELETE',
    path: '/v1/models/{modelId}',
    summary: 'Delete a model',
    description:
      'It is not fitted any more, and a run that is on stops within minutes. The attributes that it wrote stay as they are, so that segments that ask about them do not change by themselves.',
    handler,
    roles: WRITERS,
    success: { status: 204, description: 'It is gone' },
    errors: ['not-found', 'version-conflict'],
  },
] as const satisfies readonly Route[];
