import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Channel } from '../../../core/delivery/channel.ts';
import { settledOf } from '../../../core/delivery/ledger.ts';
import type { DirectMessage, SendMessage, SnapshotRow } from '../../../core/delivery/messages.ts';
import { decodeRef } from '../../../core/delivery/receipt-ref.ts';
import { deliverMessage, LAST_RECEIVE } from '../../../lambdas/delivery/deliver-message.ts';
import { RetryLater } from '../../../lambdas/middleware/retry-later.ts';
import { everyChannel, plan, World } from './delivery-world.ts';

const row = (profileId: string, addresses: Partial<SnapshotRow>): SnapshotRow => ({
  profileId,
  ...addresses,
  attributes: {},
});

/** One person for each way through the policy push → sms → email. */
const cast = (world: World): World => {
  world.addPerson(row('pushed', { pushToken: 'tok-pushed', phone: '+1' }));
  world.addPerson(row('texted', { phone: '+2' }));
  world.addPerson(row('mailed', { email: 'mailed@example.com' }));
  world.addPerson(row('nowhere', {}));
  world.addPerson(row('dead-token', { pushToken: 'dead-1', phone: '+3' }));
  world.addPerson(row('dead-everywhere', { pushToken: 'dead-2', phone: 'dead-3', email: 'dead@example.com' }));
  world.addPerson(row('stopped', { phone: 'stop-1', email: 'halted@example.com' }));
  world.addPerson(row('no-consent', { pushToken: 'tok-no', phone: '+4' }), {});
  world.addPerson(row('only-email-consent', { pushToken: 'tok-oe', email: 'oe@example.com' }), { email: true });
  world.addPerson(row('dead-then-nothing', { pushToken: 'dead-4' }));
  return world;
};

const EXPECTED: Record<string, [outcome: string, channel: string, reason: string]> = {
  pushed: ['sent', 'push', ''],
  texted: ['sent', 'sms', ''],
  mailed: ['sent', 'email', ''],
  nowhere: ['skipped', 'none', 'no-address'],
  'dead-token': ['sent', 'sms', ''],
  'dead-everywhere': ['failed', 'email', 'address-refused'],
  stopped: ['sent', 'email', ''],
  'no-consent': ['skipped', 'sms', 'no-consent'],
  'only-email-consent': ['sent', 'email', ''],
  'dead-then-nothing': ['failed', 'push', 'address-refused'],
};

const touchesOf = (world: World, profileId: string) => world.contact(profileId).touches.length;

const expectEverybodyOnce = (world: World, { touches = true } = {}) => {
  const finals = world.finals();
  expect([...finals.keys()].sort()).toEqual(Object.keys(EXPECTED).sort());
  const accepted = world.accepted.map(({ address }) => address);
  expect(new Set(accepted).size, `twice: ${accepted}`).toBe(accepted.length);
  for (const [profileId, final] of finals) {
    const mine = world.accepted.filter(({ text }) => text.includes(profileId));
    expect(mine.length, profileId).toBeLessThanOrEqual(1);
    if (final.reason === 'unknown-after-crash') continue;
    expect([final.outcome, final.channel, final.reason], profileId).toEqual(EXPECTED[profileId]);
    if (touches) expect(touchesOf(world, profileId), `touches of ${profileId}`).toBe(final.outcome === 'sent' ? 1 : 0);
  }
  expect([...world.doneBatches]).toEqual(['r1 p#0-0 0']);
};

