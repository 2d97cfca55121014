import { routes } from '../../core/access/routes/segments.ts';
import { segmentJsonSchema } from '../../core/audience/segment-json-schema.ts';
import { segmentText } from '../../core/audience/segment-text.ts';
import { canonicalJson } from '../../core/strategy/plan-hash.ts';
import { peopleOf } from '../adapters/audiences.ts';
import { definitions } from '../adapters/definitions.ts';
import { createDefinition, saveDefinition } from '../adapters/outbox.ts';
import type { NamedSegment } from '../adapters/segments.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './manage-segments.env.ts';
import { orProblem } from './or-problem.ts';
import { refuseLiveUse } from './refuse-live-use.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE };

/** Segments. Running a call twice is safe: a change names the version that it changes. */
export const handler = apiHandler(
  'audience/manage-segments',
  routes,
  {
    createSegment: async ({ body, actor, nowMs, newId: id }) => {
      await peopleOf(defs, { segment: body.segment }).catch(orProblem);
      const created = { id, version: 1, ...body, author: actor, createdMs: nowMs };
      const saved = await save(created, 'create', actor, nowMs);
      return { body: viewOf(saved), headers: { location: `/v1/segments/${id}` } };
    },

    listSegments: async ({ query: { limit, cursor } }) => {
      const page = await defs.list<NamedSegment>('segment', limit, cursor);
      return { body: { ...page, items: page.items.map(({ body }) => viewOf(body)) } };
    },

    getSegmentSchema: async () => ({ body: segmentJsonSchema() as { $schema: string; title: string } }),

    getSegment: async ({ params }) => ({ body: viewOf(await load(params.segmentId)) }),

    updateSegment: async ({ params, body: { version, name, segment }, actor, nowMs }) => {
      const current = await load(params.segmentId);
      if (current.version !== version) {
        throw new Problem('version-conflict', `The segment is at version ${current.version}, not ${version}`);
      }
      await peopleOf(defs, { segment }, { ownId: current.id }).catch(orProblem);
      // Another name changes nothing for anybody.
      if (canonicalJson(segment) !== canonicalJson(current.segment)) await refuseLiveUse(defs, current.id);
      const changed = { ...current, version: version + 1, name, segment };
      return { body: viewOf(await save(changed, 'update', actor, nowMs)) };
    },
  },
  IDEMPOTENCY_TABLE,
);

const viewOf = (named: NamedSegment) => ({ ...named, text: segmentText(named.segment) });

const load = async (id: string): Promise<NamedSegment> => {
  const stored = await defs.get<NamedSegment>('segment', id);
  if (!stored) throw new Problem('not-found', `There is no segment ${id}`);
  return stored.body;
};

const save = async (segment: NamedSegment, action: string, actor: string, nowMs: number): Promise<NamedSegment> => {
  const { id, version, name } = segment;
  const entry = { subject: `segment/${id}`, action, actor, atMs: nowMs, version, detail: name };
  const outbox = [{ effect: 'audit' as const, entry }];
  const stored =
    version === 1
      ? await createDefinition(defs, 'segment', id, segment, nowMs, outbox, sinks)
      : await saveDefinition(defs, 'segment', id, segment, version - 1, nowMs, outbox, sinks);
  return stored.body;
};
