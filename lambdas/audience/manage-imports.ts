import { routes } from '../../core/access/routes/imports.ts';
import { noProgress, type ProfileImport } from '../../core/audience/profile-import.ts';
import { definitions } from '../adapters/definitions.ts';
import { isMissing, objectHead, presign } from '../adapters/objects.ts';
import { createDefinition, saveDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './manage-imports.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE, WORK_BUCKET, IMPORT_MACHINE_ARN } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE, machines: { 'import-profiles': IMPORT_MACHINE_ARN } };

/** Presigned URLs are good for an hour. */
const URL_SECONDS = 3_600;

/**
 * Imports of profiles. Starting one twice is safe: the second call finds it running, and the execution is named after
 * the import's version.
 */
export const handler = apiHandler(
  'audience/manage-imports',
  routes,
  {
    createImport: async ({ body, actor, nowMs, newId: id }) => {
      const created: ProfileImport = {
        id,
        version: 1,
        ...body,
        state: 'created',
        author: actor,
        createdMs: nowMs,
        key: `imports/${id}/file.csv`,
        progress: noProgress(0),
        nextLine: 1,
      };
      await save(created, 'create', actor, nowMs);
      const uploadUrl = await presign('PUT', WORK_BUCKET, created.key, URL_SECONDS);
      return { body: { ...(await viewOf(created)), uploadUrl }, headers: { location: `/v1/imports/${id}` } };
    },

    startImport: async ({ params, actor, nowMs }) => {
      const current = await load(params.importId);
      if (current.state !== 'created' && current.state !== 'failed') {
        throw new Problem('state-conflict', `The import is ${current.state}`);
      }
      const { bytes, etag } = await objectHead(WORK_BUCKET, current.key).catch((error: unknown) => {
        throw isMissing(error) ? new Problem('state-conflict', 'Upload the file to uploadUrl first') : error;
      });
      const { reason: _reason, errorsKey, header, ...rest } = current;
      // What failed for a passing cause goes on; another file is read from its beginning.
      const resumes = header !== undefined && current.etag === etag;
      const started: ProfileImport = {
        ...rest,
        version: current.version + 1,
        state: 'running',
        etag,
        ...(resumes ? { header, ...(errorsKey && { errorsKey }) } : { progress: noProgress(bytes), nextLine: 1 }),
      };
      const name = `${started.id}-${started.version}`;
      const input = { importId: started.id };
      await save(started, 'start', actor, nowMs, [
        { effect: 'start-execution', machine: 'import-profiles', name, input },
      ]);
      return { body: await viewOf(started) };
    },

    getImport: async ({ params }) => ({ body: await viewOf(await load(params.importId)) }),

    listImports: async ({ query: { limit, cursor } }) => {
      const page = await defs.list<ProfileImport>('import', limit, cursor);
      return { body: { ...page, items: await Promise.all(page.items.map(({ body }) => viewOf(body))) } };
    },
  },
  IDEMPOTENCY_TABLE,
);

const load = async (id: string): Promise<ProfileImport> => {
  const stored = await defs.get<ProfileImport>('import', id);
  if (!stored) throw new Problem('not-found', `There is no import ${id}`);
  return stored.body;
};

const save = async (it: ProfileImport, action: string, actor: string, nowMs: number, effects: OutboxEntry[] = []) => {
  const entry = { subject: `import/${it.id}`, action, actor, atMs: nowMs, version: it.version, detail: it.name };
  const outbox: OutboxEntry[] = [{ effect: 'audit', entry }, ...effects];
  if (it.version === 1) await createDefinition(defs, 'import', it.id, it, nowMs, outbox, sinks);
  else await saveDefinition(defs, 'import', it.id, it, it.version - 1, nowMs, outbox, sinks);
};

const viewOf = async (it: ProfileImport) => {
  const { key: _key, etag: _etag, header: _header, nextLine: _nextLine, errorsKey, ...shown } = it;
  return {
    ...shown,
    ...(errorsKey && { errorsUrl: await presign('GET', WORK_BUCKET, errorsKey, URL_SECONDS) }),
  };
};
