import { describe, expect, test } from 'vitest';
import type { Channel } from '../../../core/delivery/channel.ts';
import { DEFAULT_SETTINGS } from '../../../core/delivery/settings.ts';
import { touchKey } from '../../../core/delivery/touch.ts';
import { everyChannel, plan, World } from './delivery-world.ts';

const OWN = touchKey('r1');
const OTHER = touchKey('another plan');
/** Its points: before and after the claim, before and after the reservation. */
const AFTER_RESERVATION = 3;

/** Ada, and a gap of ten minutes; the worker dies after it has reserved her touch, and `meanwhile` happens. */
const reservedAndDead = async (meanwhile: (world: World) => void) => {
  const world = new World();
  world.settings = { ...DEFAULT_SETTINGS, minimumGap: { minutes: 10 } };
  world.addPerson({ profileId: 'ada', pushToken: 'tok-ada', attributes: {} });
  world.crashAt.add(AFTER_RESERVATION);
  world.onCrash = () => {
    expect(world.contact('ada').touches.map(([, key]) => key)).toEqual([OWN]);
    meanwhile(world);
  };
  await world.run(world.pointer());
  return world;
};

/** Somebody else's message has just come. */
const another = (world: World) => {
  const ada = world.contact('ada');
  const touches = [[world.nowMs / 1_000, OTHER, ''] as const, ...ada.touches];
  world.people.set('ada', { ...ada, version: ada.version + 1, touches: touches.map((touch) => [...touch]) });
};

describe('a touch that was reserved a while ago, of a message that nobody has taken', () => {
  test('does not hold its place: another message came, and the gap counts from that', async () => {
    const world = await reservedAndDead(another);
    expect(world.finals().get('ada')).toMatchObject({ outcome: 'skipped', reason: 'minimum-gap' });
    expect(world.accepted).toEqual([]);
    expect(world.contact('ada').touches.map(([, key]) => key)).toEqual([OTHER]);
  });

  test('is of the time at which the message goes', async () => {
    const world = await reservedAndDead(() => {});
    expect(world.finals().get('ada')).toMatchObject({ outcome: 'sent' });
    expect(world.contact('ada').touches.map(([at, key]) => [at, key])).toEqual([[world.acceptedMs[0]! / 1_000, OWN]]);
  });
});

test('a message that was taken, and follows on the next channel, is the same message: its touch stays as it is', async () => {
  const channelPolicy = [{ channel: 'sms', ifNotDeliveredWithin: { minutes: 30 } } as const, 'email' as const];
  const world = new World(plan({ channelPolicy }));
  world.settings = { ...DEFAULT_SETTINGS, minimumGap: { minutes: 60 } };
  world.addPerson({ profileId: 'ada', phone: '+1', email: 'ada@example.com', attributes: {} }, everyChannel);
  const beganMs = world.nowMs;
  await world.run(world.pointer(), 'sms');
  expect(world.accepted.map(({ channel }) => channel)).toEqual(['sms', 'email']);
  expect(world.acceptedMs.map((atMs) => (atMs - beganMs) / 60_000)).toEqual([0, 30]);
  expect(world.contact('ada').touches.map(([at]) => at)).toEqual([beganMs / 1_000]);
});

test('a message that an SMS and then an email brought counts on both channels', async () => {
  const channelPolicy = [{ channel: 'sms', ifNotDeliveredWithin: { minutes: 30 } } as const, 'email' as const];
  const world = new World(plan({ channelPolicy }));
  const once = (channel: Channel) => ({ touches: 1, within: { hours: 24 }, channel });
  world.settings = { ...DEFAULT_SETTINGS, caps: [once('sms'), once('email')] };
  world.addPerson({ profileId: 'ada', phone: '+1', email: 'ada@example.com', attributes: {} }, everyChannel);
  await world.run(world.pointer(), 'sms');
  expect(world.accepted.map(({ channel }) => channel)).toEqual(['sms', 'email']);

  for (const channel of ['sms', 'email'] as const) {
    const planId = `next-${channel}`;
    world.plans.set(planId, plan({ planId, channelPolicy: [channel] }));
    await world.run(world.pointer({ plan: { kind: 'campaign', id: planId, hash: 'h1' }, runId: planId }), channel);
  }
  expect(world.accepted).toHaveLength(2);
  expect(world.settled().flatMap(({ run_id, reason }) => (run_id === 'r1' ? [] : [reason]))).toEqual([
    'channel-cap',
    'channel-cap',
  ]);
  expect(world.contact('ada').touches).toHaveLength(1);
});
