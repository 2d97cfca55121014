import type { Context } from 'aws-lambda';
import { UnusableFile } from '../../core/audience/import-form.ts';
import { nextImportState } from '../../core/audience/import-states.ts';
import {
  type ImportCheck,
  type ImportSource,
  laneOf,
  MAX_LISTED_ERRORS,
  type ProfileImport,
  type Reading,
} from '../../core/audience/profile-import.ts';
import type { Step } from '../../core/audience/read-import-step.ts';
import { contacts } from '../adapters/contacts.ts';
import { definitions, type Stored, VersionConflict } from '../adapters/definitions.ts';
import { readObject, writeObject } from '../adapters/objects.ts';
import { profiles } from '../adapters/profiles.ts';
import { readEnv } from '../middleware/read-env.ts';
import { appendErrors } from './import-errors.ts';
import { type ImportTask, importAtWork, laneNumbers, pieceKey } from './import-records.ts';
import { env } from './read-import.env.ts';
import { samplePeople } from './sample-people.ts';

const { DEFINITIONS_TABLE, PROFILES_TABLE, CONTACTS_TABLE, WORK_BUCKET } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const tables = { profiles: profiles(PROFILES_TABLE), contacts: contacts(CONTACTS_TABLE) };

/** Bytes of the file that are in memory at once, and what a crash repeats: about 20,000 rows. Also the longest line. */
const STEP_BYTES = 2 * 1024 ** 2;
/** The part of the Lambda's time after which no new step is begun. */
const TIME_SHARE = 0.6;
const LISTED_IN_CHECK = 20;

/** What comes next: read on, write the lanes, or nothing. */
type Outcome = { next: 'read' | 'write' | 'end'; lanes: number[] };

/**
 * Task of import-profiles: reads on in the file until it ends or time is short, and leaves its rows in pieces, one a step and
 * lane. Running it twice is safe: the place in the file is stored with what was counted, and a step that is taken again
 * writes the same pieces again.
 */
export const handler = async (
  task: ImportTask,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<Outcome> => {
  const enoughMs = context.getRemainingTimeInMillis() * (1 - TIME_SHARE);
  do {
    const stored = await importAtWork(defs, task);
    if (!stored) return { next: 'end', lanes: [] };
    const { reading, check } = stored.body;
    if (reading?.done) return check ? { next: 'end', lanes: [] } : { next: 'write', lanes: laneNumbers(stored.body) };
    await save(stored, await stepped(stored.body));
  } while (context.getRemainingTimeInMillis() > enoughMs);
  return { next: 'read', lanes: [] };
};

/** Whoever paused, cancelled or changed it in between has the last word: then the step is not taken. */
const save = async (stored: Stored<ProfileImport>, after: Partial<ProfileImport>) => {
  const { id, version } = stored;
  try {
    await defs.put('import', id, { ...stored.body, ...after, version: version + 1 }, version, Date.now());
  } catch (error) {
    if (!(error instanceof VersionConflict)) throw error;
  }
};

/** What a step changes in the import. */
const stepped = async (it: ProfileImport): Promise<Partial<ProfileImport>> => {
  const { source, mapping, reading, check } = it;
  if (!source || !mapping || !reading) throw new Error(`Import ${it.id} was started without its file`);
  try {
    const rowsLeft = check?.rowLimit === undefined ? undefined : check.rowLimit - reading.rows;
    // Phone numbers and cells are 150 KB that a task which finds the import ended does without.
    const { readImportStep } = await import('../../core/audience/read-import-step.ts');
    const step = readImportStep(
      {
        ...{ source, mapping, bytesDone: reading.bytesDone, nextLine: reading.nextLine, errorRoom: MAX_LISTED_ERRORS },
        ...(it.defaultCountry && { country: it.defaultCountry }),
        ...(rowsLeft !== undefined && { rowLimit: rowsLeft }),
      },
      await windowAt(it.key, source, reading.bytesDone),
    );
    const next: Reading = {
      ...reading,
      steps: reading.steps + 1,
      bytesDone: step.bytesDone,
      nextLine: step.nextLine,
      rows: reading.rows + step.counted,
      refused: reading.refused + step.refused,
      done: step.bytesDone >= source.bytes || step.counted === rowsLeft,
    };
    const errorsKey = await appendErrors(WORK_BUCKET, it, reading.errorsKey, step.errors, `${reading.steps}`);
    if (errorsKey) next.errorsKey = errorsKey;
    if (check) return { reading: next, check: await checked(check, step), ...(next.done && { state: 'checked' }) };
    await leavePieces(it, reading.steps, step);
    return { reading: next };
  } catch (error) {
    const state = nextImportState(it.state, 'fail');
    if (!(error instanceof UnusableFile) || !state) throw error;
    return { state, reason: error.message, finishedMs: Date.now() };
  }
};

/** A file that has nothing below its header is empty here. */
const windowAt = async (key: string, { bytes, etag }: ImportSource, from: number): Promise<Uint8Array> => {
  if (from >= bytes) return new Uint8Array();
  const response = await readObject(WORK_BUCKET, key, [from, Math.min(from + STEP_BYTES, bytes) - 1]);
  const window = new Uint8Array(await response.arrayBuffer());
  if (response.headers.get('etag') !== etag)
    throw new UnusableFile('The file was replaced after the start; start the import again to read the new one');
  return window;
};

/** A piece of rows for every lane, in the order of the file. */
const leavePieces = async (it: ProfileImport, step: number, { rows }: Step) => {
  const lanes = laneNumbers(it);
  const pieces = lanes.map((): string[] => []);
  for (const row of rows) pieces[laneOf(row.profileId, lanes.length)]?.push(`${JSON.stringify(row)}\n`);
  await Promise.all(pieces.map((lines, lane) => writeObject(WORK_BUCKET, pieceKey(it, step, lane), lines.join(''))));
};

const checked = async (check: ImportCheck, { rows, errors }: Step): Promise<ImportCheck> => ({
  ...check,
  errors: [...check.errors, ...errors].slice(0, LISTED_IN_CHECK),
  // Those of the first step that has any.
  sample: check.sample.length > 0 ? check.sample : await samplePeople(tables, rows),
});