describe('a batch walks its channel policy', () => {
  test('everybody gets the message on their first possible channel, or a final reason', async () => {
    const world = cast(new World());
    await world.run(world.pointer());
    expectEverybodyOnce(world);
    expect(world.finals().get('pushed')?.message_id).toBe('m-tok-pushed');
    expect(world.contact('stopped').suppressed.sms?.reason).toBe('opted-out');
    const left = world.settled().filter(({ final, profile_id }) => !final && profile_id === 'dead-everywhere');
    expect(left.map(({ channel, reason }) => [channel, reason])).toEqual([
      ['push', 'address-refused'],
      ['sms', 'address-refused'],
    ]);
  });

  test('everybody’s message carries who and what it was for, at every step', async () => {
    const world = cast(new World());
    await world.run(world.pointer());
    for (const { channel, address, ref } of world.accepted) {
      const row = world.rows.find((one) => one && Object.values(one).includes(address));
      expect(decodeRef(ref)).toMatchObject({
        ...{ planKind: 'campaign', planId: 'c1', run: 'r1', channel },
        profileId: row?.profileId,
        index: world.rows.indexOf(row),
      });
    }
    expect(new Set(world.accepted.map(({ ref }) => ref)).size).toBe(world.accepted.length);
  });

  test('a full push batch costs 4 ledger writes, and one contact write and no read for each of its people', async () => {
    const world = new World();
    for (let n = 0; n < 100; n += 1) world.addPerson(row(`p${n}`, { pushToken: `tok${n}` }));
    await world.deliver('push', world.pointer(), { chunk: 100 });
    expect(world.accepted).toHaveLength(100);
    expect(world.writes).toEqual({ ledger: 4, contacts: 100, reads: 0, rates: 0 });
  });

  test('where many are refused, the next batches look first: a tenth of the price of a refused write', async () => {
    const world = new World();
    for (let n = 0; n < 100; n += 1) world.addPerson(row(`p${n}`, { pushToken: `tok${n}` }), n % 2 ? everyChannel : {});
    await world.deliver('push', world.pointer());
    expect(world.writes).toMatchObject({ contacts: 100, reads: 0 });
    await world.deliver('push', world.pointer({ batch: 1, runId: 'r2' }));
    expect(world.writes).toMatchObject({ contacts: 150, reads: 100 });
    expect(world.accepted).toHaveLength(100);
  });

  test('whom the snapshot doubts costs a look, and is sent to when they agreed meanwhile', async () => {
    const world = new World();
    for (let n = 0; n < 30; n += 1) world.addPerson(row(`p${n}`, { pushToken: `tok${n}`, lookFirst: true }), {});
    world.addPerson(row('meanwhile', { pushToken: 'tok', lookFirst: true }));
    for (let n = 30; n < 60; n += 1) world.addPerson(row(`p${n}`, { pushToken: `tok${n}` }));
    await world.deliver('push', world.pointer());
    expect(world.writes).toMatchObject({ contacts: 31, reads: 31 });
    expect(world.accepted).toHaveLength(31);
    // It says nothing about the others: the next batch still writes at once.
    await world.deliver('push', world.pointer({ batch: 1, runId: 'r2' }));
    expect(world.writes).toMatchObject({ contacts: 62, reads: 62 });
  });

  test('repeating any message afterwards changes nothing', async () => {
    const world = cast(new World());
    await world.run(world.pointer());
    const before = structuredClone([world.accepted, world.settled(), [...world.people]]);
    await world.run(world.pointer());
    expect([world.accepted, world.settled(), [...world.people]]).toEqual(before);
    expectEverybodyOnce(world);
  });

  test('people without an address are not read', async () => {
    const world = new World();
    world.addPerson(row('nowhere', {}));
    await world.run(world.pointer());
    expect(world.writes.reads).toBe(0);
    expect(world.finals().get('nowhere')?.reason).toBe('no-address');
  });
});

