import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Channel } from '../../../core/delivery/channel.ts';
import { isSettled } from '../../../core/delivery/ledger.ts';
import type { DirectMessage, SendMessage, SnapshotRow } from '../../../core/delivery/messages.ts';
import { deliverMessage } from '../../../lambdas/delivery/deliver-message.ts';
import type { Ports } from '../../../lambdas/delivery/ports.ts';
import { publish } from '../../../lambdas/delivery/publish.ts';
import { RetryLater } from '../../../lambdas/middleware/retry-later.ts';
import { Crash, everyChannel, plan, World } from './delivery-world.ts';

const channels = ['push', 'sms', 'email'] as const;
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
type Item = { message: SendMessage; channel: Channel; receives: number };

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
      const attempt = { receives: item.receives, leftMs: () => world.leftMs };
      const ports = portsOf(item.channel);
      const publication = await deliverMessage(ports, item.message, attempt);
      await publish(ports, [publication]);
      if (!isSettled(publication.record)) throw new RetryLater('open');
    } catch (error) {
      if (!(error instanceof Crash) && !(error instanceof RetryLater)) throw error;
      world.queue.push(item);
      world.nowMs += 180_000;
    }
  };
  for (let round = 0; world.queue.length > 0; round += 1) {
    if (round > 300) throw new Error('The queue never drains');
    const item = world.queue.shift() as Item;
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
  });
  const batch = fc.record({
    people: fc.array(person, { minLength: 1, maxLength: 5 }),
    chunk: fc.constantFrom(2, 10),
    start: fc.nat(2),
    ...chaos,
  });
  await fc.assert(
    fc.asyncProperty(batch, async ({ people, chunk, start, ...disturbance }) => {
      const world = new World();
      const ids = people.map((_, n) => `u${n}`);
      for (const [n, { fates, consents, lookFirst }] of people.entries()) {
        const row = { profileId: `u${n}`, ...addressesOf(`u${n}`, fates), attributes: {} };
        world.addPerson(lookFirst ? { ...row, lookFirst } : row, consents);
      }
      const channel = channels[start] as Channel;
      world.queue.push({ message: world.pointer({ step: start }), channel, receives: 0 });
      await workOff(world, disturbance, (on) => world.ports(on, chunk));
      expectEverybodyOnce(world, ids);
      expect(world.doneBatches.size).toBe(1);
    }),
    { numRuns: 500 },
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
