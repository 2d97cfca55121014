import { routes } from '../../core/access/routes/snapshots.ts';
import { snapshotQuery } from '../../core/audience/segment-queries.ts';
import type { Snapshot } from '../../core/audience/snapshot.ts';
import { queries } from '../adapters/athena.ts';
import { peopleOf } from '../adapters/audiences.ts';
import { definitions } from '../adapters/definitions.ts';
import { createDefinition } from '../adapters/outbox.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { finishSnapshot } from './finish-snapshot.ts';
import { env } from './manage-snapshots.env.ts';
import { orProblem } from './or-problem.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE, WORK_BUCKET, ATHENA_WORK_GROUP, GLUE_DATABASE } =
  readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE };
const lake = queries({ workGroup: ATHENA_WORK_GROUP, database: GLUE_DATABASE });

/**
 * Snapshots that people take. Running a call twice is safe: a snapshot that nobody knows of is never used, and reading one
 * stores what it finds.
 */
export const handler = apiHandler(
  'audience/manage-snapshots',
  routes,
  {
    takeSnapshot: async ({ body: { audience, attributes }, actor, nowMs, newId: id }) => {
      const { tree } = await peopleOf(defs, audience, { at: 'audience.' }).catch(orProblem);
      const location = `s3://${WORK_BUCKET}/snapshots/${id}/unload/`;
      const queryId = await lake.start(snapshotQuery(tree, { nowMs, attributes, location }), `herald-snapshot-${id}`);
      const running = { state: 'running' as const, takenMs: nowMs, author: actor, queryId };
      const snapshot: Snapshot = { id, version: 1, audience, ...running };
      const detail = Object.values(audience).join();
      const entry = { subject: `snapshot/${id}`, action: 'create', actor, atMs: nowMs, version: 1, detail };
      const stored = await createDefinition(defs, 'snapshot', id, snapshot, nowMs, [{ effect: 'audit', entry }], sinks);
      return { body: viewOf(stored.body), headers: { location: `/v1/snapshots/${id}` } };
    },

    listSnapshots: async ({ query: { limit, cursor } }) => {
      const page = await defs.list<Snapshot>('snapshot', limit, cursor);
      return { body: { ...page, items: page.items.map(({ body }) => viewOf(body)) } };
    },

    getSnapshot: async ({ params: { snapshotId }, nowMs }) => {
      const stored = await defs.get<Snapshot>('snapshot', snapshotId);
      if (!stored) throw new Problem('not-found', `There is no snapshot ${snapshotId}`);
      return { body: viewOf(await finishSnapshot(defs, lake, WORK_BUCKET, stored, nowMs)) };
    },
  },
  IDEMPOTENCY_TABLE,
);

const viewOf = ({ queryId: _internal, ...snapshot }: Snapshot) => snapshot;
