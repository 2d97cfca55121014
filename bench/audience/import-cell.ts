import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, openAsBlob } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Upload, uploadFile } from '../../scripts/client.ts';
import { inventPerson } from '../../scripts/purchases.ts';
import { call } from '../../test/lambdas/api-call.ts';

/**
 * One import of so many rows by the handlers as Lambda runs them, two lanes at a time, in this process:
 * `node import-cell.ts <rows>` prints an `ImportCell` as one line of JSON. What they write to is another process.
 */
export type ImportCell = {
  rows: number;
  bytes: number;
  readSeconds: number;
  writeSeconds: number;
  peakMemoryMB: number;
};
const LANES_AT_ONCE = 2;

const rows = Number(process.argv[2]);
const services = fork(join(import.meta.dirname, 'import-services.ts'));
const [variables] = (await once(services, 'message')) as [Record<string, string>];
Object.assign(process.env, variables);

const folder = await mkdtemp(join(tmpdir(), 'herald-bench-'));
const file = join(folder, 'people.csv');
async function* lines() {
  yield `${Object.keys(inventPerson('0')).join(',')}\n`;
  for (let n = 1; n <= rows; n += 1) yield `${Object.values(inventPerson(String(n).padStart(7, '0'))).join(',')}\n`;
}
await pipeline(lines, createWriteStream(file));

const { handler: manage } = await import('../../lambdas/audience/manage-imports.ts');
const { handler: read } = await import('../../lambdas/audience/read-import.ts');
const { handler: write } = await import('../../lambdas/audience/write-import.ts');
const { handler: finish } = await import('../../lambdas/audience/finish-import.ts');
const mapping = {
  customer_id: 'profileId',
  first_name: 'attributes.firstName',
  city: 'attributes.city',
  push_token: 'pushToken',
  phone: 'phone',
  email: 'email',
  push_ok: 'consent.push',
  sms_ok: 'consent.sms',
  email_ok: 'consent.email',
};
type Import = { id: string; version: number; upload: Upload; state: string; progress: { imported: number } };
const created = (await call(manage, { route: 'POST /v1/imports', body: { name: 'Bench', mapping } })).body as Import;
await uploadFile(created.upload, await openAsBlob(file));
const params = { importId: created.id };
const started = await call(manage, { route: 'POST /v1/imports/{importId}/start', params, body: {} });
const task = { importId: created.id, run: (started.body as Import).version };
const context = { getRemainingTimeInMillis: () => 300_000 };

const startedAt = performance.now();
const { lanes } = await read(task, context);
const readAt = performance.now();
const queue = lanes.values();
const worker = async () => {
  for (const lane of queue) await write({ ...task, lane }, context);
};
await Promise.all(Array.from({ length: LANES_AT_ONCE }, worker));
await finish(task);
const endedAt = performance.now();

const ended = (await call(manage, { route: 'GET /v1/imports/{importId}', params })).body as Import;
if (ended.state !== 'finished' || ended.progress.imported !== rows)
  throw new Error(`The import ended as ${JSON.stringify(ended)}`);
const cell: ImportCell = {
  rows,
  bytes: (await stat(file)).size,
  readSeconds: (readAt - startedAt) / 1000,
  writeSeconds: (endedAt - readAt) / 1000,
  peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1024),
};
console.log(JSON.stringify(cell));
await rm(folder, { recursive: true });
services.disconnect();
process.exit();
