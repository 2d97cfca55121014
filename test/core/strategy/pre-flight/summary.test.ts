import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Channel } from '../../../../core/delivery/channel.ts';
import type { Touch } from '../../../../core/delivery/contact-state.ts';
import type { DeliverySettings } from '../../../../core/delivery/settings.ts';
import { aboutOf } from '../../../../core/delivery/touch.ts';
import { isHeldOut } from '../../../../core/strategy/holdout.ts';
import type { Recipient } from '../../../../core/strategy/pre-flight/fate.ts';
import { type Asked, foretold } from '../../../../core/strategy/pre-flight/summary.ts';

/** Noon of a Wednesday, UTC. */
const NOW = Date.UTC(2026, 10, 18, 12);
const HOUR = 3_600_000;
const ZONES: Record<string, number> = { UTC: 0, 'Asia/Tokyo': 9, 'Asia/Dubai': 4 };
const DEFER = { from: '20:00', to: '07:00', otherwise: 'defer' as const, jitterMinutes: 0 };

type Person = {
  email: boolean;
  phone: boolean;
  zone: string;
  consents: { email?: boolean | undefined; sms?: boolean | undefined };
  suppressed: Channel[];
  /** Hours ago, and by which channel. */
  touches: [number, 'email' | 'sms'][];
};
type World = {
  people: Person[];
  policy: ('email' | 'sms')[];
  holdout: number;
  sendInHours: number;
  deadlineHours: number;
  settings: DeliverySettings;
};

const person = fc.record<Person>({
  ...{ email: fc.boolean(), phone: fc.boolean(), zone: fc.constantFrom(...Object.keys(ZONES)) },
  consents: fc.record({
    email: fc.option(fc.boolean(), { nil: undefined }),
    sms: fc.option(fc.boolean(), { nil: undefined }),
  }),
  suppressed: fc.subarray<Channel>(['email', 'sms']),
  touches: fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom('email' as const, 'sms' as const)), {
    maxLength: 3,
  }),
});
const world = fc.record<World>({
  people: fc.array(person, { minLength: 1, maxLength: 12 }),
  policy: fc.constantFrom(['email' as const], ['sms' as const, 'email' as const], ['email' as const, 'sms' as const]),
  ...{ holdout: fc.constantFrom(0, 50), sendInHours: fc.integer({ min: 0, max: 24 }) },
  deadlineHours: fc.constantFrom(5, 1_000),
  settings: fc.record({
    frequencyCap: fc.record({ touches: fc.constantFrom(1, 2, 10), hours: fc.constantFrom(12, 24) }),
    caps: fc.constantFrom([], [{ touches: 1, within: { hours: 24 }, channel: 'sms' as const }]),
    quietHours: fc.constantFrom(undefined, DEFER, { ...DEFER, otherwise: 'drop' as const }),
  }) as fc.Arbitrary<DeliverySettings>,
});

const recipientsOf = ({ people }: World): Recipient[] =>
  people.map(({ email, phone, zone, consents, suppressed, touches }, n) => ({
    row: {
      ...{ profileId: `p${n}`, timeZone: zone, attributes: {} },
      ...(email && { email: `p${n}@example.com` }),
      ...(phone && { phone: '+33612345678' }),
    },
    contact: {
      ...{ profileId: `p${n}`, version: 1 },
      consents: Object.fromEntries(Object.entries(consents).filter(([, said]) => said !== undefined)) as Record<
        string,
        boolean
      >,
      suppressed: Object.fromEntries(suppressed.map((channel) => [channel, { reason: 'manual', atMs: 1 }])),
      touches: touches
        .toSorted((a, b) => a[0] - b[0])
        .map(
          ([hours, channel], at): Touch => [
            NOW / 1_000 - hours * 3_600,
            `key${at}`,
            aboutOf({ channel, topic: 'news' }),
          ],
        ),
    },
  }));

