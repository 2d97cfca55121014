import { describe, expect, test } from 'vitest';
import { decodeRef } from '../../../core/delivery/receipt-ref.ts';
import { testMessage, testOutcome, testPlan } from '../../../core/strategy/template/test-send.ts';
import { deliverMessage } from '../../../lambdas/delivery/deliver-message.ts';
import { plan, World } from './delivery-world.ts';

const { template } = plan();
const send = async (address: string, world = new World(), profile: object = {}) => {
  const version = testPlan('t1', template, 'sms');
  world.plans.set('t1', version);
  world.settings = { ...world.settings, quietHours: { from: '00:00', to: '23:59', otherwise: 'drop' } };
  const about = { id: 'x1', templateId: 't1', templateVersion: 1, by: 'mia', atMs: world.nowMs };
  const sent = { ...about, recipients: [{ name: 'mia', channel: 'sms' as const }] };
  const to = { name: 'mia', channel: 'sms' as const, address };
  const sample = { profile: { profileId: 'ada', attributes: {}, ...profile } };
  const message = testMessage(sent, 0, to, version, sample, { attributes: [], email: false, phone: false });
  world.rows = [message.to];
  await world.deliver('sms', message);
  return { world, message };
};

describe('a test of a template', () => {
  test('goes out at once, at night too, and leaves nothing but its record in the ledger', async () => {
    const { world } = await send('+33612345678');
    expect(world.accepted).toMatchObject([{ address: '+33612345678' }]);
    expect(world.accepted[0]?.text).toContain('[Test] Hello');
    expect([world.outcomes, world.people.size, world.writes.contacts]).toEqual([[], 0, 0]);
    const [record] = world.records.values();
    expect(testOutcome(record, { delivered: false, opened: false })).toMatchObject({ state: 'sent' });
  });

  test('again, it is the same message', async () => {
    const { world, message } = await send('+33612345678');
    await world.deliver('sms', message);
    expect(world.accepted).toHaveLength(1);
  });

  test('whoever has opted out at the provider is told so, and nobody is suppressed', async () => {
    const { world } = await send('stop-1');
    const [record] = world.records.values();
    expect(testOutcome(record, { delivered: false, opened: false })).toEqual({
      state: 'not-sent',
      reason: 'opted-out',
    });
    expect([world.outcomes, world.people.size]).toEqual([[], 0]);
  });

  test('its receipts say that it is one, and that somebody waits for them', async () => {
    const { world } = await send('+33612345678');
    expect(decodeRef(world.accepted[0]?.ref ?? '')).toMatchObject({
      planKind: 'test',
      planId: 't1',
      run: 't#t1',
      waits: true,
    });
  });

  test('content of equal text has one plan, another channel has another', () => {
    const hashes = (['sms', 'sms', 'email'] as const).map((channel) => testPlan('t1', template, channel).hash);
    expect([hashes[0] === hashes[1], hashes[0] === hashes[2]]).toEqual([true, false]);
  });
});

test('senders read rows of reference tables for all of a batch at once', async () => {
  const text = '{% assign p = profile.attributes.sku | catalogue: "products" %}{{ p.name | default: "it" }}';
  const version = plan({ channelPolicy: ['sms'], template: { name: 't', channels: { sms: { text } } } });
  const world = new World(version);
  for (const [n, sku] of ['a1', 'b2', 'a1'].entries()) {
    world.addPerson({ profileId: `p${n}`, phone: `+3361234567${n}`, attributes: { sku } });
  }
  const ports = world.ports('sms');
  const seen: string[][] = [];
  const catalogueOf: typeof ports.catalogueOf = async (_, everybody) => {
    seen.push(everybody.map(({ profile }) => String(profile.attributes.sku)));
    return ({ key }) => (key === 'a1' ? { name: 'Tea' } : undefined);
  };
  await deliverMessage({ ...ports, catalogueOf }, world.pointer(), world.attempt(1));
  expect(seen).toEqual([['a1', 'b2', 'a1']]);
  const texts = world.accepted.map(({ text }) => (JSON.parse(text) as { text: string }).text);
  expect(texts.toSorted()).toEqual(['Tea', 'Tea', 'it']);
});
