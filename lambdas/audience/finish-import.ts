import { type ImportAction, nextImportState } from '../../core/audience/import-states.ts';
import { type ProfileImport, sumOf } from '../../core/audience/profile-import.ts';
import { definitions, type Stored } from '../adapters/definitions.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './finish-import.env.ts';
import { appendErrors } from './import-errors.ts';
import { allLanes, type ImportTask, importAtWork } from './import-records.ts';

const { DEFINITIONS_TABLE, WORK_BUCKET } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);

type Task = ImportTask & { failure?: { Error?: string; Cause?: string } };

/**
 * Task of import-profiles: ends the import with what its lanes have written; with `failure`, records why it stopped. Running
 * it twice is safe: the second run finds the import ended.
 */
export const handler = async ({ failure, ...task }: Task): Promise<void> => {
  const stored = await importAtWork(defs, task);
  if (!stored) return;
  const it = stored.body;
  if (failure) {
    const reason = `Stopped by an error on our side: ${failure.Error ?? 'unknown'}`;
    return end(stored, 'fail', { reason });
  }
  const lanes = (await allLanes(defs, it)).map(({ body }) => body);
  const written = sumOf(lanes);
  const { reading } = it;
  // A lane that stopped for a pause has pieces left; whoever resumes starts another execution.
  if (!reading?.done || lanes.some(({ steps }) => steps < reading.steps)) return;
  const errors = lanes.flatMap((lane) => lane.errors).sort((a, b) => a.line - b.line);
  const errorsKey = await appendErrors(WORK_BUCKET, it, reading.errorsKey, errors, 'end');
  return end(stored, 'finish', { written, reading: { ...reading, ...(errorsKey && { errorsKey }) } });
};

const end = async (stored: Stored<ProfileImport>, action: ImportAction, more: Partial<ProfileImport>) => {
  const state = nextImportState(stored.body.state, action);
  if (!state) return;
  const nowMs = Date.now();
  const ended = { ...stored.body, ...more, version: stored.version + 1, state, finishedMs: nowMs };
  await defs.put('import', stored.id, ended, stored.version, nowMs);
};
