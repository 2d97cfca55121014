import { expect } from 'vitest';
import { bootLocal, type Herald, localTest } from './boot.ts';
import { addPerson } from './people.ts';
import { type JourneyView, participant, publish, sms, texts, write } from './walks.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What the journey would do with somebody, without doing it. */
const simulates = async (herald: Herald, { id }: JourneyView) => {
  const { length } = await herald.cloud.inbox.list();
  const walk = async (body: object) =>
    herald.api.must<Walk>(`POST /v1/journeys/${id}/simulate`, await herald.as('viewer-vera', body));
  const buyer = await walk({
    profile: { timeZone: 'Europe/Paris' },
    startsAt: '2026-12-01T09:00:00Z',
    properties: { name: 'Dot', plan: 'gold' },
    events: [
      { after: { hours: 5 }, type: 'order.placed', properties: { total: 3 } },
      { after: { days: 1 }, type: 'order.placed', properties: { total: 30 } },
    ],
  });
  expect(buyer.steps.map(({ node, way }) => `${node} ${way}`)).toEqual([
    ...[
      ' event',
      'hello next',
      'first-order waits',
      'first-order order.placed',
      'gold gold',
      'thanks-gold next',
      'done exit',
    ],
  ]);
  expect(buyer.end).toEqual({ reason: 'exit', atMs: Date.UTC(2026, 11, 2, 9) });
  expect(buyer.steps.every(({ text }) => text !== '')).toBe(true);
  // Somebody there is, who has been through it: that was another walk.
  expect((await walk({ profileId: 'ada', days: 2 })).rests).toMatchObject({ node: 'first-order' });
  expect((await walk({ profileId: 'ada' })).end).toMatchObject({ reason: 'exit' });
  expect(await herald.cloud.inbox.list()).toHaveLength(length);
  for (const [body, status] of [
    [{ profileId: 'nobody' }, 404],
    [{ profile: { timeZone: 'Mars/Olympus' } }, 400],
    [{ profile: {}, days: 0 }, 400],
    [{}, 400],
  ] as const) {
    const reply = await herald.api.call(`POST /v1/journeys/${id}/simulate`, await herald.as('viewer-vera', body));
    expect([body, reply.status]).toEqual([body, status]);
  }
};
type Walk = { steps: { node: string; way: string; text: string }[]; rests?: object; end?: object };

for (const hold of ['pooled', 'traced'])
  localTest(
    'days pass',
    `${hold}, a welcome: a message, a wait for an event, a branch; an exit cuts the wait short`,
    async () => {
      const herald = await bootLocal({ days: true });
      const people = { ada: '+12025550001', bob: '+12025550002', cleo: '+12025550003' };
      for (const [name, phone] of Object.entries(people)) await addPerson(herald, name, { phone });
      const apiKey = await herald.connectSource('Shop');
      const happens = async (type: string, profileId: string, id: string, properties = {}) => {
        await herald.api.must('POST /v1/events', { apiKey, body: { events: [{ id, type, profileId, properties }] } });
        await herald.cloud.clock.idle();
      };
      const journey = await write(herald, {
        name: 'Welcome',
        hold,
        entry: { event: { eventType: 'account.created' } },
        start: 'hello',
        nodes: {
          hello: await sms(herald, 'Welcome, {{ event.properties.name }}', 'first-order'),
          'first-order': {
            kind: 'wait-for-event',
            events: [
              { event: { eventType: 'order.placed', where: [{ property: 'total', atLeast: 10 }] }, next: 'gold' },
            ],
            within: { days: 3 },
            onTimeout: 'reminder',
          },
          gold: {
            kind: 'branch',
            branches: [{ name: 'gold', when: [{ property: 'plan', equals: 'gold' }], next: 'thanks-gold' }],
            otherwise: 'thanks',
          },
          'thanks-gold': await sms(herald, 'Thank you, gold member', 'done'),
          thanks: await sms(herald, 'Thank you', 'done'),
          reminder: await sms(herald, 'Did you forget something?', 'done'),
          done: { kind: 'exit' },
        },
        exits: [{ event: { eventType: 'account.closed' } }],
      });
      await publish(herald, journey);

      await happens('account.created', 'ada', 'a1', { name: 'Ada', plan: 'gold' });
      await happens('account.created', 'ada', 'a1', { name: 'Ada', plan: 'gold' });
      await happens('account.created', 'bob', 'b1', { name: 'Bob' });
      await happens('account.created', 'cleo', 'c1', { name: 'Cleo' });
      await herald.cloud.clock.advance(DAY);
      expect(await texts(herald, people.ada)).toEqual(['Welcome, Ada']);

      await happens('order.placed', 'ada', 'a2', { total: 5 });
      expect(await participant(herald, journey.id, 'ada')).toMatchObject({ state: 'inside', node: 'first-order' });
      await happens('order.placed', 'ada', 'a3', { total: 50 });
      expect((await texts(herald, people.ada)).sort()).toEqual(['Thank you, gold member', 'Welcome, Ada']);
      expect(await participant(herald, journey.id, 'ada')).toMatchObject({ state: 'over', end: { reason: 'exit' } });

      await happens('account.closed', 'cleo', 'c2');
      expect(await participant(herald, journey.id, 'cleo')).toMatchObject({
        state: 'over',
        end: { reason: 'exit-criterion', detail: 'account.closed' },
      });

      await herald.cloud.clock.advance(2 * DAY + 5 * MINUTE);
      expect((await texts(herald, people.bob)).sort()).toEqual(['Did you forget something?', 'Welcome, Bob']);
      expect(await texts(herald, people.cleo)).toEqual(['Welcome, Cleo']);
      const list = await herald.api.must<{ items: unknown[] }>(
        `GET /v1/journeys/${journey.id}/participants`,
        await herald.as('viewer-vera'),
      );
      expect(list.items).toEqual([]);
      // All that somebody did, with its reasons, comes from the lake.
      const path = await herald.api.must<{ entries: { entry: number; steps: { text: string; way: string }[] }[] }>(
        `GET /v1/journeys/${journey.id}/participants/ada/steps`,
        await herald.as('viewer-vera'),
      );
      const ways = ['event', 'next', 'waits', 'order.placed', 'gold', 'next', 'exit'];
      expect(path.entries.map(({ entry, steps }) => [entry, steps.map(({ way }) => way)])).toEqual([[1, ways]]);
      expect(path.entries[0]?.steps.every(({ text }) => text.includes(' UTC '))).toBe(true);
      await simulates(herald, journey);
    },
  );