describe('crashes', () => {
  test('at every single point: nobody twice, everybody exactly one final outcome', async () => {
    const dry = cast(new World());
    await dry.run(dry.pointer());
    expect(dry.points).toBeGreaterThan(50);
    for (let point = 0; point < dry.points; point += 1) {
      const world = cast(new World());
      world.crashAt.add(point);
      await world.run(world.pointer());
      expectEverybodyOnce(world);
      // In doubt is at most what one provider call carried.
      const inDoubt = [...world.finals().values()].filter(({ reason }) => reason === 'unknown-after-crash');
      expect(inDoubt.length).toBeLessThanOrEqual(3);
    }
  });

  test('several crashes and duplicated messages', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(200), { maxLength: 6 }), fc.nat(3), async (points, copies) => {
        const world = cast(new World());
        for (const point of points) world.crashAt.add(point);
        for (let n = 0; n < copies; n += 1)
          world.queue.push({ message: world.pointer(), channel: 'push', receives: 0 });
        await world.run(world.pointer());
        expectEverybodyOnce(world);
      }),
      { numRuns: 300 },
    );
  });

  test('at every single point, and the plan is cancelled before the message comes back: no touch is left behind', async () => {
    const dry = cast(new World());
    await dry.run(dry.pointer());
    for (let point = 0; point < dry.points; point += 1) {
      const world = cast(new World());
      world.crashAt.add(point);
      world.onCrash = () => {
        world.stop = 'plan-cancelled';
      };
      await world.run(world.pointer());
      const finals = world.finals();
      expect(finals.size).toBe(10);
      for (const [profileId, { outcome, reason }] of finals) {
        const kept = outcome === 'sent' || reason === 'unknown-after-crash';
        expect(touchesOf(world, profileId), `${profileId} ${reason}, point ${point}`).toBe(kept ? 1 : 0);
      }
    }
  });

  test('two workers with the same message at once: the second is sent away', async () => {
    const world = cast(new World());
    const both = await Promise.allSettled([
      world.deliver('push', world.pointer()),
      world.deliver('push', world.pointer()),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await world.drain();
    expectEverybodyOnce(world);
  });

  test('a worker that outlived its lease can neither mark nor send', async () => {
    const world = cast(new World());
    const slow = world.ports('push');
    const getMany = slow.contacts.getMany;
    slow.contacts.getMany = async (ids, strongly) => {
      const contacts = await getMany(ids, strongly);
      world.nowMs += 60_000;
      await world.deliver('push', world.pointer(), { receives: 2 });
      return contacts;
    };
    await expect(deliverMessage(slow, world.pointer(), { receives: 1, leftMs: () => 30_000 })).rejects.toThrow(
      'fenced',
    );
    await world.drain();
    // It may reserve what the other gave back. A Lambda cannot: it is cut off before its lease ends.
    expectEverybodyOnce(world, { touches: false });
  });

  test('a transactional message is sent again after a crash in the call, never lost', async () => {
    const transactional = () => cast(new World(plan({ lane: 'transactional' })));
    const dry = transactional();
    await dry.run(dry.pointer());
    for (let point = 0; point < dry.points; point += 1) {
      const world = transactional();
      world.crashAt.add(point);
      await world.run(world.pointer());
      const finals = world.finals();
      expect(finals.size).toBe(10);
      for (const [profileId, final] of finals) {
        expect(final.reason, profileId).not.toBe('unknown-after-crash');
        if (final.outcome === 'sent') expect(world.accepted.some(({ text }) => text.includes(profileId))).toBe(true);
      }
      expect([...world.people.values()].every(({ touches }) => touches.length === 0)).toBe(true);
    }
  });
});

describe('what is decided on without a write', () => {
  test.each(['promotional', 'transactional'] as const)(
    '%s: somebody who withdrew is not sent to, though a replica of the table lags',
    async (lane) => {
      const world = new World(plan({ channelPolicy: ['push', 'sms'], lane }));
      world.addPerson(row('ada', { pushToken: 'dead-1', phone: '+1' }));
      await world.deliver('push', world.pointer());
      const replica = world.contact('ada');
      const withdrawn = { push: false, sms: false, 'sms/offers': false };
      world.people.set('ada', { ...replica, consents: withdrawn, version: replica.version + 1 });
      const ports = world.ports('sms');
      const { getMany } = ports.contacts;
      ports.contacts.getMany = async (ids, strongly) =>
        strongly ? getMany(ids, strongly) : new Map(ids.map((id) => [id, replica]));
      const message = world.queue.shift()?.message as SendMessage;
      await deliverMessage(ports, message, { receives: 1, leftMs: () => 30_000 });
      expect(world.accepted).toEqual([]);
    },
  );

  test('a reservation that the SDK repeats while the person withdraws leaves no touch', async () => {
    const world = new World(plan({ channelPolicy: ['push'] }));
    world.addPerson(row('ada', { pushToken: 'tok' }));
    const ports = world.ports('push');
    const { reserve } = ports.contacts;
    ports.contacts.reserve = async (input) => {
      await reserve(input);
      const ada = world.contact('ada');
      world.people.set('ada', { ...ada, consents: {}, version: ada.version + 1 });
      return reserve(input);
    };
    await deliverMessage(ports, world.pointer(), { receives: 1, leftMs: () => 30_000 });
    expect(world.accepted).toEqual([]);
    expect(world.contact('ada').touches).toEqual([]);
  });

  test('a refusal beside a throttled neighbour gives its touch back, and keeps it given back', async () => {
    const world = new World(plan({ channelPolicy: ['push', 'sms'] }));
    world.addPerson(row('refused', { pushToken: 'dead-1', phone: 'dead-2' }));
    world.addPerson(row('neighbour', { pushToken: 'dead-3', phone: 'busy-4' }));
    await world.run(world.pointer());
    expect(world.finals().get('neighbour')?.outcome).toBe('sent');
    expect(world.contact('refused').touches).toEqual([]);
  });
});