const askedOf = (world: World, size = world.people.length): Asked => ({
  plan: { channelPolicy: world.policy, topic: 'offers', lane: 'promotional' },
  ...{ settings: world.settings, recipients: recipientsOf(world), size, nowMs: NOW },
  holdouts: [{ percent: world.holdout, salt: 'x' }],
  dueOf: () => NOW + world.sendInHours * HOUR,
  deadlineMs: NOW + (world.sendInHours + world.deadlineHours) * HOUR,
  ...{ perMinute: undefined, renders: () => true },
});

/** What becomes of one of them, in plain words and whole hours: nothing of the gate is asked. */
const twin = (one: Person, id: string, world: World): { end: string; waits: boolean; cap: boolean } => {
  const { settings, policy } = world;
  if (isHeldOut(id, { percent: world.holdout, salt: 'x' })) return { end: 'holdout', waits: false, cap: false };
  let [hour, waits, cap, end] = [world.sendInHours, false, false, 'no-address'];
  for (const channel of policy) {
    if (channel === 'email' ? !one.email : !one.phone) continue;
    const clock = (12 + hour + (ZONES[one.zone] ?? 0)) % 24;
    if (settings.quietHours && (clock >= 20 || clock < 7)) {
      if (settings.quietHours.otherwise === 'drop') return { end: 'quiet-hours', waits, cap };
      const until = hour + ((7 - clock + 24) % 24);
      if (until > world.sendInHours + world.deadlineHours) return { end: 'too-late', waits, cap };
      [hour, waits] = [until, true];
    }
    const within = (hours: number, on?: string) =>
      one.touches.filter(([ago, by]) => ago + hour < hours && (on === undefined || by === on)).length;
    if (one.suppressed.includes(channel)) end = 'suppressed';
    else if (one.consents[channel] !== true) end = 'no-consent';
    else if (within(settings.frequencyCap.hours) >= settings.frequencyCap.touches)
      return { end: 'frequency-cap', waits, cap: true };
    else if (channel === 'sms' && (settings.caps ?? []).length > 0 && within(24, 'sms') >= 1) {
      [end, cap] = ['channel-cap', true];
    } else return { end: channel, waits, cap };
  }
  return { end, waits, cap };
};

test('says of a small world what a plain walk through its people says', () => {
  fc.assert(
    fc.property(world, (world) => {
      const ends = world.people.map((one, n) => twin(one, `p${n}`, world));
      const count = (is: (end: (typeof ends)[number]) => boolean) => ends.filter(is).length;
      const isSent = ({ end }: { end: string }) => end === 'email' || end === 'sms';
      const { sample, expected, caps, quietHours, heldOut } = foretold(askedOf(world));
      const sizes = (of: Record<string, { size: number; low: number; high: number }>) =>
        Object.fromEntries(
          Object.entries(of).flatMap(([key, { size, low, high }]) => {
            expect([low, high]).toEqual([size, size]);
            return size > 0 ? [[key, size]] : [];
          }),
        );
      const twins = Object.groupBy(ends, ({ end }) => end);
      const told = { ...sizes(expected.byChannel), ...sizes(expected.skipped) };
      expect(told).toEqual(Object.fromEntries(Object.entries(twins).map(([end, all]) => [end, all?.length])));
      expect({ sent: expected.sent.size, heldOut: heldOut.size, atSend: caps.atSend.size }).toEqual({
        sent: count(isSent),
        heldOut: count(({ end }) => end === 'holdout'),
        atSend: count(({ cap }) => cap),
      });
      expect([quietHours.waits.size, quietHours.dropped.size, quietHours.tooLate.size, sample.exact]).toEqual([
        count((one) => isSent(one) && one.waits),
        count(({ end }) => end === 'quiet-hours'),
        count(({ end }) => end === 'too-late'),
        true,
      ]);
    }),
    { numRuns: 1_000 },
  );
});

const ada: Person = {
  ...{ email: true, phone: true, zone: 'UTC', consents: { email: true, sms: true } },
  ...{ suppressed: [], touches: [] },
};
const plain: World = {
  ...{ people: [ada], policy: ['sms', 'email'], holdout: 0, sendInHours: 0, deadlineHours: 1_000 },
  settings: { frequencyCap: { touches: 1, hours: 24 } },
};
const same = (size: number) => ({ size, low: size, high: size });

