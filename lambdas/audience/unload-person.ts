import { type Asked, type AskedRow, rowsQuery } from '../../core/audience/erasure-queries.ts';
import { LAKE, type PersonalLakeName } from '../../core/audience/personal-stores.ts';
import type { Queries } from '../adapters/athena.ts';
import { deleteObject, writeObject } from '../adapters/objects.ts';
import { unloadedFiles } from '../adapters/unloaded-files.ts';

export type LakePorts = { lake: Queries; bucket: string };

/** `files`: of the tables whose rows are there. `forget` deletes what was made for the export and is not its document. */
export type Unloaded = { files: Map<PersonalLakeName, string[]>; failed?: string; forget: () => Promise<void> };

/**
 * Has Athena write all rows of the person, table by table, below `folder`, and waits for so long. Repeating it asks for the same
 * queries. The ids are in an object, and not in the text of the queries, which Athena keeps.
 */
export const unloadPerson = async (
  { lake, bucket }: LakePorts,
  ids: readonly string[],
  asked: Asked,
  folder: string,
  waitMs: number,
): Promise<Unloaded> => {
  const askedKey = `asked/dt=${asked.day}/${asked.run}.ndjson`;
  const rows = ids.map((id): AskedRow => ({ run: asked.run, profile_id: id, person: '' }));
  await writeObject(bucket, askedKey, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const untilMs = performance.now() + waitMs;
  const tables = Object.keys(LAKE) as PersonalLakeName[];
  const started = await Promise.all(
    tables.map(async (table) => {
      const sql = rowsQuery(table, asked, `s3://${bucket}/${folder}/${table}/`);
      return { table, id: await lake.start(sql, `herald-export-${asked.run}-${table}`) };
    }),
  );
  const files = new Map<PersonalLakeName, string[]>();
  let failed: string | undefined;
  for (const { table, id } of started) {
    const { state, reason, manifest } = await lake.settled(id, Math.max(0, untilMs - performance.now()));
    if (state === 'failed') failed = reason;
    if (state === 'succeeded') files.set(table, manifest ? await unloadedFiles(bucket, manifest) : []);
  }
  const forget = async () => {
    for (const key of [askedKey, ...[...files.values()].flat()]) await deleteObject(bucket, key);
  };
  return { files, ...(failed !== undefined && { failed }), forget };
};