describe('an invocation that runs out of time', () => {
  test.each([false, true])(
    'calls no provider any more, and everybody is sent to later (fell back: %s)',
    async (after) => {
      const world = new World(plan({ channelPolicy: ['push', 'sms'] }));
      for (const id of ['a', 'b', 'c', 'd']) world.addPerson(row(id, { pushToken: `dead-${id}`, phone: `+${id}` }));
      let [channel, message]: [Channel, SendMessage] = ['push', world.pointer()];
      if (after) {
        await world.deliver(channel, message, { chunk: 10 });
        [channel, message] = ['sms', world.queue.shift()?.message as SendMessage];
      }
      // Enough to begin with, and not for a call.
      let asked = 0;
      Object.defineProperty(world, 'leftMs', { get: () => (asked++ === 0 ? 18_000 : 14_999), configurable: true });
      const calls = world.calls.size;
      await expect(world.deliver(channel, message, { chunk: 10 })).rejects.toThrow(RetryLater);
      expect(world.calls.size).toBe(calls);
      Object.defineProperty(world, 'leftMs', { value: 30_000 });
      await world.deliver(channel, message, { chunk: 10, receives: 2 });
      await world.drain();
      expect(world.accepted.map(({ address }) => address)).toEqual(['+a', '+b', '+c', '+d']);
      expect([...world.finals().values()].map(({ outcome }) => outcome)).toEqual(['sent', 'sent', 'sent', 'sent']);
    },
  );
});

describe('a provider that does not answer well', () => {
  test('its answers are kept when an opt-out cannot be noted at once; the opt-out is noted later', async () => {
    const world = new World(plan({ channelPolicy: ['sms', 'email'] }));
    world.addPerson(row('stopped', { phone: 'stop-1', email: 's@x' }));
    world.addPerson(row('sent', { phone: '+2', email: 'b@x' }));
    const ports = world.ports('sms');
    ports.contacts.suppress = () => Promise.reject(new Error('throttled'));
    const message = world.pointer();
    await expect(deliverMessage(ports, message, { receives: 1, leftMs: () => 30_000 })).rejects.toThrow('throttled');
    await world.run(message, 'sms');
    const ends = [...world.finals().values()].map(({ profile_id, outcome, channel }) => [profile_id, outcome, channel]);
    expect(ends.sort()).toEqual([
      ['sent', 'sent', 'sms'],
      ['stopped', 'sent', 'email'],
    ]);
    expect(world.contact('stopped').suppressed.sms?.reason).toBe('opted-out');
  });

  test('throttled recipients come again; their neighbours are not sent twice', async () => {
    const world = new World();
    world.addPerson(row('a', { pushToken: 'tok-a' }));
    world.addPerson(row('b', { pushToken: 'busy-b' }));
    world.addPerson(row('c', { pushToken: 'tok-c' }));
    await world.run(world.pointer());
    expect(world.accepted.map(({ address }) => address)).toEqual(['tok-a', 'tok-c', 'busy-b']);
    expect([...world.finals().values()].map(({ outcome, message_id }) => [outcome, message_id])).toEqual([
      ['sent', 'm-tok-a'],
      ['sent', 'm-tok-c'],
      ['sent', 'm-busy-b'],
    ]);
  });

  test.each(['promotional', 'transactional'] as const)(
    '%s: after the last receive the next channel is tried',
    async (lane) => {
      const world = new World(plan({ lane }));
      for (const n of [1, 2, 3, 4]) world.addPerson(row(`p${n}`, { pushToken: `never-${n}`, phone: `+${n}` }));
      await world.run(world.pointer());
      expect([...world.finals().values()].map(({ channel, outcome }) => `${channel} ${outcome}`)).toEqual(
        Array(4).fill('sms sent'),
      );
      const left = world.settled().filter(({ final }) => !final);
      expect(left.map(({ reason }) => reason)).toEqual(Array(4).fill('provider-unavailable'));
      expect(world.calls.get('never-1')).toBe(LAST_RECEIVE[lane]);
    },
  );

  test('behind an open breaker a whole batch moves on at once, however many a call takes', async () => {
    const world = new World();
    for (let n = 0; n < 10; n += 1) world.addPerson(row(`p${n}`, { pushToken: `tok${n}`, phone: `+${n}` }));
    const ports = world.ports('push');
    const isOpen = { status: 'retry', reason: 'open', fault: 'breaker' } as const;
    ports.sender.send = async (messages) => new Map(messages.map(({ key }) => [key, isOpen]));
    const done = await deliverMessage(ports, world.pointer(), { receives: 1, leftMs: () => 30_000 });
    expect(done !== 'put-back' && [...settledOf(done.record, 'all').values()]).toEqual(
      Array(10).fill('provider-unavailable'),
    );
  });

  test('it is the last channel: a final outcome, and the touch is given back', async () => {
    const world = new World(plan({ channelPolicy: ['push'] }));
    world.addPerson(row('a', { pushToken: 'never-a' }));
    await world.run(world.pointer());
    expect(world.finals().get('a')).toMatchObject({
      outcome: 'failed',
      reason: 'provider-unavailable',
      channel: 'push',
    });
    expect(touchesOf(world, 'a')).toBe(0);
  });
});

