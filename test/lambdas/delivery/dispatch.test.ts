import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHANNELS, LANES, queueVariable } from '../../../core/delivery/channel.ts';
import { BATCH_SIZE, type SnapshotMessage } from '../../../core/delivery/messages.ts';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import { memoryServices, queueUrl, startAws } from '../adapters/aws.ts';
import { plan } from './delivery-world.ts';

const services = memoryServices();
const nobodyErased = async () => () => false;
let stop: () => Promise<void>;
let defs: Definitions;
let dispatchSnapshot: typeof import('../../../lambdas/delivery/dispatch-snapshot.ts')['handler'];
let recipients: typeof import('../../../lambdas/adapters/recipients.ts')['recipients'];
let ledger: typeof import('../../../lambdas/adapters/ledger.ts')['ledger'];

beforeAll(async () => {
  stop = await startAws(
    { definitions: ['kind', 'id'], ledger: ['run', 'unit'], audit: ['subject', 'entry'], profiles: ['profileId'] },
    services.answer,
  );
  const names = { DEFINITIONS_TABLE: 'definitions', LEDGER_TABLE: 'ledger', AUDIT_TABLE: 'audit', WORK_BUCKET: 'work' };
  Object.assign(process.env, names);
  for (const channel of CHANNELS) {
    for (const lane of LANES) process.env[queueVariable(channel, lane)] = queueUrl(`${channel}-${lane}`.toUpperCase());
  }
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  await defs.put('plan-version', 'c1@h1', plan(), 0, 1);
  await defs.put('plan-version', 'stopped@h1', plan({ planId: 'stopped' }), 0, 1);
  const campaign = (id: string, state: string) => defs.put('campaign', id, { id, version: 1, state }, 0, 1);
  await campaign('c1', 'preparing');
  await campaign('waits', 'paused');
  await defs.put('plan-version', 'waits@h1', plan({ planId: 'waits' }), 0, 1);
  await campaign('stopped', 'cancelled');
  await campaign('over', 'failed');
  ({ handler: dispatchSnapshot } = await import('../../../lambdas/delivery/dispatch-snapshot.ts'));
  ({ recipients } = await import('../../../lambdas/adapters/recipients.ts'));
  ({ ledger } = await import('../../../lambdas/adapters/ledger.ts'));
});
afterAll(() => stop());

/** Dispatches a run whose UNLOAD wrote these files; `msLeft` says the time that is left whenever it is asked. */
const dispatch = (runId: string, files: Record<string, Buffer>, msLeft = () => 600_000, campaignId = 'c1') => {
  for (const [name, body] of Object.entries(files)) services.objects.set(`/work/snapshots/${runId}/${name}`, body);
  // In no order, and quoted or not.
  const addresses = Object.keys(files).map((name) => `s3://work/snapshots/${runId}/${name}`);
  const text = addresses.map((address, n) => (n % 2 ? address : `"${address}"`)).reverse();
  services.objects.set(`/work/athena/${runId}.csv`, Buffer.from(`${text.join('\r\n')}\n`));
  const manifest = `s3://work/athena/${runId}.csv`;
  return dispatchSnapshot({ campaignId, hash: 'h1', runId, manifest }, { getRemainingTimeInMillis: msLeft });
};
const recipientsOf = async (runId: string) =>
  (await ledger('ledger').parts(runId)).reduce((sum, part) => sum + part.recipients, 0);
const lines = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    JSON.stringify({
      profile_id: `p${n}`,
      email: `p${n}@example.com`,
      phone: '',
      attributes: '{"city":"Tromsø"}',
      consents: ',email:yes,',
    }),
  ).join('\n');
const pointers = (queue: string, runId: string) =>
  (services.queues.get(`${queue}-PROMOTIONAL`) ?? [])
    .map(({ body }) => body as SnapshotMessage)
    .filter((pointer) => pointer.runId === runId);

