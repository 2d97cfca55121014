import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Channel } from '../../../core/delivery/channel.ts';
import { openOf } from '../../../core/delivery/ledger.ts';
import { DEFAULT_SETTINGS } from '../../../core/delivery/settings.ts';
import { RetryLater } from '../../../lambdas/middleware/retry-later.ts';
import { everyChannel, World } from './delivery-world.ts';

const DAY = 86_400_000;
const NIGHT = { from: '20:00', to: '09:00', otherwise: 'defer' as const, jitterMinutes: 20 };
const ids = (count: number) => Array.from({ length: count }, (_, n) => `u${n}`);
const withPeople = <W extends World>(world: W, count: number): W => {
  for (const id of ids(count)) world.addPerson({ profileId: id, pushToken: `tok-${id}`, attributes: {} });
  return world;
};
const gotBy = (world: World) => world.accepted.map(({ text }) => /u\d+/.exec(text)?.[0]).sort();

describe('a batch of a paused campaign', () => {
  test('waits as it is: no claim, no touch, no outcome, no call', async () => {
    const world = withPeople(new World(), 3);
    world.pause = 4;
    await world.run(world.pointer());
    expect(world.writes).toEqual({ ledger: 0, contacts: 0, reads: 0, rates: 0 });
    expect([world.outcomes, world.accepted, world.queue]).toEqual([[], [], []]);
    expect([...world.parked.values()]).toMatchObject([{ message: world.pointer(), channel: 'push' }]);

    world.nowMs += 20 * DAY;
    world.resume();
    await world.drain();
    expect(gotBy(world)).toEqual(ids(3));
    expect(world.doneBatches.size).toBe(1);
  });

  test('paused between two calls of the provider: who is under way is finished, the others hold nothing while they wait', async () => {
    const world = withPeople(new World(), 8);
    world.onAccepted = () => {
      world.pause = 4;
    };
    await world.run(world.pointer());
    expect(gotBy(world)).toEqual(ids(3));
    expect([...world.finals().keys()].sort()).toEqual(ids(3));
    const [record] = [...world.records.values()];
    expect(openOf(record!)).toEqual([3, 4, 5, 6, 7]);
    // A message that waits for days keeps no other out.
    expect(ids(8).map((id) => world.contact(id).touches.length)).toEqual([1, 1, 1, 0, 0, 0, 0, 0]);
    expect(world.parked.size).toBe(1);

    world.onAccepted = () => {};
    world.nowMs += 3 * DAY;
    const resumedSeconds = Math.floor(world.nowMs / 1_000);
    world.resume();
    await world.drain();
    expect(gotBy(world)).toEqual(ids(8));
    for (const id of ids(8).slice(3)) {
      expect(world.contact(id).touches).toMatchObject([[expect.any(Number), expect.any(String), expect.any(String)]]);
      expect(world.contact(id).touches[0]?.[0]).toBeGreaterThanOrEqual(resumedSeconds);
    }
  });

  test('paused while a slow campaign waits for its turns: it is parked at once, and nobody left holds anything', async () => {
    const world = withPeople(new World(), 8);
    world.speed = { perMinute: 60 };
    world.onAccepted = () => {
      if (world.accepted.length === 2) world.pause = 4;
    };
    await world.run(world.pointer());
    expect(gotBy(world)).toEqual(ids(2));
    expect(ids(8).map((id) => world.contact(id).touches.length)).toEqual([1, 1, 0, 0, 0, 0, 0, 0]);
    expect(world.parked.size).toBe(1);

    world.onAccepted = () => {};
    world.nowMs += 3 * DAY;
    world.resume();
    await world.drain();
    expect(gotBy(world)).toEqual(ids(8));
    expect(world.acceptedMs.at(-1)! - world.acceptedMs[2]!).toBeGreaterThanOrEqual(5_000);
  });

  test('is decided on again when it goes on: a deadline that has passed, a consent that was withdrawn, a cap that is full', async () => {
    const world = withPeople(new World(), 2);
    world.pause = 4;
    await world.run(world.pointer({ deadlineMs: world.nowMs + 2 * DAY }));
    world.nowMs += DAY;
    world.people.set('u0', { ...world.contact('u0'), consents: { push: false } });
    world.resume();
    await world.drain();
    expect(gotBy(world)).toEqual(['u1']);

    const late = withPeople(new World(), 2);
    late.pause = 4;
    await late.run(late.pointer({ deadlineMs: late.nowMs + DAY }));
    late.nowMs += 2 * DAY;
    late.resume();
    await late.drain();
    expect([...late.finals().values()].map(({ reason }) => reason)).toEqual(['too-late', 'too-late']);
  });

  test('cancelled instead, everybody who waits is settled as that, and keeps no touch', async () => {
    const world = withPeople(new World(), 8);
    world.onAccepted = () => {
      world.pause = 4;
    };
    await world.run(world.pointer());
    world.stop = 'plan-cancelled';
    world.resume();
    await world.drain();
    const reasons = [...world.finals()].map(([id, { reason }]) => [id, reason]);
    expect(reasons.sort()).toEqual(ids(8).map((id, n) => [id, n < 3 ? '' : 'plan-cancelled']));
    expect(ids(8).map((id) => world.contact(id).touches.length)).toEqual([1, 1, 1, 0, 0, 0, 0, 0]);
    expect(world.doneBatches.size).toBe(1);
  });
});

