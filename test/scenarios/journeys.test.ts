import { expect } from 'vitest';
import { bill, diff } from '../../local/meter.ts';
import { bootLocal, type Herald, localTest } from './boot.ts';
import { addPerson } from './people.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type JourneyView = { id: string; version: number; state: string; hash?: string; running?: { state: string } };
type Report = { entered: number; inside: number; ended: Record<string, number>; nodes: Record<string, object> };
type ParticipantView = {
  state: string;
  node: string;
  entry: number;
  end?: { reason: string; detail?: string };
  steps: { node: string; way: string }[];
};

const template = async (herald: Herald, text: string): Promise<string> => {
  const body = { name: text, channels: { sms: { text } } };
  return (await herald.api.must<{ id: string }>('POST /v1/templates', await herald.as('marketer-mia', body))).id;
};
const sms = async (herald: Herald, text: string, next: string) => ({
  ...{ kind: 'message', templateId: await template(herald, text), channelPolicy: ['sms'], lane: 'transactional', next },
});
const write = async (herald: Herald, journey: Record<string, unknown>): Promise<JourneyView> =>
  herald.api.must('POST /v1/journeys', await herald.as('marketer-mia', { topic: 'welcome', ...journey }));
const publish = async (herald: Herald, { id, version }: JourneyView, inside?: string) => {
  const body = { version, ...(inside && { inside }) };
  const published = await herald.api.must<JourneyView>(
    `POST /v1/journeys/${id}/publish`,
    await herald.as('approver-ada', body),
  );
  await herald.cloud.clock.advance(10_000);
  return published;
};
const participant = async (herald: Herald, id: string, profileId: string) =>
  herald.api.must<ParticipantView>(`GET /v1/journeys/${id}/participants/${profileId}`, await herald.as('marketer-mia'));
const texts = async ({ cloud }: Herald, to: string) =>
  (await cloud.inbox.list()).filter((one) => one.to === to).map(({ body }) => body);

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
