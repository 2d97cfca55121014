import type { Context } from 'aws-lambda';
import type { ProfileRow } from '../../core/audience/profile.ts';
import { type ImportError, MAX_LISTED_ERRORS, type ProfileImport } from '../../core/audience/profile-import.ts';
import { readImportWindow, UnusableFile } from '../../core/audience/read-import-window.ts';
import type { ConsentRow } from '../../core/delivery/consent.ts';
import { contacts } from '../adapters/contacts.ts';
import { definitions, type Stored } from '../adapters/definitions.ts';
import { appendRows } from '../adapters/lake.ts';
import { readObject, writeObject } from '../adapters/objects.ts';
import { profiles } from '../adapters/profiles.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './import-part.env.ts';
import { importRows } from './import-rows.ts';

const { DEFINITIONS_TABLE, PROFILES_TABLE, CONTACTS_TABLE, PROFILES_STREAM, CONSENTS_STREAM, WORK_BUCKET } =
  readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const ports = {
  profiles: profiles(PROFILES_TABLE),
  contacts: contacts(CONTACTS_TABLE),
  appendProfiles: (rows: ProfileRow[]) => appendRows(PROFILES_STREAM, rows),
  appendConsents: (rows: ConsentRow[]) => appendRows(CONSENTS_STREAM, rows),
};

/** Bytes of the file that are in memory at once, and what a crash repeats: about 3,000 rows. */
const WINDOW_BYTES = 262_144;
/** The part of the Lambda's time after which no new window is begun. */
const TIME_SHARE = 0.6;

/** The import's item still carries the outbox of its start. */
class NotReady extends Error {
  override name = 'NotReady';
}

type Task = { importId: string; failure?: { Error?: string; Cause?: string } };

/**
 * Task of import-profiles: reads on in the file until it ends or time is short; with `failure`, records why the import
 * stopped. Running it twice is safe: the place in the file is stored with what was counted, and a window that is read
 * again merges the same rows again.
 */
export const handler = async (
  { importId, failure }: Task,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<{ done: boolean }> => {
  const stored = await defs.get<ProfileImport>('import', importId);
  if (!stored) throw new Error(`There is no import ${importId}`);
  if (stored.body.state !== 'running') return { done: true };
  if (stored.outbox.length > 0) throw new NotReady(`Import ${importId} is being started`);
  if (failure) return fail(stored, `Stopped by an error on our side: ${failure.Error ?? 'unknown'}`);

  const enoughMs = context.getRemainingTimeInMillis() * (1 - TIME_SHARE);
  let current = stored;
  try {
    do current = await importWindow(current);
    while (current.body.state === 'running' && context.getRemainingTimeInMillis() > enoughMs);
  } catch (error) {
    if (error instanceof UnusableFile) return fail(current, error.message);
    throw error;
  }
  return { done: current.body.state !== 'running' };
};

/** Imports one window and stores the place after it. */
const importWindow = async (stored: Stored<ProfileImport>): Promise<Stored<ProfileImport>> => {
  const it = stored.body;
  const { bytesDone, bytesTotal } = it.progress;
  if (bytesTotal === 0) throw new UnusableFile('The file is empty');
  const last = Math.min(bytesDone + WINDOW_BYTES, bytesTotal) - 1;
  const response = await readObject(WORK_BUCKET, it.key, [bytesDone, last]);
  if (it.etag !== undefined && response.headers.get('etag') !== it.etag) {
    await response.body?.cancel();
    throw new UnusableFile('The file was replaced after the start; start the import again to read the new one');
  }
  const window = readImportWindow(it, new Uint8Array(await response.arrayBuffer()));

  const nowMs = Date.now();
  const tooLarge = new Set(await importRows(ports, window.rows, `${it.id}@${bytesDone}`, nowMs));
  const oversized = window.rows.filter(({ profileId }) => tooLarge.has(profileId));
  const errors = [
    ...window.errors,
    ...oversized.map(({ line, profileId }) => ({
      line,
      column: '',
      message: 'the profile becomes too large',
      excerpt: profileId,
    })),
  ];
  const refused = window.refused + oversized.length;
  const imported = window.rows.length - oversized.length;
  const finished = window.bytesDone >= bytesTotal;
  const errorsKey = await listErrors(it, errors);
  const after: ProfileImport = {
    ...it,
    version: stored.version + 1,
    header: window.header,
    nextLine: window.nextLine,
    progress: {
      bytesDone: window.bytesDone,
      bytesTotal,
      rows: it.progress.rows + imported + refused,
      imported: it.progress.imported + imported,
      refused: it.progress.refused + refused,
    },
    ...(errorsKey && { errorsKey }),
    ...(finished && { state: 'finished', finishedMs: nowMs }),
  };
  return defs.put('import', it.id, after, stored.version, nowMs);
};

/**
 * S3 cannot append: the file with the new errors is another object, named by the place in the import, so a window that is
 * read again writes the same. Bounded, so it fits in memory.
 */
const listErrors = async (it: ProfileImport, errors: readonly ImportError[]): Promise<string | undefined> => {
  if (errors.length === 0) return it.errorsKey;
  const before = it.errorsKey ? await (await readObject(WORK_BUCKET, it.errorsKey)).text() : '';
  const room = MAX_LISTED_ERRORS - before.split('\n').length + 1;
  if (room <= 0) return it.errorsKey;
  const key = `imports/${it.id}/errors-${it.progress.bytesDone}.ndjson`;
  const lines = errors.slice(0, room).map((error) => `${JSON.stringify(error)}\n`);
  await writeObject(WORK_BUCKET, key, before + lines.join(''));
  return key;
};

const fail = async (stored: Stored<ProfileImport>, reason: string): Promise<{ done: boolean }> => {
  const nowMs = Date.now();
  const failed = { ...stored.body, version: stored.version + 1, state: 'failed' as const, reason, finishedMs: nowMs };
  await defs.put('import', stored.id, failed, stored.version, nowMs);
  return { done: true };
};
