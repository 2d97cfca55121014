import { routes } from '../../core/access/routes/imports.ts';
import { type ImportAction, nextImportState } from '../../core/audience/import-states.ts';
import { type ProfileImport, progressOf } from '../../core/audience/profile-import.ts';
import { definitions, VersionConflict } from '../adapters/definitions.ts';
import { presign, presignUpload } from '../adapters/objects.ts';
import { createDefinition, saveDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { writtenSoFar } from './import-records.ts';
import { env } from './manage-imports.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE, WORK_BUCKET, IMPORT_MACHINE_ARN } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE, machines: { 'import-profiles': IMPORT_MACHINE_ARN } };

/** Presigned URLs and forms are good for an hour. */
const URL_SECONDS = 3_600;
/** A running import writes its place a few times a second: whoever changes it decides again on what it then is. */
const ATTEMPTS = 10;
/** Encodings, phone numbers and names of columns are 230 KB that most calls do without. */
const opening = () => import('./open-import.ts');

/**
 * Imports of profiles. Every action twice is safe: the second call finds the import in its new state, and the execution is
 * named after the import's version.
 */
export const handler = apiHandler(
  'audience/manage-imports',
  routes,
  {
    createImport: async ({ body: { name, ...options }, actor, nowMs, newId: id }) => {
      const created: ProfileImport = {
        id,
        version: 1,
        name,
        ...optionsOf(options),
        state: 'created',
        author: actor,
        createdMs: nowMs,
        key: `imports/${id}/file`,
        run: 0,
      };
      const outbox = [auditEntry(created, 'create', actor, nowMs)];
      const { body } = await createDefinition(defs, 'import', id, created, nowMs, outbox, sinks);
      const upload = uploadOf(body, nowMs);
      return { body: { ...(await viewOf(body)), upload }, headers: { location: `/v1/imports/${id}` } };
    },

    changeImport: ({ params, body: { name, ...options }, actor, nowMs }) =>
      act(params.importId, 'change', actor, nowMs, async (it) => {
        const { mapping: _mapping, defaultCountry: _country, ...rest } = unread(it);
        return { ...rest, name, ...optionsOf(options) };
      }),

    renewImportUpload: async ({ params, nowMs }) => {
      const it = await load(params.importId);
      if (!nextImportState(it.state, 'change')) throw new Problem('state-conflict', `The import is ${it.state}`);
      return { body: { upload: uploadOf(it, nowMs) } };
    },

    inspectImport: async ({ params }) => {
      const it = await load(params.importId);
      return { body: await (await opening()).inspectFile(WORK_BUCKET, it) };
    },

    checkImport: ({ params, body: { rows }, actor, nowMs }) =>
      act(params.importId, 'check', actor, nowMs, async (it) => {
        const check = { ...(rows !== undefined && { rowLimit: rows }), errors: [], sample: [] };
        return { ...(await begun(unread(it))), check };
      }),

    // What failed for a passing cause goes on; another file is read from its beginning.
    startImport: ({ params, actor, nowMs }) =>
      act(params.importId, 'start', actor, nowMs, async (it) => begun(it.check ? unread(it) : it)),
    pauseImport: ({ params, actor, nowMs }) => act(params.importId, 'pause', actor, nowMs, async (it) => it),
    resumeImport: ({ params, actor, nowMs }) => act(params.importId, 'resume', actor, nowMs, async (it) => it),
    cancelImport: ({ params, actor, nowMs }) =>
      act(params.importId, 'cancel', actor, nowMs, async (it) => ({ ...it, finishedMs: nowMs })),

    getImport: async ({ params }) => ({ body: await viewOf(await load(params.importId)) }),

    listImports: async ({ query: { limit, cursor } }) => {
      const page = await defs.list<ProfileImport>('import', limit, cursor);
      // Samples are for whoever looks at one import.
      const items = page.items.map(({ body: { check: _check, ...shown } }) => viewOf(shown));
      return { body: { ...page, items: await Promise.all(items) } };
    },
  },
  IDEMPOTENCY_TABLE,
);

const load = async (id: string): Promise<ProfileImport> => {
  const stored = await defs.get<ProfileImport>('import', id);
  if (!stored) throw new Problem('not-found', `There is no import ${id}`);
  return stored.body;
};

/** Absent options take away what was there. */
const optionsOf = ({ mapping, defaultCountry, file }: Options): Pick<ProfileImport, keyof Options> => ({
  ...(mapping && { mapping }),
  ...(defaultCountry && { defaultCountry }),
  file: (file ?? {}) as ProfileImport['file'],
});
type Options = {
  mapping?: ProfileImport['mapping'] | undefined;
  defaultCountry?: string | undefined;
  file?: object | undefined;
};

/** The import without what was found in its file, and without options. */
const unread = ({ source: _s, reading: _r, check: _c, reason: _n, finishedMs: _f, ...rest }: ProfileImport) => rest;

/** The import with its file looked at, from where it is to be read on. */
const begun = async (it: ProfileImport): Promise<ProfileImport> => {
  const { mapping, reading, reason: _reason, finishedMs: _finished, ...rest } = it;
  if (!mapping)
    throw new Problem('state-conflict', 'Say what its columns become: PUT a mapping; the inspection proposes one');
  const source = await (await opening()).openSource(WORK_BUCKET, it, mapping);
  const goesOn = reading !== undefined && it.source?.etag === source.etag;
  const { byte: bytesDone, line: nextLine } = source.start;
  const afresh = { generation: it.version + 1, steps: 0, bytesDone, nextLine, rows: 0, refused: 0, done: false };
  return { ...rest, mapping, source, reading: goesOn ? reading : afresh };
};

const WORKS = new Set<ImportAction>(['check', 'start', 'resume']);

/** Decides on the import as it is, and again when it was changed in between. */
const act = async (
  id: string,
  action: ImportAction,
  actor: string,
  nowMs: number,
  change: (it: ProfileImport) => Promise<ProfileImport>,
) => {
  for (let attempt = 1; ; attempt += 1) {
    const it = await load(id);
    const state = nextImportState(it.state, action);
    if (!state) throw new Problem('state-conflict', `The import is ${it.state}`);
    const version = it.version + 1;
    const run = WORKS.has(action) ? version : it.run;
    const next: ProfileImport = { ...(await change(it)), version, state, run };
    const outbox = [auditEntry(next, action, actor, nowMs)];
    if (WORKS.has(action)) {
      const input = { importId: id, run };
      outbox.push({ effect: 'start-execution', machine: 'import-profiles', name: `${id}-${version}`, input });
    }
    try {
      await saveDefinition(defs, 'import', id, next, it.version, nowMs, outbox, sinks);
      return { body: await viewOf(next) };
    } catch (error) {
      if (!(error instanceof VersionConflict) || attempt === ATTEMPTS) throw error;
    }
  }
};

const auditEntry = (it: ProfileImport, action: string, actor: string, atMs: number): OutboxEntry => ({
  effect: 'audit',
  entry: { subject: `import/${it.id}`, action, actor, atMs, version: it.version, detail: it.name },
});

const uploadOf = (it: ProfileImport, nowMs: number) => presignUpload(WORK_BUCKET, it.key, URL_SECONDS, nowMs);

const viewOf = async (it: ProfileImport) => {
  const { key: _key, run: _run, source, reading, written: _written, file, ...shown } = it;
  return {
    ...shown,
    file: source?.form ?? file,
    progress: progressOf(it, await writtenSoFar(defs, it)),
    ...(reading?.errorsKey && { errorsUrl: await presign('GET', WORK_BUCKET, reading.errorsKey, URL_SECONDS) }),
  };
};
