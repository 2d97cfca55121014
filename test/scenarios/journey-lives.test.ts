import { expect } from 'vitest';
import { bill, diff } from '../../local/meter.ts';
import { bootLocal, type LocalHerald, localTest } from './boot.ts';
import { addPerson } from './people.ts';
import { type JourneyView, publish, type Report, sms, texts, write } from './walks.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Each day at nine in Paris whoever has the city Lyon enters; a pause leaves a day out, and cuts another one short. */
const daily = async (herald: LocalHerald) => {
  const here = herald.cloud.clock.now();
  const until = (atMs: number) => herald.cloud.clock.advance(atMs - herald.cloud.clock.now());
  const nine = (days: number) => Math.floor(here / DAY) * DAY + days * DAY + 8 * HOUR;
  const lyon = (name: string, phone: string) => addPerson(herald, name, { phone, attributes: { city: 'Lyon' } });
  await lyon('dot', '+12025550004');
  await lyon('eve', '+12025550005');
  const segment = { name: 'Lyon', segment: { attribute: 'city', equals: 'Lyon' } };
  const { id: segmentId } = await herald.api.must<{ id: string }>(
    'POST /v1/segments',
    await herald.as('marketer-mia', segment),
  );
  const from = new Date(nine(1)).toISOString().slice(0, 10);
  const schedule = { every: 'day', time: '09:00', timeZone: 'Europe/Paris', from };
  const { id } = await publish(
    herald,
    await write(herald, {
      ...{ name: 'Daily', entry: { schedule, audience: { segmentId } }, reentry: { atMost: 2 }, start: 'hello' },
      nodes: { hello: await sms(herald, 'Daily', 'done'), done: { kind: 'exit' } },
    }),
  );
  const read = async () =>
    (await herald.api.must<Scheduled>(`GET /v1/journeys/${id}`, await herald.as('viewer-vera'))).running.schedule;
  const act = async (verb: string, body: object = {}) =>
    herald.api.must(`POST /v1/journeys/${id}/${verb}`, await herald.as('operator-oscar', body));
  const daily = async (phone: string) => (await texts(herald, phone)).filter((text) => text === 'Daily').length;
  expect(await read()).toEqual({ nextMs: nine(1), times: 0, skipped: 0 });

  await until(nine(1) + 10 * MINUTE);
  expect(await read()).toMatchObject({
    ...{ nextMs: nine(2), times: 1 },
    last: { dueMs: nine(1), state: 'told', people: 2, outcomes: { entered: 2 } },
  });
  // A pause soon after tells the same members again when it ends, and nobody enters twice; one over a whole time leaves that out.
  await act('pause', { reason: 'Look' });
  await act('resume');
  await herald.cloud.clock.advance(10 * MINUTE);
  expect((await read()).last).toMatchObject({ dueMs: nine(1), people: 2, outcomes: { entered: 2 } });
  expect([await daily('+12025550004'), await daily('+12025550005')]).toEqual([1, 1]);
  await act('pause', { reason: 'Holiday' });
  await until(nine(2) + HOUR);
  await act('resume');
  await lyon('fay', '+12025550006');
  await until(nine(3) + 10 * MINUTE);
  await until(nine(4) + 10 * MINUTE);
  expect(await read()).toMatchObject({
    ...{ nextMs: nine(5), times: 3 },
    last: { people: 3, outcomes: { entered: 1, 'often-enough': 2 } },
  });
  expect(await Promise.all(['4', '5', '6'].map((n) => daily(`+1202555000${n}`)))).toEqual([2, 2, 2]);
  await act('stop', { reason: 'Over' });
};
type Scheduled = { running: { schedule: { last?: object } } };