describe('the plan and the person decide', () => {
  test('a cancelled plan skips who is left, and gives touches back', async () => {
    const world = new World();
    world.addPerson(row('a', { pushToken: 'dead-a', phone: '+1' }));
    world.queue.push({ message: world.pointer(), channel: 'push', receives: 0 });
    await world.deliver('push', world.pointer());
    expect(touchesOf(world, 'a')).toBe(1);
    world.stop = 'plan-cancelled';
    await world.drain();
    expect(world.finals().get('a')).toMatchObject({ outcome: 'skipped', reason: 'plan-cancelled' });
    expect(touchesOf(world, 'a')).toBe(0);
  });

  test('the frequency cap ends the message on whatever channel', async () => {
    const world = new World();
    world.settings = { frequencyCap: { touches: 1, hours: 24 } };
    world.addPerson(row('a', { pushToken: 'tok-a', phone: '+1' }));
    await world.run(world.pointer());
    await world.run(world.pointer({ runId: 'r2' }));
    expect(world.accepted).toHaveLength(1);
    const second = world.settled().filter(({ run_id }) => run_id === 'r2');
    expect(second).toMatchObject([{ final: true, outcome: 'skipped', reason: 'frequency-cap', channel: 'push' }]);
  });

  test('two campaigns at once never exceed the cap', async () => {
    const world = new World();
    world.settings = { frequencyCap: { touches: 2, hours: 24 } };
    for (const n of [1, 2, 3]) world.addPerson(row(`p${n}`, { pushToken: `tok-${n}` }));
    const runs = ['r1', 'r2', 'r3', 'r4'];
    await Promise.all(runs.map((runId) => world.deliver('push', world.pointer({ runId }))));
    expect(world.accepted).toHaveLength(6);
    expect(world.settled().filter(({ reason }) => reason === 'frequency-cap')).toHaveLength(6);
  });

  test('a template that cannot be rendered skips the person without a touch', async () => {
    const broken = plan({ channelPolicy: ['sms'] });
    broken.template.channels.sms = { text: '{{ profile.attributes.city }}' };
    const world = new World(broken);
    world.addPerson(row('a', { phone: '+1' }));
    world.addPerson({ profileId: 'b', phone: '+2', attributes: { city: 'Oslo' } });
    await world.run(world.pointer(), 'sms');
    expect(world.finals().get('a')).toMatchObject({ outcome: 'skipped', reason: 'render-failed' });
    expect(touchesOf(world, 'a')).toBe(0);
    expect(world.accepted.map(({ text }) => text)).toEqual([expect.stringContaining('Oslo')]);
  });
});

