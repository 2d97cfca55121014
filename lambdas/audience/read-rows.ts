import { gunzipLines } from '../adapters/lines.ts';
import { readObject } from '../adapters/objects.ts';

/** A row of the files of an UNLOAD, in their order, from 0. */
export type Place = { file: number; row: number };
/** Some rows, and the place after them. */
export type Rows<Row> = { rows: Row[]; next: Place };

/** The rows from a place on, up to `size` at a time, so that memory does not grow with the files. */
export async function* readRows<Row>(
  bucket: string,
  files: readonly string[],
  from: Place,
  size: number,
): AsyncGenerator<Rows<Row>> {
  for (let file = from.file; file < files.length; file += 1) {
    let rows: Row[] = [];
    let row = 0;
    for await (const line of gunzipLines(await readObject(bucket, files[file] ?? ''))) {
      row += 1;
      if (file === from.file && row <= from.row) continue;
      rows.push(JSON.parse(line) as Row);
      if (rows.length < size) continue;
      yield { rows, next: { file, row } };
      rows = [];
    }
    if (rows.length > 0) yield { rows, next: { file: file + 1, row: 0 } };
  }
}
