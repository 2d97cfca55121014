import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Channel } from '../../../core/delivery/channel.ts';
import { isSettled } from '../../../core/delivery/ledger.ts';
import type { DirectMessage, SnapshotRow } from '../../../core/delivery/messages.ts';
import type { OutcomeRow } from '../../../core/delivery/outcome.ts';
import type { PolicyStep } from '../../../core/delivery/policy.ts';
import { deliverMessage } from '../../../lambdas/delivery/deliver-message.ts';
import type { Ports } from '../../../lambdas/delivery/ports.ts';
import { publish } from '../../../lambdas/delivery/publish.ts';
import { RetryLater } from '../../../lambdas/middleware/retry-later.ts';
import { Crash, everyChannel, plan, World } from './delivery-world.ts';

const channels = ['push', 'sms', 'email'] as const;
const ZONES = ['Europe/Paris', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland'];
const NIGHT = { from: '20:00', to: '09:00', otherwise: 'defer' as const, jitterMinutes: 20 };
/** As the clock there prints it. */
const isNight = (atMs: number, timeZone: string | undefined): boolean => {
  const hour = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' }).format(atMs);
  return hour >= '20' || hour < '09';
};

/** What a provider does with an address, by its first letters (see delivery-world.ts); `none` is no address. */
const fate = fc.constantFrom('tok', 'dead', 'stop', 'busy', 'none');
const addressesOf = (id: string, fates: Record<(typeof channels)[number], string>): Partial<SnapshotRow> => ({
  ...(fates.push !== 'none' && { pushToken: `${fates.push}-p-${id}` }),
  ...(fates.sms !== 'none' && { phone: `${fates.sms}-s-${id}` }),
  ...(fates.email !== 'none' && { email: `${fates.email}-e-${id}` }),
});
const chaos = {
  /** Points at which the process dies. */
  crashes: fc.array(fc.nat(120), { maxLength: 5 }),
  /** Which deliveries happen twice: odd ones. */
  duplicates: fc.array(fc.nat(5), { maxLength: 6 }),
  /** The second of them at the same time, or later. */
  concurrent: fc.boolean(),
};
type Item = World['queue'][number];

/** A queue that gives messages out twice, and workers that die. */
const workOff = async (
  world: World,
  { crashes, duplicates, concurrent }: { crashes: number[]; duplicates: number[]; concurrent: boolean },
  portsOf: (channel: Channel) => Ports,
) => {
  for (const point of crashes) world.crashAt.add(point);
  const left = [...duplicates];
  const work = async (item: Item) => {
    item.receives += 1;
    try {
      const ports = portsOf(item.channel);
      const publication = await deliverMessage(ports, item.message, world.attempt(item.receives));
      if (publication === 'put-back') return;
      await publish(ports, [publication]);
      if (!publication.back && !isSettled(publication.record)) throw new RetryLater('open');
    } catch (error) {
      if (!(error instanceof Crash) && !(error instanceof RetryLater)) throw error;
      world.queue.push(item);
      world.nowMs += 180_000;
    }
  };
  for (let round = 0; world.queue.length > 0; round += 1) {
    if (round > 300) throw new Error('The queue never drains');
    const item: Item = world.next();
    const twice = (left.pop() ?? 0) % 2 === 1;
    const copy = structuredClone(item);
    if (twice && !concurrent) world.queue.push(copy);
    await Promise.all([work(item), ...(twice && concurrent ? [work(copy)] : [])]);
  }
};

/** One final outcome each, at most one message each, and a touch exactly where there is a message or may be one. */
const expectEverybodyOnce = (world: World, ids: readonly string[]) => {
  const finals = world.finals();
  expect([...finals.keys()].sort()).toEqual([...ids].sort());
  const accepted = world.accepted.map(({ text }) => /u\d/.exec(text)?.[0] ?? '');
  expect(new Set(accepted).size).toBe(accepted.length);
  for (const [id, { outcome, reason }] of finals) {
    if (reason !== 'unknown-after-crash') expect(accepted.includes(id), id).toBe(outcome === 'sent');
    const kept = outcome === 'sent' || reason === 'unknown-after-crash';
    expect(world.contact(id).touches.length, `${id} ${reason}`).toBe(kept ? 1 : 0);
  }
};

test('a batch, whoever is in it, whatever crashes and comes twice', { timeout: 120_000 }, async () => {
  const person = fc.record({
    fates: fc.record({ push: fate, sms: fate, email: fate }),
    consents: fc.record({ push: fc.boolean(), sms: fc.boolean(), email: fc.boolean() }),
    lookFirst: fc.boolean(),
    timeZone: fc.constantFrom(...ZONES),
  });
  const batch = fc.record({
    people: fc.array(person, { minLength: 1, maxLength: 5 }),
    chunk: fc.constantFrom(2, 10),
    start: fc.nat(2),
    /** Messages a minute of the campaign, and a second of each provider. */
    speed: fc.constantFrom(undefined, undefined, 10, 300),
    perSecond: fc.constantFrom(undefined, undefined, 0.2, 3),
    /** Which channels the night closes; none: there is no night. */
    quiet: fc.subarray<Channel>([...channels]),
    ...chaos,
  });
  await fc.assert(
    fc.asyncProperty(batch, async ({ people, chunk, start, quiet, speed, perSecond, ...disturbance }) => {
      const world = new World();
      if (speed) world.speed = { perMinute: speed };
      if (perSecond) {
        const rate = { perSecond };
        world.settings = { ...world.settings, rates: { push: rate, sms: rate, email: rate } };
      }
      if (quiet.length > 0) world.settings = { ...world.settings, quietHours: { ...NIGHT, channels: quiet } };
      const ids = people.map((_, n) => `u${n}`);
      for (const [n, { fates, consents, lookFirst, timeZone }] of people.entries()) {
        const row = { profileId: `u${n}`, timeZone, ...addressesOf(`u${n}`, fates), attributes: {} };
        world.addPerson(lookFirst ? { ...row, lookFirst } : row, consents);
      }
      const channel = channels[start] as Channel;
      world.queue.push({ message: world.pointer({ step: start }), channel, receives: 0 });
      await workOff(world, disturbance, (on) => world.ports(on, chunk));
      expectEverybodyOnce(world, ids);
      expect(world.doneBatches.size).toBe(1);
      for (const [n, { channel: on, text }] of world.accepted.entries()) {
        const zone = people[Number(/u(\d)/.exec(text)?.[1])]?.timeZone;
        if (quiet.includes(on)) expect(isNight(world.acceptedMs[n] ?? 0, zone)).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});

test('a policy that waits: whoever was not heard of gets the next channel, whatever crashes and comes twice', {
  timeout: 120_000,
}, async () => {
  const policy: PolicyStep[] = [
    { channel: 'push' },
    { channel: 'sms', ifNotDeliveredWithin: { minutes: 10 } },
    { channel: 'email', ifNotDeliveredWithin: { minutes: 5 }, ifNotOpenedWithin: { hours: 1 } },
    'inapp',
  ];
  const person = fc.record({
    fates: fc.record({ push: fc.constantFrom('dead', 'none'), sms: fate, email: fate }),
    hears: fc.constantFrom('nothing', 'delivered', 'opened'),
  });
  const run = fc.record({ people: fc.array(person, { minLength: 1, maxLength: 4 }), ...chaos });
  await fc.assert(
    fc.asyncProperty(run, async ({ people, ...disturbance }) => {
      const world = new World(plan({ channelPolicy: policy }));
      for (const [n, { fates }] of people.entries()) {
        const row = { profileId: `u${n}`, ...addressesOf(`u${n}`, fates), attributes: {} };
        world.addPerson(row, { ...everyChannel, inapp: true });
      }
      const heard = {
        delivered: new Set(people.flatMap(({ hears }, n) => (hears === 'nothing' ? [] : [n]))),
        opened: new Set(people.flatMap(({ hears }, n) => (hears === 'opened' ? [n] : []))),
      };
      // Receipts come to the record in which a message was sent; which that is does not matter here.
      const heardOf = async () => heard;
      world.queue.push({ message: world.pointer({}), channel: 'push', receives: 0 });
      await workOff(world, disturbance, (on) => {
        const ports = world.ports(on, 10);
        return { ...ports, ledger: { ...ports.ledger, heardOf } };
      });
      const finals = world.finals();
      expect(finals.size).toBe(people.length);
      expect(world.doneBatches.size).toBe(1);
      for (const [n, { hears }] of people.entries()) {
        const got = world.accepted.filter(({ text }) => text.includes(`u${n}`)).map(({ channel }) => channel);
        expect(new Set(got).size).toBe(got.length);
        const { outcome, reason, channel } = finals.get(`u${n}`) as OutcomeRow;
        if (reason === 'unknown-after-crash') continue;
        expect(outcome).toBe(got.length > 0 ? 'sent' : outcome);
        expect([...got, 'none']).toContain(channel);
        expect(world.contact(`u${n}`).touches.length).toBe(got.length > 0 ? 1 : 0);
        // Nobody who was heard of gets it again; who was not gets the next one, unless a worker dies about that.
        if (disturbance.crashes.length > 0) continue;
        if (hears !== 'nothing' && got.includes('sms')) expect(got).toEqual(['sms']);
        if (hears === 'opened' && got.includes('email')) expect(got.at(-1)).toBe('email');
        if (hears === 'delivered' && got.includes('email')) expect(got.at(-1)).toBe('inapp');
      }
    }),
    { numRuns: 300 },
  );
});

test('a real-time message, though the profile changes between two tries', { timeout: 120_000 }, async () => {
  const profile = fc.record({ fates: fc.record({ push: fate, sms: fate, email: fate }), gone: fc.nat(6) });
  const event = { id: 'e1', type: 'o', profileId: 'u0', source: 's', timeMs: 1, receivedMs: 1, properties: {} };
  const message: DirectMessage = {
    kind: 'direct',
    plan: { kind: 'trigger', id: 't1', hash: 'h1' },
    profileId: 'u0',
    step: 0,
    deadlineMs: Number.MAX_SAFE_INTEGER,
    event,
  };
  const run = fc.record({ profiles: fc.array(profile, { minLength: 1, maxLength: 6 }), ...chaos });
  await fc.assert(
    fc.asyncProperty(run, async ({ profiles, ...disturbance }) => {
      const world = new World(plan({ planKind: 'trigger', planId: 't1' }));
      world.addPerson({ profileId: 'u0', attributes: {} }, everyChannel);
      let reads = 0;
      const rowsOf = async () => {
        const { fates, gone } = profiles[reads++ % profiles.length] as (typeof profiles)[number];
        return gone === 0 ? [undefined] : [{ profileId: 'u0', ...addressesOf('u0', fates), attributes: {} }];
      };
      world.queue.push({ message, channel: 'push', receives: 0 });
      await workOff(world, disturbance, (on) => ({ ...world.ports(on), rowsOf }));
      expectEverybodyOnce(world, ['u0']);
    }),
    { numRuns: 500 },
  );
});