describe('event-triggered messages', () => {
  const direct = (overrides: Partial<DirectMessage> = {}): DirectMessage => ({
    kind: 'direct',
    plan: { kind: 'trigger', id: 't1', hash: 'h1' },
    profileId: 'ada',
    event: { id: 'e1', type: 'order', profileId: 'ada', source: 'shop', timeMs: 1, receivedMs: 1, properties: {} },
    step: 0,
    deadlineMs: Number.MAX_SAFE_INTEGER,
    ...overrides,
  });
  const world = (addresses: Partial<SnapshotRow>, lane: 'transactional' | 'promotional' = 'transactional') => {
    const made = new World(plan({ planKind: 'trigger', planId: 't1', lane, channelPolicy: ['push', 'sms'] }));
    made.addPerson(row('ada', addresses), lane === 'promotional' ? everyChannel : {});
    return made;
  };

  test('two writes for a transactional message; a repeat sends nothing', async () => {
    const shop = world({ pushToken: 'tok' });
    await shop.run(direct());
    expect(shop.writes).toEqual({ ledger: 2, contacts: 0, reads: 1, rates: 0 });
    await shop.run(direct());
    expect(shop.accepted).toHaveLength(1);
    expect(shop.settled()).toMatchObject([{ outcome: 'sent', final: true, message_id: 'm-tok', event_id: 'e1' }]);
  });

  test('falls back, once, whatever crashes (promotional)', async () => {
    const dry = world({ pushToken: 'dead', phone: '+1' }, 'promotional');
    await dry.run(direct());
    expect(dry.finals().get('ada')).toMatchObject({ outcome: 'sent', channel: 'sms' });
    for (let point = 0; point < dry.points; point += 1) {
      const shop = world({ pushToken: 'dead', phone: '+1' }, 'promotional');
      shop.crashAt.add(point);
      await shop.run(direct());
      expect(shop.accepted.length).toBeLessThanOrEqual(1);
      expect(shop.finals().size).toBe(1);
    }
  });

  test('one firing of a window is one message, whichever event asked for it', async () => {
    const shop = world({ pushToken: 'tok' });
    await shop.run(direct({ window: { value: 999, firing: 'november' } }));
    const other = { ...direct().event, id: 'e2' };
    await shop.run(direct({ window: { value: 1_040, firing: 'november' }, event: other }));
    expect(shop.accepted).toHaveLength(1);
    await shop.run(direct({ window: { value: 1_040, firing: 'december' }, event: other }));
    expect(shop.accepted).toHaveLength(2);
  });

  test.each([
    ['too late', { deadlineMs: 1 }, undefined, 'too-late'],
    ['a paused trigger', {}, 'plan-paused' as const, 'plan-paused'],
  ])('%s: skipped with its reason', async (_, overrides, stop, reason) => {
    const shop = world({ pushToken: 'tok' });
    shop.stop = stop;
    await shop.run(direct(overrides));
    expect(shop.settled()).toMatchObject([{ outcome: 'skipped', final: true, reason }]);
  });

  test('somebody who is held out gets nothing promotional; what is transactional, and what a channel has taken, goes on', async () => {
    const everybody = { percent: 100, salt: 's' };
    const held = world({ pushToken: 'tok' }, 'promotional');
    held.holdout = everybody;
    await held.run(direct());
    expect(held.settled()).toMatchObject([{ outcome: 'skipped', final: true, reason: 'holdout' }]);
    expect(held.writes.contacts).toBe(0);
    const order = world({ pushToken: 'tok' });
    order.holdout = everybody;
    await order.run(direct());
    expect(order.settled()).toMatchObject([{ outcome: 'sent' }]);
    const later = world({ phone: '+1' }, 'promotional');
    later.holdout = everybody;
    await later.run(direct({ step: 1, earlier: { taken: [0], touched: true } }), 'sms');
    expect(later.accepted).toHaveLength(1);
  });

  test('a person without a profile', async () => {
    const shop = world({});
    shop.rows = [undefined];
    await shop.run(direct());
    expect(shop.settled()).toMatchObject([{ profile_id: 'ada', outcome: 'skipped', reason: 'profile-missing' }]);
  });
});
