import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BATCH_SIZE, type SnapshotMessage } from '../../../core/delivery/messages.ts';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import { memoryServices, queueUrl, startAws } from '../adapters/aws.ts';
import { plan } from './delivery-world.ts';

const services = memoryServices();
let stop: () => Promise<void>;
let defs: Definitions;
let dispatchFile: typeof import('../../../lambdas/delivery/dispatch-file.ts')['handler'];
let listFiles: typeof import('../../../lambdas/delivery/list-snapshot-files.ts')['handler'];
let checkDrained: typeof import('../../../lambdas/delivery/check-drained.ts')['handler'];
let recipients: typeof import('../../../lambdas/adapters/recipients.ts')['recipients'];
let ledger: typeof import('../../../lambdas/adapters/ledger.ts')['ledger'];

beforeAll(async () => {
  stop = await startAws(
    { definitions: ['kind', 'id'], ledger: ['run', 'unit'], audit: ['subject', 'entry'], profiles: ['profileId'] },
    services.answer,
  );
  const names = { DEFINITIONS_TABLE: 'definitions', LEDGER_TABLE: 'ledger', AUDIT_TABLE: 'audit', WORK_BUCKET: 'work' };
  Object.assign(process.env, names);
  for (const channel of ['PUSH', 'SMS', 'EMAIL']) {
    for (const lane of ['TRANSACTIONAL', 'PROMOTIONAL'])
      process.env[`SEND_${channel}_${lane}_URL`] = queueUrl(`${channel}-${lane}`);
  }
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  await defs.put('plan-version', 'c1@h1', plan(), 0, 1);
  await defs.put('plan-version', 'stopped@h1', plan({ planId: 'stopped' }), 0, 1);
  const campaign = (id: string, state: string) => defs.put('campaign', id, { id, version: 1, state }, 0, 1);
  await campaign('c1', 'preparing');
  await campaign('stopped', 'cancelled');
  await campaign('over', 'failed');
  ({ handler: dispatchFile } = await import('../../../lambdas/delivery/dispatch-file.ts'));
  ({ handler: listFiles } = await import('../../../lambdas/delivery/list-snapshot-files.ts'));
  ({ handler: checkDrained } = await import('../../../lambdas/delivery/check-drained.ts'));
  ({ recipients } = await import('../../../lambdas/adapters/recipients.ts'));
  ({ ledger } = await import('../../../lambdas/adapters/ledger.ts'));
});
afterAll(() => stop());

const FILE = 'snapshots/r1/unload/0/f1.gz';
const task = { campaignId: 'c1', hash: 'h1', runId: 'r1', file: FILE, index: 0 };
const lines = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    JSON.stringify({
      profile_id: `p${n}`,
      email: `p${n}@example.com`,
      phone: '',
      attributes: '{"city":"Tromsø"}',
      channels: ',email,',
    }),
  ).join('\n');
const pointers = (queue: string) =>
  (services.queues.get(`${queue}-PROMOTIONAL`) ?? []).map(({ body }) => body as SnapshotMessage);

