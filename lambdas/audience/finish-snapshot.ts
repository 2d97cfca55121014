import type { Snapshot } from '../../core/audience/snapshot.ts';
import type { Queries } from '../adapters/athena.ts';
import { type Definitions, type Stored, VersionConflict } from '../adapters/definitions.ts';
import { gunzipLines } from '../adapters/lines.ts';
import { readObject } from '../adapters/objects.ts';
import { unloadedFiles } from '../adapters/unloaded-files.ts';

/**
 * The snapshot as it now is: when its query has ended since it was last looked at, the result is stored first. Two
 * readers may do that at once: they find the same.
 */
export const finishSnapshot = async (
  defs: Definitions,
  lake: Queries,
  bucket: string,
  stored: Stored<Snapshot>,
  nowMs: number,
): Promise<Snapshot> => {
  const snapshot = stored.body;
  if (snapshot.state !== 'running') return snapshot;
  const { state, reason, manifest } = await lake.state(snapshot.queryId);
  if (state === 'running') return snapshot;
  const version = stored.version + 1;
  const ended: Snapshot =
    state === 'failed'
      ? { ...snapshot, version, state, reason }
      : { ...snapshot, version, state: 'finished', ...(await filesOf(bucket, manifest)) };
  try {
    return (await defs.put('snapshot', snapshot.id, ended, stored.version, nowMs)).body;
  } catch (error) {
    if (error instanceof VersionConflict) return ended;
    throw error;
  }
};

/** The files that the UNLOAD's manifest names, and how many lines they have together. */
const filesOf = async (bucket: string, manifest: string | undefined): Promise<{ files: string[]; count: number }> => {
  if (!manifest) return { files: [], count: 0 };
  const files = await unloadedFiles(bucket, manifest);
  let count = 0;
  for (const file of files) for await (const _line of gunzipLines(await readObject(bucket, file))) count += 1;
  return { files, count };
};
