import { routes } from '../../core/access/routes/segments.ts';
import { resolveSegment, UnresolvableSegment } from '../../core/audience/resolve-segment.ts';
import type { ResolvedSegment, Segment } from '../../core/audience/segment.ts';
import { isSizeQuery, sizeQuery, snapshotQuery } from '../../core/audience/segment-queries.ts';
import type { Snapshot } from '../../core/audience/snapshot.ts';
import { NoSuchQuery, queries } from '../adapters/athena.ts';
import { definitions } from '../adapters/definitions.ts';
import { createDefinition, saveDefinition } from '../adapters/outbox.ts';
import { type NamedSegment, segmentLookup } from '../adapters/segments.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { finishSnapshot } from './finish-snapshot.ts';
import { env } from './manage-segments.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE, WORK_BUCKET, ATHENA_WORK_GROUP, GLUE_DATABASE } =
  readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE };
const lake = queries({ workGroup: ATHENA_WORK_GROUP, database: GLUE_DATABASE });

/** The HTTP API gives up after 30 s. */
const WAIT_MS = 20_000;

/**
 * Segments, how many they hold, and snapshots of them. Running a call twice is safe: a change names the version that it
 * changes, counting only reads, and a snapshot that nobody knows of is never used.
 */
export const handler = apiHandler(
  'audience/manage-segments',
  routes,
  {
    createSegment: async ({ body, actor, nowMs, newId: id }) => {
      await resolved(body.segment);
      const created = { id, version: 1, ...body, author: actor, createdMs: nowMs };
      const saved = await save(created, 'create', actor, nowMs);
      return { body: saved, headers: { location: `/v1/segments/${id}` } };
    },

    listSegments: async ({ query: { limit, cursor } }) => {
      const page = await defs.list<NamedSegment>('segment', limit, cursor);
      return { body: { ...page, items: page.items.map(({ body }) => body) } };
    },

    getSegment: async ({ params }) => ({ body: await load(params.segmentId) }),

    updateSegment: async ({ params, body: { version, name, segment }, actor, nowMs }) => {
      const current = await load(params.segmentId);
      if (current.version !== version) {
        throw new Problem('version-conflict', `The segment is at version ${current.version}, not ${version}`);
      }
      await resolved(segment, current.id);
      return { body: await save({ ...current, version: version + 1, name, segment }, 'update', actor, nowMs) };
    },

    previewSegment: async ({ body, nowMs }) => {
      const id =
        'previewId' in body ? body.previewId : await lake.start(sizeQuery(await resolved(body.segment), nowMs));
      const query = await lake.settled(id, WAIT_MS).catch((error: unknown) => {
        throw error instanceof NoSuchQuery ? new Problem('not-found', `There is no preview ${id}`) : error;
      });
      if (!isSizeQuery(query.sql)) throw new Problem('not-found', `There is no preview ${id}`);
      if (query.state === 'running') return { body: { state: 'running', previewId: id } };
      if (query.state === 'failed') throw new Problem('invalid-segment', query.reason);
      const [row] = await lake.rows(id);
      const { submittedMs, scannedBytes } = query;
      const figures = { size: Number(row?.size), of: Number(row?.total), exact: true };
      return { body: { state: 'done', ...figures, asOf: new Date(submittedMs).toISOString(), scannedBytes } };
    },

    takeSnapshot: async ({ params: { segmentId }, body: { attributes }, actor, nowMs, newId: id }) => {
      const { segment, name } = await load(segmentId);
      const location = `s3://${WORK_BUCKET}/snapshots/${id}/unload/`;
      const queryId = await lake.start(
        snapshotQuery(await resolved(segment, segmentId), { nowMs, attributes, location }),
        `herald-snapshot-${id}`,
      );
      const snapshot: Snapshot = {
        id,
        version: 1,
        segmentId,
        state: 'running',
        takenMs: nowMs,
        author: actor,
        queryId,
      };
      const entry = { subject: `snapshot/${id}`, action: 'create', actor, atMs: nowMs, version: 1, detail: name };
      const stored = await createDefinition(defs, 'snapshot', id, snapshot, nowMs, [{ effect: 'audit', entry }], sinks);
      return { body: viewOf(stored.body), headers: { location: `/v1/snapshots/${id}` } };
    },

    getSnapshot: async ({ params: { snapshotId }, nowMs }) => {
      const stored = await defs.get<Snapshot>('snapshot', snapshotId);
      if (!stored) throw new Problem('not-found', `There is no snapshot ${snapshotId}`);
      return { body: viewOf(await finishSnapshot(defs, lake, WORK_BUCKET, stored, nowMs)) };
    },
  },
  IDEMPOTENCY_TABLE,
);

/** With the rules of the segments that it refers to, as they are now. */
const resolved = async (segment: Segment, id?: string): Promise<ResolvedSegment> => {
  try {
    return await resolveSegment(segment, segmentLookup(defs), id);
  } catch (error) {
    if (!(error instanceof UnresolvableSegment)) throw error;
    throw new Problem(error.reason === 'unknown' ? 'invalid-reference' : 'invalid-segment', error.message);
  }
};

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

const viewOf = ({ queryId: _internal, ...snapshot }: Snapshot) => snapshot;
