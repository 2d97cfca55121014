import { gunzipLines } from './lines.ts';
import { readObject } from './objects.ts';
import { unloadedFiles } from './unloaded-files.ts';

/** A row of an UNLOAD and where it stands: the number of its file in the manifest's order, and of its line from 0. */
export type PlacedRow<Row> = { row: Row; file: number; line: number };

/**
 * Rows of the files that a manifest names (S3 address, '' for none), one at a time and always in the same order, from a
 * place on: whoever stopped there goes on there.
 */
export async function* unloadedRows<Row>(
  bucket: string,
  manifest: string,
  from: { file: number; line: number } = { file: 0, line: 0 },
): AsyncGenerator<PlacedRow<Row>> {
  const files = manifest ? await unloadedFiles(bucket, manifest) : [];
  for (let file = from.file; file < files.length; file += 1) {
    let line = 0;
    for await (const text of gunzipLines(await readObject(bucket, files[file]!))) {
      if (file > from.file || line >= from.line) yield { row: JSON.parse(text) as Row, file, line };
      line += 1;
    }
  }
}
