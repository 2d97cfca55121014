import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiLambda } from '../../lambdas/middleware/api.ts';
import { bundleFolder } from '../../lib/kit/bundle.ts';
import type { Upload } from '../../scripts/client.ts';
import { call } from '../../test/lambdas/api-call.ts';

/**
 * One import of so many rows by the bundles that Lambda runs, two lanes at a time, in this process:
 * `node import-cell.ts <rows>` prints an `ImportCell` as one line of JSON. What they write to is another process, and so is
 * the app that uploads the file.
 */
export type ImportCell = {
  rows: number;
  bytes: number;
  read: Seconds;
  write: Seconds;
  peakMemoryMB: number;
};
/** By the clock, and of this process's processor time. */
type Seconds = { clock: number; processor: number };
const LANES_AT_ONCE = 2;

/** `resourceUsage` would count what the parent had when it made this process; Linux knows what is this program's own. */
const peakMemoryMB = (): number => {
  const own = existsSync('/proc/self/status')
    ? /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))
    : null;
  return Math.round(Number(own?.[1] ?? process.resourceUsage().maxRSS) / 1024);
};

const rows = Number(process.argv[2]);
// A million people in tables that live in memory are more than the 4 GB that node allows itself.
const services = fork(join(import.meta.dirname, 'import-services.ts'), { execArgv: ['--max-old-space-size=12288'] });
const [variables] = (await once(services, 'message')) as [Record<string, string>];
Object.assign(process.env, variables);

const bundled = async (entry: string) => (await import(join(bundleFolder(`audience/${entry}`), 'index.mjs'))).handler;
const manage = (await bundled('manage-imports')) as ApiLambda;
const read = (await bundled('read-import')) as (
  task: object,
  context: object,
) => Promise<{ next: string; lanes: number[] }>;
const write = (await bundled('write-import')) as (task: object, context: object) => Promise<{ done: boolean }>;
const finish = (await bundled('finish-import')) as (task: object) => Promise<void>;
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
const app = fork(join(import.meta.dirname, 'import-upload.ts'), [String(rows)]);
app.send(created.upload);
const [bytes] = (await once(app, 'message')) as [number];
const params = { importId: created.id };
const started = await call(manage, { route: 'POST /v1/imports/{importId}/start', params, body: {} });
const task = { importId: created.id, run: (started.body as Import).version };
const context = { getRemainingTimeInMillis: () => 300_000 };

const timed = async (work: () => Promise<void>): Promise<Seconds> => {
  const [startedAt, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { clock: (performance.now() - startedAt) / 1_000, processor: (user + system) / 1e6 };
};
const lanes: number[] = [];
const reading = await timed(async () => {
  let step = await read(task, context);
  while (step.next === 'read') step = await read(task, context);
  lanes.push(...step.lanes);
});
const writing = await timed(async () => {
  const queue = lanes.values();
  const worker = async () => {
    for (const lane of queue) while (!(await write({ ...task, lane }, context)).done);
  };
  await Promise.all(Array.from({ length: LANES_AT_ONCE }, worker));
  await finish(task);
});

const ended = (await call(manage, { route: 'GET /v1/imports/{importId}', params })).body as Import;
if (ended.state !== 'finished' || ended.progress.imported !== rows)
  throw new Error(`The import ended as ${JSON.stringify(ended)}`);
const cell: ImportCell = {
  rows,
  bytes,
  read: reading,
  write: writing,
  peakMemoryMB: peakMemoryMB(),
};
console.log(JSON.stringify(cell));
services.disconnect();
process.exit();