describe('dispatch-file', () => {
  test('25,050 recipients: three parts, pointers to every one of them, and a re-run repeats exactly those', async () => {
    services.objects.set(`/work/${FILE}`, gzipSync(lines(25_050)));
    expect(await dispatchFile(task)).toEqual({ parts: 3, recipients: 25_050 });
    const first = pointers('EMAIL');
    expect(first).toHaveLength(251);
    expect([...new Set(first.map(({ part }) => part))]).toEqual(
      [0, 1, 2].map((n) => `snapshots/r1/parts/0-${n}.ndjson`),
    );
    const rowsOf = recipients({ bucket: 'work', profilesTable: 'profiles' })(first);
    const last = await rowsOf(first.at(-1) as SnapshotMessage);
    expect(last).toHaveLength(50);
    expect(last[49]).toEqual({ profileId: 'p25049', email: 'p25049@example.com', attributes: { city: 'Tromsø' } });

    await dispatchFile(task);
    expect(pointers('EMAIL').slice(251)).toEqual(first);
  });

  test('people start at the first channel that may reach them; each start has parts of its own', async () => {
    services.queues.clear();
    const person = (n: number, addresses: object) =>
      JSON.stringify({ profile_id: `p${n}`, ...addresses, attributes: '{}' });
    const channels = ',push,,sms,,email,';
    const kinds = [
      { push_token: 't', phone: '+1', channels },
      { push_token: 't', phone: '+1', email: 'e@x.y', channels: ',sms,,email,' },
      { push_token: 't', email: 'e@x.y', channels: ',sms,,email,' },
      { channels },
      { phone: '+1', email: 'e@x.y', channels: '' },
    ];
    const starts = [0, 1, 2, 2, 1];
    const kindOf = (n: number) => (n % 50 === 49 ? 1 + (n % 4) : 0);
    const people = Array.from({ length: 10_500 }, (_, n) => person(n, kinds[kindOf(n)] ?? {}));
    services.objects.set('/work/mixed.gz', gzipSync(people.join('\n')));
    const mixed = { ...task, file: 'mixed.gz', index: 3, runId: 'r9' };
    expect(await dispatchFile(mixed)).toEqual({ parts: 4, recipients: 10_500 });
    const readerOf = recipients({ bucket: 'work', profilesTable: 'profiles' });
    const seen: string[] = [];
    for (const [step, queue] of ['PUSH', 'SMS', 'EMAIL'].entries()) {
      const own = pointers(queue);
      expect(own.length).toBeGreaterThan(0);
      const rowsOf = readerOf(own);
      for (const pointer of own) {
        expect(pointer.step).toBe(step);
        for (const row of await rowsOf(pointer)) {
          seen.push(row?.profileId ?? '');
          const kind = kindOf(Number(row?.profileId.slice(1)));
          expect(starts[kind]).toBe(step);
          // Nobody who is not known to agree is given up: the sender looks at the contact first.
          expect(row?.lookFirst).toBe(kind >= 3 ? true : undefined);
        }
      }
      // Only the last batch of a part is not full.
      const parts = new Set(own.map(({ part }) => part)).size;
      expect(own.filter(({ count }) => count < BATCH_SIZE).length).toBeLessThanOrEqual(parts);
    }
    expect(seen).toHaveLength(10_500);
    expect(new Set(seen).size).toBe(10_500);
    const total = (await ledger('ledger').parts('r9')).reduce((sum, { batches }) => sum + batches, 0);
    expect(total).toBe(['PUSH', 'SMS', 'EMAIL'].flatMap(pointers).length);
  });

  test('an empty file has no parts', async () => {
    services.objects.set('/work/empty.gz', gzipSync(''));
    expect(await dispatchFile({ ...task, file: 'empty.gz' })).toEqual({ parts: 0, recipients: 0 });
  });

  test('a file that breaks off is an error, not a shorter audience', async () => {
    const whole = gzipSync(lines(5_000));
    services.objects.set('/work/broken.gz', whole.subarray(0, whole.length / 2));
    await expect(dispatchFile({ ...task, file: 'broken.gz', index: 9 })).rejects.toThrow();
  });

  test('a cancelled campaign', async () => {
    await expect(dispatchFile({ ...task, campaignId: 'stopped' })).rejects.toMatchObject({ name: 'PlanCancelled' });
  });
});

describe('check-drained', () => {
  test('drained when every batch of every part is done', async () => {
    const progress = ledger('ledger');
    const run = 'r3';
    const check = () => checkDrained({ runId: run, parts: 2 });
    await expect(check()).rejects.toMatchObject({ name: 'NotDrained' });
    await progress.registerPart({ run, unit: 'p#0-0' }, 2, 1);
    await progress.batchesDone({ run, unit: 'p#0-0' }, [0]);
    await progress.batchesDone({ run, unit: 'p#0-0' }, [1]);
    await expect(check()).rejects.toMatchObject({ name: 'NotDrained' });
    await progress.registerPart({ run, unit: 'p#0-1' }, 1, 1);
    await expect(check()).rejects.toMatchObject({ message: '1 of 2 parts, 2 of 3 batches of r3 are done' });
    await progress.batchesDone({ run, unit: 'p#0-1' }, [0]);
    expect(await check()).toEqual({ parts: 2, batches: 3 });
  });

  test('nobody to send to', async () => {
    expect(await checkDrained({ runId: 'empty', parts: 0 })).toEqual({ parts: 0, batches: 0 });
  });
});

describe('list-snapshot-files', () => {
  const manifest = 's3://work/athena/q1-manifest.csv';

  test('names what the manifest names, and the campaign is sending; twice is the same', async () => {
    services.objects.set(
      '/work/athena/q1-manifest.csv',
      Buffer.from('s3://work/snapshots/r1/unload/0/b.gz\n"s3://work/snapshots/r1/unload/0/a.gz"\n'),
    );
    const files = ['snapshots/r1/unload/0/a.gz', 'snapshots/r1/unload/0/b.gz'];
    for (const _ of [1, 2]) expect(await listFiles({ campaignId: 'c1', runId: 'r1', manifest })).toEqual({ files });
    const stored = await defs.get<Campaign>('campaign', 'c1');
    expect(stored?.body).toMatchObject({ state: 'sending', version: 2 });
    expect(stored?.version).toBe(2);
  });

  test('no manifest, no files', async () => {
    expect(await listFiles({ campaignId: 'c1', runId: 'r1' })).toEqual({ files: [] });
  });

  test.each([
    ['a cancelled campaign', 'stopped', manifest, 'PlanCancelled'],
    ['a file of another bucket', 'c1', 's3://other/x.csv', 'Error'],
    ['a campaign that has failed', 'over', manifest, 'Error'],
    ['a campaign that is gone', 'nobody', manifest, 'Error'],
  ])('%s is an error', async (_, campaignId, from, name) => {
    await expect(listFiles({ campaignId, runId: 'r1', manifest: from })).rejects.toMatchObject({ name });
  });
});