test('whom a channel could reach does not ask whether its turn comes', () => {
  const people: Person[] = [
    ada,
    { ...ada, phone: false },
    { ...ada, consents: {} },
    { ...ada, suppressed: ['sms'], consents: {} },
  ];
  const { channels, reachable } = foretold(askedOf({ ...plain, people, holdout: 50 }));
  expect(channels).toEqual({
    sms: { reachable: same(1), noAddress: same(1), noConsent: same(1), suppressed: same(1) },
    email: { reachable: same(2), noAddress: same(0), noConsent: same(2), suppressed: same(0) },
  });
  expect(reachable).toEqual(same(2));
});

test('whom a cap holds back now, and not any more when it is sent', () => {
  const touched = { ...ada, touches: [[20, 'sms']] as Person['touches'] };
  expect(foretold(askedOf({ ...plain, people: [ada, touched] })).caps).toEqual({ now: same(1), atSend: same(1) });
  const later = askedOf({ ...plain, people: [ada, touched], sendInHours: 5 });
  expect(foretold(later).caps).toEqual({ now: same(1), atSend: same(0) });
});

test('a sample says between what the truth lies, and never more than there are', () => {
  const people = Array.from({ length: 100 }, (_, n) => (n < 40 ? ada : { ...ada, consents: {} }));
  const { expected, sample, cost } = foretold({
    ...askedOf({ ...plain, people }, 10_000),
    settings: { ...plain.settings, prices: { sms: 0.01 } },
  });
  expect(sample).toEqual({ people: 100, exact: false });
  const { size, low, high } = expected.sent;
  expect(size).toBe(4_000);
  expect(low).toBeGreaterThan(3_000);
  expect(high).toBeLessThan(5_000);
  expect(cost.amount).toEqual({ size: 40, low: low / 100, high: high / 100 });
  expect(cost).toMatchObject({ prices: { sms: 0.01 }, unpriced: ['email'] });
});

test.each<[string, Partial<DeliverySettings>, number | undefined, object]>([
  ['nothing limits it', {}, undefined, { seconds: null, limitedBy: null }],
  ['its speed, over all channels', {}, 2, { seconds: 60, limitedBy: 'speed' }],
  [
    'the slower channel, without the share of the other lane',
    { rates: { sms: { perSecond: 0.5, transactionalShare: 0.5 }, email: { perSecond: 100 } } },
    600,
    { seconds: 4, limitedBy: 'sms' },
  ],
  ['a rate without a share', { rates: { email: { perSecond: 0.1 } } }, undefined, { seconds: 13, limitedBy: 'email' }],
])('how long it takes: %s', (_, settings, perMinute, duration) => {
  const people = [ada, { ...ada, phone: false }];
  const asked = askedOf({ ...plain, people, settings: { ...plain.settings, ...settings } });
  expect(foretold({ ...asked, perMinute }).duration).toEqual({ ...duration, spreadSeconds: 0 });
});

test('at times of their own, some are too late; who cannot be rendered for is skipped', () => {
  const asked = askedOf({ ...plain, people: [ada, ada, ada] });
  const dueOf = ({ row }: Recipient) => (row.profileId === 'p0' ? undefined : NOW);
  const renders = ({ row }: Recipient) => row.profileId !== 'p1';
  const plan = { ...asked.plan, sendTime: { local: '09:00' } };
  const { expected, duration } = foretold({ ...asked, plan, dueOf, renders });
  expect(expected).toMatchObject({ sent: same(1), skipped: { 'too-late': same(1), 'render-failed': same(1) } });
  expect(duration.spreadSeconds).toBe(25 * 3_600);
});

test('an audience of nobody', () => {
  const { expected, cost, sample } = foretold(askedOf({ ...plain, people: [] }));
  expect([expected.sent, cost.amount.size, sample]).toEqual([same(0), 0, { people: 0, exact: true }]);
});
