import {
  freshLane,
  type ImportLane,
  lanesOf,
  nothingWritten,
  type ProfileImport,
  sumOf,
  type Written,
} from '../../core/audience/profile-import.ts';
import type { Definitions, Stored } from '../adapters/definitions.ts';

/** What an execution of import-profiles is given. `run` says which start, check or resume it belongs to. */
export type ImportTask = { importId: string; run: number };

/** The import's item still carries the outbox of its start. */
export class NotReady extends Error {
  override name = 'NotReady';
}

/**
 * The import, when this execution is still to work on it: nobody has paused, cancelled, changed or finished it, and no later
 * start has taken over. Throws NotReady while the start is not cleared.
 */
export const importAtWork = async (
  defs: Definitions,
  { importId, run }: ImportTask,
): Promise<Stored<ProfileImport> | undefined> => {
  const stored = await defs.get<ProfileImport>('import', importId);
  if (!stored) throw new Error(`There is no import ${importId}`);
  const { state, run: current } = stored.body;
  if ((state !== 'running' && state !== 'checking') || current !== run) return undefined;
  if (stored.outbox.length > 0) throw new NotReady(`Import ${importId} is being started`);
  return stored;
};

export const laneNumbers = ({ source }: ProfileImport): number[] =>
  Array.from({ length: lanesOf(source?.bytes ?? 0) }, (_, lane) => lane);

const laneId = (it: ProfileImport, lane: number) => `${it.id}#${lane}`;

/** Where the lane stands, and the version to write over; what an older reading has left there counts for nothing. */
export const loadLane = async (defs: Definitions, it: ProfileImport, lane: number) => {
  const stored = await defs.get<ImportLane>('import-lane', laneId(it, lane));
  const generation = it.reading?.generation ?? 0;
  const body = stored?.body.generation === generation ? stored.body : freshLane(generation);
  return { version: stored?.version ?? 0, body };
};
export const saveLane = (
  defs: Definitions,
  it: ProfileImport,
  lane: number,
  body: ImportLane,
  expected: number,
  nowMs: number,
) => defs.put('import-lane', laneId(it, lane), body, expected, nowMs);

/** What the lanes have written so far. */
export const writtenSoFar = async (defs: Definitions, it: ProfileImport): Promise<Written> => {
  if (it.written) return it.written;
  // Nothing is written before the whole file is read.
  if (!it.reading?.done || it.check) return nothingWritten;
  return sumOf((await allLanes(defs, it)).map(({ body }) => body));
};
export const allLanes = (defs: Definitions, it: ProfileImport) =>
  Promise.all(laneNumbers(it).map((lane) => loadLane(defs, it, lane)));

/** S3 key of the rows that a step of the reading has left for a lane. */
export const pieceKey = (it: ProfileImport, step: number, lane: number): string =>
  `imports/${it.id}/${it.reading?.generation ?? 0}/rows-${step}-${lane}.ndjson`;