localTest('days pass', 'pauses, an edit in flight, and who enters by a call, a segment or on schedule', async () => {
  const herald = await bootLocal({ days: true });
  const people = { ada: '+12025550001', bob: '+12025550002', cleo: '+12025550003' };
  for (const [name, phone] of Object.entries(people)) {
    await addPerson(herald, name, { phone, attributes: { tier: name === 'cleo' ? 'gold' : 'none' } });
  }
  const nodes = {
    first: await sms(herald, 'First', 'rest'),
    rest: { kind: 'wait', for: { hours: 2 }, next: 'second' },
    second: await sms(herald, 'Second', 'done'),
    done: { kind: 'exit' },
  };
  const apiKey = await herald.connectSource('Shop');
  const entry = { api: true, sources: [apiKey.split('_')[1]] };
  const journey = await write(herald, { name: 'By call', entry, start: 'first', nodes });
  const refused = await herald.api.call(`POST /v1/journeys/${journey.id}/publish`, {
    token: await herald.cloud.tokens.issue({ sub: await herald.idOf('marketer-mia'), groups: ['approver'] }),
    body: { version: 1 },
  });
  expect(refused).toMatchObject({ status: 403, body: { type: '/problems/own-approval' } });
  const published = await publish(herald, journey);
  const enter = async (profileId: string) => {
    const body = await herald.as('marketer-mia', { profileId }, `enter-${profileId}`);
    await herald.api.must(`POST /v1/journeys/${journey.id}/participants`, body);
    await herald.cloud.clock.idle();
  };
  for (const name of ['ada', 'ada']) await enter(name);
  await herald.api.must(`POST /v1/journeys/${journey.id}/entries`, { apiKey, body: { profileId: 'bob' } });
  await herald.cloud.clock.idle();
  for (const bad of [{ profileId: 'anonymous:d1' }, { profileId: 'ada', properties: { text: 'x'.repeat(70_000) } }]) {
    const called = await herald.as('marketer-mia', bad);
    expect((await herald.api.call(`POST /v1/journeys/${journey.id}/participants`, called)).status).toBe(400);
  }
  expect(await texts(herald, people.ada)).toEqual(['First']);

  // A pause longer than the wait: nobody goes on, and nobody enters.
  const pause = await herald.as('operator-oscar', { reason: 'A wrong price' });
  await herald.api.must(`POST /v1/journeys/${journey.id}/pause`, pause);
  expect(
    (
      await herald.api.call(
        `POST /v1/journeys/${journey.id}/participants`,
        await herald.as('marketer-mia', { profileId: 'cleo' }),
      )
    ).status,
  ).toBe(409);
  await herald.cloud.clock.advance(5 * HOUR);
  expect([await texts(herald, people.ada), await texts(herald, people.bob)]).toEqual([['First'], ['First']]);

  // Meanwhile the second message is written anew, for those inside, too.
  const edit = { name: 'By call', topic: 'welcome', entry, start: 'first' };
  const better = { ...nodes, second: await sms(herald, 'Better', 'done') };
  const edited = await herald.api.must<JourneyView>(
    `PUT /v1/journeys/${journey.id}`,
    await herald.as('marketer-mia', { ...edit, nodes: better, version: published.version }),
  );
  expect(edited).toMatchObject({ state: 'draft', running: { state: 'paused' } });
  await publish(herald, edited, 'move');
  await herald.api.must(`POST /v1/journeys/${journey.id}/resume`, await herald.as('operator-oscar', {}));
  await herald.cloud.clock.advance(MINUTE);
  expect((await texts(herald, people.ada)).sort()).toEqual(['Better', 'First']);
  expect((await texts(herald, people.bob)).sort()).toEqual(['Better', 'First']);

  await herald.cloud.clock.advance(2 * MINUTE);
  const report = await herald.api.must<Report>(`GET /v1/journeys/${journey.id}/report`, await herald.as('viewer-vera'));
  expect(report).toMatchObject({
    ...{ entered: 2, inside: 0, ended: { exit: 2 } },
    nodes: { rest: { entered: 2, inside: 0, left: { next: 2 } }, second: { entered: 2, left: { next: 2 } } },
  });

  // Who is in a live segment already enters when the journey goes live.
  const segment = { name: 'Gold', segment: { attribute: 'tier', equals: 'gold' } };
  const { id: segmentId } = await herald.api.must<{ id: string }>(
    'POST /v1/segments',
    await herald.as('marketer-mia', segment),
  );
  const gold = await write(herald, {
    ...{ name: 'Gold', entry: { segment: segmentId, includeMembers: true }, start: 'hello' },
    nodes: { hello: await sms(herald, 'Gold', 'done'), done: { kind: 'exit' } },
  });
  const { defects } = await herald.api.must<{ defects: { code: string }[] }>(
    `POST /v1/journeys/${gold.id}/validate`,
    await herald.as('viewer-vera', {}),
  );
  expect(defects.map(({ code }) => code)).toEqual(['segment-not-live']);
  await herald.api.must(`PUT /v1/segments/${segmentId}/live`, await herald.as('marketer-mia', { refresh: 'daily' }));
  const isLive = ({ state }: { state: string }) => state === 'live';
  await herald.until<{ state: string }>(`GET /v1/segments/${segmentId}/live`, 'marketer-mia', isLive, HOUR);
  const first = await publish(herald, gold);
  await herald.api.must('PUT /v1/profiles/bob', await herald.as('marketer-mia', { attributes: { tier: 'gold' } }));
  await herald.cloud.clock.advance(MINUTE);
  expect(await texts(herald, people.cleo)).toEqual(['Gold']);
  expect(await texts(herald, people.bob)).toContain('Gold');
  expect(await texts(herald, people.ada)).not.toContain('Gold');

  // An edit lets none of its members in again, although they may enter again; and what is only written lets nobody in by a call.
  const again = {
    ...{ name: 'Gold', topic: 'welcome', entry: { segment: segmentId, includeMembers: true }, start: 'hello' },
    nodes: { hello: await sms(herald, 'Gold again', 'done'), done: { kind: 'exit' } },
    reentry: { after: { seconds: 30 } },
  };
  const rewritten = await herald.api.must<JourneyView>(
    `PUT /v1/journeys/${gold.id}`,
    await herald.as('marketer-mia', { ...again, version: first.version }),
  );
  const { version } = await publish(herald, rewritten);
  await herald.cloud.clock.advance(MINUTE);
  expect(await texts(herald, people.cleo)).toEqual(['Gold']);
  await herald.api.must(
    `PUT /v1/journeys/${gold.id}`,
    await herald.as('marketer-mia', { ...again, entry: { api: true }, version }),
  );
  const called = await herald.as('marketer-mia', { profileId: 'ada' });
  expect((await herald.api.call(`POST /v1/journeys/${gold.id}/participants`, called)).status).toBe(422);

  await daily(herald);

  const stop = await herald.as('operator-oscar', { reason: 'Over' });
  expect(await herald.api.must(`POST /v1/journeys/${gold.id}/stop`, stop)).toMatchObject({
    running: { state: 'stopped' },
  });
});