test.each([
  ['cancelled', 'stopped', 'plan-cancelled'],
  ['failed', 'over', 'plan-cancelled'],
  ['gone', 'nobody', 'plan-cancelled'],
  ['being sent', 'c1', undefined],
  ['paused', 'waits', undefined],
])('a campaign that is %s: %s may send on unless %s', async (_, id, expected) => {
  const { plans } = await import('../../../lambdas/adapters/plans.ts');
  expect(await plans('definitions').stopOf({ kind: 'campaign', id, hash: 'h1' })).toBe(expected);
});

describe('dispatch-snapshot', () => {
  test('25,050 recipients: three parts, pointers to every one of them, and the campaign is sending', async () => {
    expect(await dispatch('r1', { 'a.gz': gzipSync(lines(25_050)) })).toEqual({ parts: 3 });
    const first = pointers('EMAIL', 'r1');
    expect(first).toHaveLength(251);
    expect([...new Set(first.map(({ part }) => part))]).toEqual([0, 1, 2].map((n) => `snapshots/r1/parts/${n}.ndjson`));
    expect(await recipientsOf('r1')).toBe(25_050);
    const rowsOf = recipients({ bucket: 'work', erased: nobodyErased, profilesTable: 'profiles' })(first);
    const last = await rowsOf(first.at(-1) as SnapshotMessage);
    expect(last).toHaveLength(50);
    expect(last[49]).toEqual({ profileId: 'p25049', email: 'p25049@example.com', attributes: { city: 'Tromsø' } });
    const stored = await defs.get<Campaign>('campaign', 'c1');
    expect(stored).toMatchObject({ version: 2, body: { state: 'sending', version: 2 } });

    // Again: the last part may not have been finished, the others were.
    expect(await dispatch('r1', { 'a.gz': gzipSync(lines(25_050)) })).toEqual({ parts: 3 });
    expect(pointers('EMAIL', 'r1').slice(251)).toEqual(first.slice(200));
    expect((await defs.get<Campaign>('campaign', 'c1'))?.version).toBe(2);
  });

  test('a paused campaign: it is dispatched, for its messages wait behind the queues, and stays paused', async () => {
    expect(await dispatch('r2', { 'a.gz': gzipSync(lines(150)) }, () => 600_000, 'waits')).toEqual({ parts: 1 });
    expect(pointers('EMAIL', 'r2')).toHaveLength(2);
    expect(await defs.get<Campaign>('campaign', 'waits')).toMatchObject({ version: 1, body: { state: 'paused' } });
  });

  test('cut off anywhere and asked again, it sends every pointer, and few of them twice', async () => {
    const files = {
      'a.gz': gzipSync(lines(20_001)),
      'b.gz': gzipSync(''),
      'c.gz': gzipSync(lines(300)),
      'd.gz': gzipSync(lines(10_000)),
    };
    expect(await dispatch('whole', files)).toEqual({ parts: 4 });
    const nameless = ({ runId, part, ...rest }: SnapshotMessage) => ({ ...rest, part: part.replace(runId, '') });
    const whole = pointers('EMAIL', 'whole').map(nameless);
    expect(whole).toHaveLength(304);

    for (let cut = 0; cut < 4; cut += 1) {
      const run = `cut${cut}`;
      let asked = 0;
      const short = () => (asked++ < cut ? 600_000 : 59_999);
      await expect(dispatch(run, files, short)).rejects.toMatchObject({ name: 'MoreToDispatch' });
      services.refuse.add('AmazonSQS.SendMessageBatch');
      await expect(dispatch(run, files)).rejects.toThrow();
      expect(await dispatch(run, files)).toEqual({ parts: 4 });
      const sent = pointers('EMAIL', run).map(nameless);
      const keyOf = (pointer: object) => JSON.stringify(pointer);
      expect(new Set(sent.map(keyOf))).toEqual(new Set(whole.map(keyOf)));
      expect(sent.length).toBeLessThanOrEqual(whole.length + 200);
      expect(await recipientsOf(run)).toBe(30_301);
    }
  });

  test('people start at the first channel that may reach them; each start has parts of its own', async () => {
    const person = (n: number, addresses: object) =>
      JSON.stringify({ profile_id: `p${n}`, ...addresses, attributes: '{}' });
    const consents = ',push:yes,,sms:yes,,email:yes,';
    const kinds = [
      { push_token: 't', phone: '+1', consents },
      { push_token: 't', phone: '+1', email: 'e@x.y', consents: ',push:no,,sms:yes,,email:yes,' },
      { push_token: 't', email: 'e@x.y', consents: ',push:no,,sms:yes,,email:yes,' },
      { consents: ',push:yes,,sms:yes,' },
      { phone: '+1', email: 'e@x.y', consents: ',email:yes,' },
    ];
    const starts = [0, 1, 2, 2, 1];
    const kindOf = (n: number) => (n % 50 === 49 ? 1 + (n % 4) : 0);
    const people = Array.from({ length: 10_500 }, (_, n) => person(n, kinds[kindOf(n)] ?? {}));
    expect(await dispatch('r9', { 'mixed.gz': gzipSync(people.join('\n')) })).toEqual({ parts: 4 });
    const readerOf = recipients({ bucket: 'work', erased: nobodyErased, profilesTable: 'profiles' });
    const seen: string[] = [];
    for (const [step, queue] of ['PUSH', 'SMS', 'EMAIL'].entries()) {
      const own = pointers(queue, 'r9');
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
    expect(total).toBe(['PUSH', 'SMS', 'EMAIL'].flatMap((queue) => pointers(queue, 'r9')).length);
  });

  test('only a line feed ends a row: JSON may hold the line separators of Unicode', async () => {
    const odd = ['a\u2028b', 'c\u2029d', 'e\u0085f', 'g'];
    const rows = odd.map((profile_id) => JSON.stringify({ profile_id, email: 'e@x.y', attributes: '{}' }));
    expect(await dispatch('odd', { 'a.gz': gzipSync(rows.join('\n')) })).toEqual({ parts: 1 });
    const sent = [...pointers('EMAIL', 'odd')];
    const rowsOf = recipients({ bucket: 'work', erased: nobodyErased, profilesTable: 'profiles' })(sent);
    expect((await rowsOf(sent[0] as SnapshotMessage)).map((row) => row?.profileId)).toEqual(odd);
  });

  test('nobody to send to', async () => {
    expect(await dispatch('empty', { 'a.gz': gzipSync('') })).toEqual({ parts: 0 });
    const task = { campaignId: 'c1', hash: 'h1', runId: 'none' };
    expect(await dispatchSnapshot(task, { getRemainingTimeInMillis: () => 600_000 })).toEqual({ parts: 0 });
  });

  test('a file that breaks off is an error, not a shorter audience', async () => {
    const whole = gzipSync(lines(5_000));
    await expect(dispatch('broken', { 'a.gz': whole.subarray(0, whole.length / 2) })).rejects.toThrow();
  });

  test.each([
    ['a cancelled campaign', 'stopped', 'PlanCancelled'],
    ['a campaign that has failed', 'over', 'Error'],
    ['a campaign that is gone', 'nobody', 'Error'],
  ])('%s is an error', async (_, campaignId, name) => {
    const files = { 'a.gz': gzipSync(lines(1)) };
    await expect(dispatch(`of-${campaignId}`, files, undefined, campaignId)).rejects.toMatchObject({ name });
    expect(pointers('EMAIL', `of-${campaignId}`)).toEqual([]);
  });

  test('a file of another bucket is an error', async () => {
    services.objects.set('/work/athena/other.csv', Buffer.from('s3://other/x.gz\n'));
    const task = { campaignId: 'c1', hash: 'h1', runId: 'other', manifest: 's3://work/athena/other.csv' };
    const forever = { getRemainingTimeInMillis: () => 600_000 };
    await expect(dispatchSnapshot(task, forever)).rejects.toThrow('is not in s3://work/');
  });
});
