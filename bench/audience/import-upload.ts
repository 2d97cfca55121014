import { once } from 'node:events';
import { createWriteStream, openAsBlob } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Upload, uploadFile } from '../../scripts/client.ts';
import { inventPerson } from '../../scripts/purchases.ts';

/**
 * The app whose people are imported: `node import-upload.ts <rows>` is told an upload by its parent, sends so many invented
 * people there as CSV, and tells how many bytes they were.
 */
const rows = Number(process.argv[2]);
const [upload] = (await once(process, 'message')) as [Upload];
const folder = await mkdtemp(join(tmpdir(), 'herald-bench-'));
const file = join(folder, 'people.csv');
async function* lines() {
  yield `${Object.keys(inventPerson('0')).join(',')}\n`;
  for (let n = 1; n <= rows; n += 1) yield `${Object.values(inventPerson(String(n).padStart(7, '0'))).join(',')}\n`;
}
await pipeline(lines, createWriteStream(file));
await uploadFile(upload, await openAsBlob(file));
const { size } = await stat(file);
await rm(folder, { recursive: true });
process.send?.(size, () => process.disconnect());
