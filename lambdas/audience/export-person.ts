import type { Context } from 'aws-lambda';
import { exportKey, type PersonalExport } from '../../core/audience/personal-export.ts';
import { LAKE, type PersonalLakeName } from '../../core/audience/personal-stores.ts';
import { queries } from '../adapters/athena.ts';
import { definitions, type Stored } from '../adapters/definitions.ts';
import { writeObject } from '../adapters/objects.ts';
import { readEnv } from '../middleware/read-env.ts';
import { collectPerson, personOf } from './collect-person.ts';
import { env } from './export-person.env.ts';
import { type LakePorts, unloadPerson } from './unload-person.ts';

const environment = readEnv(env);
const { DEFINITIONS_TABLE, WORK_BUCKET, ATHENA_WORK_GROUP, GLUE_DATABASE } = environment;
const defs = definitions(DEFINITIONS_TABLE);
const lakePorts: LakePorts = {
  lake: queries({ workGroup: ATHENA_WORK_GROUP, database: GLUE_DATABASE }),
  bucket: WORK_BUCKET,
};

const MAX_ATTEMPTS = 3;
const ENOUGH_MS = 60_000;

/** The export's item still carries the outbox of its start. */
class NotReady extends Error {
  override name = 'NotReady';
}

type Task = { exportId: string; failure?: { Error?: string } };

/**
 * Task of export-person: asks the lake and waits as long as there is time, then gathers all into the document. Running it
 * twice is safe: the queries of an attempt are started once, the document is written over with the same, and what it was
 * gathered from is deleted after it is noted that the document is there. With `failure` it records why the export ended;
 * either way the item forgets whom it was about.
 */
export const handler = async (
  { exportId, failure }: Task,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<{ done: boolean }> => {
  const stored = await defs.get<PersonalExport>('export', exportId);
  if (!stored) throw new Error(`There is no export ${exportId}`);
  const { profileId, state, attempt } = stored.body;
  if (state !== 'running' || profileId === undefined) return { done: true };
  if (stored.outbox.length > 0) throw new NotReady(`Export ${exportId} is being started`);
  if (failure) {
    await end(stored, { state: 'failed', reason: `Stopped by an error on our side: ${failure.Error ?? 'unknown'}` });
    return { done: true };
  }

  const person = await personOf(environment, profileId);
  // Of its making, so that a midnight in between does not change the queries.
  const asked = { run: `${exportId}-${attempt}`, day: new Date(stored.body.createdMs).toISOString().slice(0, 10) };
  const waitMs = context.getRemainingTimeInMillis() - ENOUGH_MS;
  const unloaded = await unloadPerson(lakePorts, person, asked, `exports/${exportId}/${attempt}`, waitMs);
  if (unloaded.failed !== undefined) {
    if (attempt === MAX_ATTEMPTS) await end(stored, { state: 'failed', reason: unloaded.failed });
    else await save(stored, { attempt: attempt + 1, progress: { ...stored.body.progress, done: 0 } });
    return { done: attempt === MAX_ATTEMPTS };
  }
  if (unloaded.files.size < Object.keys(LAKE).length) {
    await save(stored, { progress: { ...stored.body.progress, done: unloaded.files.size } });
    return { done: false };
  }
  const gathered = stored.body.records === undefined ? await gather(stored, person, unloaded.files as Files) : stored;
  await unloaded.forget();
  await end(gathered, { state: 'finished' });
  return { done: true };
};
type Files = ReadonlyMap<PersonalLakeName, readonly string[]>;

const gather = async (stored: Stored<PersonalExport>, person: readonly string[], files: Files) => {
  const lines = await collectPerson(environment, lakePorts.bucket, person, files, Date.now());
  await writeObject(WORK_BUCKET, exportKey(stored.id), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const { progress } = stored.body;
  return save(stored, { progress: { ...progress, done: progress.of }, records: lines.length - 1 });
};

const save = (stored: Stored<PersonalExport>, change: Partial<PersonalExport>) => {
  const after = { ...stored.body, ...change, version: stored.version + 1 };
  return defs.put('export', stored.id, after, stored.version, Date.now());
};

const end = async (stored: Stored<PersonalExport>, change: Partial<PersonalExport>): Promise<void> => {
  const { profileId: _forgotten, ...body } = stored.body;
  await save({ ...stored, body }, { ...change, finishedMs: Date.now() });
};