localTest('a thousand people wait', 'a wait of many people costs at most $1.50 per million', async () => {
  const herald = await bootLocal({ days: true });
  const apiKey = await herald.connectSource('Shop');
  const journey = await write(herald, {
    ...{ name: 'Waits', entry: { event: { eventType: 'began' } }, start: 'w1' },
    nodes: {
      w1: { kind: 'wait', for: { days: 1 }, next: 'w2' },
      w2: { kind: 'wait', for: { days: 1 }, next: 'w3' },
      w3: { kind: 'wait', for: { days: 1 }, next: 'done' },
      done: { kind: 'exit' },
    },
  });
  await publish(herald, journey);
  const count = 500;
  const events = Array.from({ length: count }, (_, n) => ({ id: `e${n}`, type: 'began', profileId: `p${n}` }));
  for (let at = 0; at < count; at += 100) {
    await herald.api.must('POST /v1/events', { apiKey, body: { events: events.slice(at, at + 100) } });
  }
  await herald.cloud.clock.advance(10 * MINUTE);
  // One wait ends and the next begins: all that a wait costs.
  const before = herald.cloud.meter.snapshot();
  await herald.cloud.clock.advance(DAY);
  const counted = diff(before, herald.cloud.meter.snapshot());
  // What runs anyway while a day passes, whoever waits, is no part of a wait.
  const isOwn = ([operation]: [string, unknown]) =>
    !operation.startsWith('lambda:') || operation.includes('participants');
  const daily = ['states-transition', 's3-get', 's3-put', 'logs-gb', 'scheduler-invocation'];
  const own = Object.entries(counted)
    .filter(([item]) => !daily.includes(item))
    .map(([item, operations]) => [item, Object.fromEntries(Object.entries(operations).filter(isOwn))]);
  const perMillion = (bill(Object.fromEntries(own)).usd / count) * 1e6;
  console.log(`A pooled wait: $${perMillion.toFixed(2)} per million`);
  expect(perMillion).toBeGreaterThan(0.6);
  expect(perMillion).toBeLessThanOrEqual(1.5);
});
