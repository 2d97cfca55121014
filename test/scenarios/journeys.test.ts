import { expect } from 'vitest';
import { bootLocal, localTest } from './boot.ts';
import { addPerson } from './people.ts';
import { participant, publish, sms, texts, write } from './walks.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

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
    },
  );
