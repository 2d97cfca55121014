import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BATCH_SIZE, type SnapshotMessage } from '../../../core/delivery/messages.ts';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import { plan } from './delivery-world.ts';
import { type Dispatching, startDispatching } from './dispatch-world.ts';

const nobodyErased = async () => () => false;
let world: Dispatching;
let recipients: typeof import('../../../lambdas/adapters/recipients.ts')['recipients'];

beforeAll(async () => {
  world = await startDispatching();
  const { defs } = world;
  await defs.put('plan-version', 'c1@h1', plan(), 0, 1);
  await defs.put('plan-version', 'stopped@h1', plan({ planId: 'stopped' }), 0, 1);
  const campaign = (id: string, state: string) => defs.put('campaign', id, { id, version: 1, state }, 0, 1);
  await campaign('c1', 'preparing');
  await campaign('waits', 'paused');
  await defs.put('plan-version', 'waits@h1', plan({ planId: 'waits' }), 0, 1);
  await campaign('stopped', 'cancelled');
  await campaign('over', 'failed');
  ({ recipients } = await import('../../../lambdas/adapters/recipients.ts'));
});
afterAll(() => world.stop());

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
    expect(await world.dispatch('r1', { 'a.gz': gzipSync(lines(25_050)) })).toMatchObject({ parts: 3 });
    const first = world.pointers('EMAIL', 'r1');
    expect(first).toHaveLength(251);
    expect([...new Set(first.map(({ part }) => part))]).toEqual([0, 1, 2].map((n) => `snapshots/r1/parts/${n}.ndjson`));
    expect(await world.recipientsOf('r1')).toBe(25_050);
    const rowsOf = recipients({ bucket: 'work', erased: nobodyErased, profilesTable: 'profiles' })(first);
    const last = await rowsOf(first.at(-1) as SnapshotMessage);
    expect(last).toHaveLength(50);
    expect(last[49]).toEqual({ profileId: 'p25049', email: 'p25049@example.com', attributes: { city: 'Tromsø' } });
    const stored = await world.defs.get<Campaign>('campaign', 'c1');
    expect(stored).toMatchObject({ version: 2, body: { state: 'sending', version: 2 } });

    // Again: the last part may not have been finished, the others were.
    expect(await world.dispatch('r1', { 'a.gz': gzipSync(lines(25_050)) })).toMatchObject({ parts: 3 });
    expect(world.pointers('EMAIL', 'r1').slice(251)).toEqual(first.slice(200));
    expect((await world.defs.get<Campaign>('campaign', 'c1'))?.version).toBe(2);
  });

  test('a paused campaign: it is dispatched, for its messages wait behind the queues, and stays paused', async () => {
    expect(await world.dispatch('r2', { 'a.gz': gzipSync(lines(150)) }, () => 600_000, 'waits')).toMatchObject({
      parts: 1,
    });
    expect(world.pointers('EMAIL', 'r2')).toHaveLength(2);
    expect(await world.defs.get<Campaign>('campaign', 'waits')).toMatchObject({
      version: 1,
      body: { state: 'paused' },
    });
  });

  test('cut off anywhere and asked again, it sends every pointer, and few of them twice', async () => {
    const files = {
      'a.gz': gzipSync(lines(20_001)),
      'b.gz': gzipSync(''),
      'c.gz': gzipSync(lines(300)),
      'd.gz': gzipSync(lines(10_000)),
    };
    expect(await world.dispatch('whole', files)).toMatchObject({ parts: 4 });
    const nameless = ({ runId, part, ...rest }: SnapshotMessage) => ({ ...rest, part: part.replace(runId, '') });
    const whole = world.pointers('EMAIL', 'whole').map(nameless);
    expect(whole).toHaveLength(304);

    for (let cut = 0; cut < 4; cut += 1) {
      const run = `cut${cut}`;
      let asked = 0;
      const short = () => (asked++ < cut ? 600_000 : 59_999);
      await expect(world.dispatch(run, files, short)).rejects.toMatchObject({ name: 'MoreToDispatch' });
      world.services.refuse.add('AmazonSQS.SendMessageBatch');
      await expect(world.dispatch(run, files)).rejects.toThrow();
      expect(await world.dispatch(run, files)).toMatchObject({ parts: 4 });
      const sent = world.pointers('EMAIL', run).map(nameless);
      const keyOf = (pointer: object) => JSON.stringify(pointer);
      expect(new Set(sent.map(keyOf))).toEqual(new Set(whole.map(keyOf)));
      expect(sent.length).toBeLessThanOrEqual(whole.length + 200);
      expect(await world.recipientsOf(run)).toBe(30_301);
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
    expect(await world.dispatch('r9', { 'mixed.gz': gzipSync(people.join('\n')) })).toMatchObject({ parts: 4 });
    const readerOf = recipients({ bucket: 'work', erased: nobodyErased, profilesTable: 'profiles' });
    const seen: string[] = [];
    for (const [step, queue] of ['PUSH', 'SMS', 'EMAIL'].entries()) {
      const own = world.pointers(queue, 'r9');
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
    const total = (await world.progress.parts('r9')).reduce((sum, { batches }) => sum + batches, 0);
    expect(total).toBe(['PUSH', 'SMS', 'EMAIL'].flatMap((queue) => world.pointers(queue, 'r9')).length);
  });

  test('only a line feed ends a row: JSON may hold the line separators of Unicode', async () => {
    const odd = ['a\u2028b', 'c\u2029d', 'e\u0085f', 'g'];
    const rows = odd.map((profile_id) => JSON.stringify({ profile_id, email: 'e@x.y', attributes: '{}' }));
    expect(await world.dispatch('odd', { 'a.gz': gzipSync(rows.join('\n')) })).toMatchObject({ parts: 1 });
    const sent = [...world.pointers('EMAIL', 'odd')];
    const rowsOf = recipients({ bucket: 'work', erased: nobodyErased, profilesTable: 'profiles' })(sent);
    expect((await rowsOf(sent[0] as SnapshotMessage)).map((row) => row?.profileId)).toEqual(odd);
  });

  test('nobody to send to', async () => {
    expect(await world.dispatch('empty', { 'a.gz': gzipSync('') })).toMatchObject({ parts: 0 });
    const task = { campaignId: 'c1', hash: 'h1', runId: 'none' };
    expect(await world.dispatchNothing(task)).toMatchObject({ parts: 0 });
  });

  test('a file that breaks off is an error, not a shorter audience', async () => {
    const whole = gzipSync(lines(5_000));
    await expect(world.dispatch('broken', { 'a.gz': whole.subarray(0, whole.length / 2) })).rejects.toThrow();
  });

  test.each([
    ['a cancelled campaign', 'stopped', 'PlanCancelled'],
    ['a campaign that has failed', 'over', 'Error'],
    ['a campaign that is gone', 'nobody', 'Error'],
  ])('%s is an error', async (_, campaignId, name) => {
    const files = { 'a.gz': gzipSync(lines(1)) };
    await expect(world.dispatch(`of-${campaignId}`, files, undefined, campaignId)).rejects.toMatchObject({ name });
    expect(world.pointers('EMAIL', `of-${campaignId}`)).toEqual([]);
  });

  test('a file of another bucket is an error', async () => {
    world.services.objects.set('/work/athena/other.csv', Buffer.from('s3://other/x.gz\n'));
    const task = { campaignId: 'c1', hash: 'h1', runId: 'other', manifest: 's3://work/athena/other.csv' };
    await expect(world.dispatchNothing(task)).rejects.toThrow('is not in s3://work/');
  });
});