/** A campaign that is paused and resumed whenever somebody asks whether it is; what a worker remembers may be out of date. */
class Restless extends World {
  toggles: boolean[] = [];
  stale: boolean[] = [];
  private pauses = 0;
  private said: number | undefined;

  toggle(): void {
    if (this.pause === undefined) {
      this.pauses += 1;
      this.pause = this.pauses;
    } else {
      this.resume();
    }
  }

  override ports(channel: Channel, chunk = 3) {
    const pauseOf = async (_plan: unknown, when?: 'now') => {
      if (this.toggles.shift()) this.toggle();
      if (when !== 'now' && this.stale.shift()) return this.said === undefined ? undefined : `${this.said}`;
      this.said = this.pause;
      return this.said === undefined ? undefined : `${this.said}`;
    };
    return { ...super.ports(channel, chunk), pauseOf };
  }
}

test('paused and resumed at any moment, whatever crashes: everybody ends once, and gets it at most once', {
  timeout: 120_000,
}, async () => {
  const fate = fc.constantFrom('tok', 'dead', 'stop', 'busy', 'none');
  const person = fc.record({ push: fate, sms: fate, email: fate });
  const run = fc.record({
    people: fc.array(person, { minLength: 1, maxLength: 6 }),
    toggles: fc.array(fc.boolean(), { maxLength: 40 }),
    stale: fc.array(fc.boolean(), { maxLength: 40 }),
    crashes: fc.array(fc.nat(80), { maxLength: 4 }),
    chunk: fc.constantFrom(1, 2, 10),
    /** Whether push waits for the morning: then messages come out of the night into a pause. */
    night: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ people, toggles, stale, crashes, chunk, night }) => {
      const world = new Restless();
      if (night) world.settings = { ...DEFAULT_SETTINGS, quietHours: { ...NIGHT, channels: ['push'] } };
      Object.assign(world, { toggles: [...toggles], stale: [...stale], crashAt: new Set(crashes), chunk });
      for (const [n, { push, sms, email }] of people.entries()) {
        const addresses = {
          ...(push !== 'none' && { pushToken: `${push}-p-u${n}` }),
          ...(sms !== 'none' && { phone: `${sms}-s-u${n}` }),
          ...(email !== 'none' && { email: `${email}-e-u${n}` }),
        };
        const timeZone = n % 2 ? 'Asia/Kolkata' : 'America/New_York';
        world.addPerson({ profileId: `u${n}`, timeZone, ...addresses, attributes: {} }, everyChannel);
      }
      await world.run(world.pointer());
      world.toggles = [];
      if (world.pause !== undefined) world.toggle();
      await world.drain();

      const finals = world.finals();
      expect([...finals.keys()].sort()).toEqual(ids(people.length));
      expect(world.doneBatches.size).toBe(1);
      const got = gotBy(world);
      expect(new Set(got).size).toBe(got.length);
      for (const [id, { outcome, reason }] of finals) {
        if (reason !== 'unknown-after-crash') expect(got.includes(id), id).toBe(outcome === 'sent');
        const kept = outcome === 'sent' || reason === 'unknown-after-crash';
        expect(world.contact(id).touches.length, `${id} ${reason}`).toBe(kept ? 1 : 0);
      }
    }),
    { numRuns: 500 },
  );
});

test('what cannot be parked comes again', async () => {
  const world = withPeople(new World(), 1);
  world.pause = 4;
  world.crashAt.add(0);
  await expect(world.deliver('push', world.pointer())).rejects.not.toThrow(RetryLater);
  expect(world.parked.size).toBe(0);
});
