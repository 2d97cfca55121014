import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { bootLocal, bootShared, type Herald, localTest } from './boot.ts';
import { addPerson, importCsv } from './people.ts';
import { quietAtEnd } from './put-back.ts';
import { patient } from './sales.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DAYS_PASS = 'days pass';

type Live = {
  state: string;
  reacts: string;
  because: string[];
  nextRefreshMs: number;
  size?: number;
};
type Members = { items: { profileId: string; sinceMs: number }[]; cursor?: string };

/** The cloud that the tests of this file share. */
const bootForDays = async () => {
  const herald = await bootShared({ days: true });
  quietAtEnd(herald);
  return herald;
};
const createSegment = async (herald: Herald, name: string, segment: unknown): Promise<string> => {
  const body = { name, segment };
  const { id } = await herald.api.must<{ id: string }>('POST /v1/segments', await herald.as('marketer-mia', body));
  return id;
};
const goLive = async (herald: Herald, id: string, options: object = { refresh: 'daily' }) =>
  herald.api.must<Live>(`PUT /v1/segments/${id}/live`, await herald.as('marketer-mia', options));
const liveOf = async (herald: Herald, id: string) =>
  herald.api.must<Live>(`GET /v1/segments/${id}/live`, await herald.as('viewer-vera'));
const untilLive = async (herald: Herald, id: string) => {
  await herald.until<Live>(`GET /v1/segments/${id}/live`, 'marketer-mia', ({ state }) => state === 'live', HOUR);
  await herald.cloud.clock.advance(10_000);
};
/** The names of those whom this test has added. */
const membersOf = async ({ api, as, own }: Herald, id: string): Promise<string[]> => {
  const page = await api.must<Members>(`GET /v1/segments/${id}/members`, await as('viewer-vera'));
  const tag = own('');
  return page.items.flatMap(({ profileId }) => (profileId.endsWith(tag) ? [profileId.replace(tag, '')] : []));
};

/** An SMS to whoever has an event of the type. */
const activeTrigger = async (herald: Herald, eventType: string, text: string) => {
  const { id: templateId } = await herald.api.must<{ id: string }>(
    'POST /v1/templates',
    await herald.as('marketer-mia', { name: 'Notice', channels: { sms: { text } } }),
  );
  const trigger = {
    name: 'Notice',
    eventType,
    templateId,
    channelPolicy: ['sms'],
    topic: 'news',
    lane: 'transactional',
  };
  const { id, version } = await herald.api.must<{ id: string; version: number }>(
    'POST /v1/triggers',
    await herald.as('marketer-mia', trigger),
  );
  await herald.api.must(`POST /v1/triggers/${id}/activate`, await herald.as('approver-ada', { version }));
  await herald.cloud.clock.advance(10_000);
};

/** A shop's app: events whose ids count up. */
const shopOf = async (herald: Herald) => {
  const apiKey = await herald.connectSource('Shop');
  let sent = 0;
  return async (type: string, person: { profileId?: string; anonymousId?: string }, properties: object = {}) => {
    sent += 1;
    const named = Object.entries(person).map(([key, name]) => [key, herald.own(name)]);
    const event = { id: `e${sent}`, type: herald.own(type), ...Object.fromEntries(named), properties };
    await herald.api.must('POST /v1/events', { apiKey, body: { events: [event] } });
    await herald.cloud.clock.idle();
  };
};
const received = async (herald: Herald) =>
  (await herald.cloud.inbox.list()).map(({ to, body }) => `${to}: ${body}`).reverse();

const twiceInAWeek = ({ own }: Herald, event = 'purchase') => ({
  ...{ event: own(event), count: { atLeast: 2 }, within: { days: 7 } },
});

localTest(
  DAYS_PASS,
  'bought twice in 7 days: the second purchase enters at once, the end of the week leaves',
  async () => {
    const herald = await bootForDays();
    for (const [name, phone] of [
      ['ada', '+12025550001'],
      ['bob', '+12025550002'],
    ] as const) {
      await addPerson(herald, name, { phone });
    }
    const shop = await shopOf(herald);
    // Bob had bought before anybody asked: he is in from the start, and gets no welcome.
    await shop('purchase', { profileId: 'bob' });
    await shop('purchase', { profileId: 'bob' });
    const id = await createSegment(herald, 'Regulars', twiceInAWeek(herald));
    expect(await goLive(herald, id)).toMatchObject({ state: 'starting', reacts: 'at once', because: [] });
    await activeTrigger(herald, 'herald.segment.entered', 'Welcome to the {{ event.properties.segment }}');
    await activeTrigger(herald, 'herald.segment.left', 'We miss you');
    await untilLive(herald, id);
    expect(await membersOf(herald, id)).toEqual(['bob']);
    expect(await liveOf(herald, id)).toMatchObject({ size: 1 });
    expect(await received(herald)).toEqual([]);

    await shop('purchase', { profileId: 'ada' });
    await herald.cloud.clock.advance(2 * DAY);
    expect(await membersOf(herald, id)).toEqual(['bob']);
    await shop('purchase', { profileId: 'ada' });
    expect(await membersOf(herald, id)).toEqual(['ada', 'bob']);
    expect(await received(herald)).toEqual(['+12025550001: Welcome to the Regulars']);
    const ofAda = `GET /v1/profiles/${herald.own('ada')}/segments`;
    const mine = await herald.api.must(ofAda, await herald.as('viewer-vera'));
    expect(mine).toMatchObject({ items: [{ segmentId: id, name: 'Regulars' }] });

    await shop('purchase', { profileId: 'ada' });
    await herald.cloud.clock.advance(5 * DAY + 5 * MINUTE);
    // Five days later one of her three purchases is too old, and both of Bob's are.
    expect(await membersOf(herald, id)).toEqual(['ada']);
    expect(await received(herald)).toEqual(['+12025550001: Welcome to the Regulars', '+12025550002: We miss you']);
    await herald.cloud.clock.advance(2 * DAY + 5 * MINUTE);
    expect(await membersOf(herald, id)).toEqual([]);
    expect((await received(herald)).at(-1)).toBe('+12025550001: We miss you');
    expect(await liveOf(herald, id)).toMatchObject({ size: 0 });
  },
);

localTest(DAYS_PASS, 'a profile, a consent, a list: whoever changes them by API moves the person at once', async () => {
  const herald = await bootForDays();
  const { api, as, own } = herald;
  await addPerson(herald, 'ada', { phone: '+12025550001', attributes: { tier: own('gold') } });
  await addPerson(herald, 'bob', { phone: '+12025550002', attributes: { tier: own('gold') } });
  const { id: listId } = await api.must<{ id: string }>('POST /v1/lists', await as('marketer-mia', { name: 'VIP' }));
  const id = await createSegment(herald, 'Golden guests', {
    all: [{ attribute: 'tier', equals: own('gold') }, { list: listId }],
  });
  expect(await goLive(herald, id)).toMatchObject({ state: 'filling', reacts: 'at once' });
  await untilLive(herald, id);
  expect(await membersOf(herald, id)).toEqual([]);

  const profileIds = [own('ada'), own('bob')];
  await api.must(`POST /v1/lists/${listId}/members`, await as('marketer-mia', { profileIds }));
  await herald.cloud.clock.idle();
  expect(await membersOf(herald, id)).toEqual(['ada', 'bob']);
  await api.must(`PUT /v1/profiles/${own('bob')}`, await as('marketer-mia', { attributes: { tier: 'silver' } }));
  await herald.cloud.clock.idle();
  expect(await membersOf(herald, id)).toEqual(['ada']);

  await api.must(`DELETE /v1/segments/${id}/live`, await as('marketer-mia'));
  await herald.cloud.clock.advance(10_000);
  await api.must(`PUT /v1/profiles/${own('bob')}`, await as('marketer-mia', { attributes: { tier: own('gold') } }));
  await herald.cloud.clock.idle();
  expect(await membersOf(herald, id)).toEqual(['ada']);
  expect(await api.must(`GET /v1/profiles/${own('ada')}/segments`, await as('viewer-vera'))).toEqual({ items: [] });
});

localTest(DAYS_PASS, 'what the lake alone can tell changes on schedule; imports are noticed then, too', async () => {
  const herald = await bootForDays();
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  const shop = await shopOf(herald);
  const id = await createSegment(herald, 'Spenders', {
    event: herald.own('purchase'),
    sum: { property: 'amount', is: { atLeast: 100 } },
  });
  const live = await goLive(herald, id, { refresh: 'hourly', announceFirst: true });
  expect(live).toMatchObject({
    state: 'filling',
    reacts: 'on schedule',
    because: [`${herald.own('purchase')}: sum over all time`],
  });
  await activeTrigger(herald, 'herald.segment.entered', 'Thank you');
  await untilLive(herald, id);
  await shop('purchase', { profileId: 'ada' }, { amount: 60 });
  await shop('purchase', { profileId: 'ada' }, { amount: 60 });
  expect(await membersOf(herald, id)).toEqual([]);
  await herald.cloud.clock.advance(HOUR + 5 * MINUTE);
  expect(await membersOf(herald, id)).toEqual(['ada']);
  expect(await received(herald)).toEqual(['+12025550001: Thank you']);

  const city = await createSegment(herald, 'Parisians', { attribute: 'city', equals: herald.own('Paris') });
  await goLive(herald, city, { refresh: 'hourly' });
  await untilLive(herald, city);
  await importCsv(herald, `id,city\n${herald.own('ada')},${herald.own('Paris')}\n`, {
    id: 'profileId',
    city: 'attributes.city',
  });
  expect(await membersOf(herald, city)).toEqual([]);
  await herald.cloud.clock.advance(HOUR + 5 * MINUTE);
  expect(await membersOf(herald, city)).toEqual(['ada']);
  await herald.cloud.clock.advance(3 * HOUR);
  expect(await received(herald)).toEqual(['+12025550001: Thank you', '+12025550001: Thank you']);
});

localTest(DAYS_PASS, 'what somebody did before they signed in counts from the moment they do', async () => {
  const herald = await bootForDays();
  const { api, as, own } = herald;
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  await addPerson(herald, 'bob', { phone: '+12025550002' });
  const shop = await shopOf(herald);
  // One view before the segment is live, which the lake knows of, one after.
  await shop('viewed', { anonymousId: 'laptop' });
  await shop('viewed', { anonymousId: 'kiosk' });
  const id = await createSegment(herald, 'Lookers', twiceInAWeek(herald, 'viewed'));
  await goLive(herald, id);
  await activeTrigger(herald, 'herald.segment.entered', 'Seen');
  await untilLive(herald, id);
  await shop('viewed', { anonymousId: 'laptop' });
  await shop('viewed', { anonymousId: 'kiosk' });
  expect(await membersOf(herald, id)).toEqual([]);
  await shop('signed.in', { anonymousId: 'laptop', profileId: 'ada' });
  expect(await membersOf(herald, id)).toEqual(['ada']);
  await api.must(`POST /v1/profiles/${own('bob')}/aliases`, await as('marketer-mia', { alias: own('kiosk') }));
  await herald.cloud.clock.idle();
  expect(await membersOf(herald, id)).toEqual(['ada', 'bob']);
  expect(await received(herald)).toEqual(['+12025550001: Seen', '+12025550002: Seen']);
});

localTest(DAYS_PASS, 'the rule of a live segment changes: who stays a member leaves in time all the same', async () => {
  const herald = await bootForDays();
  const { own } = herald;
  await addPerson(herald, 'ada', { attributes: { tier: own('gold') } });
  const gold = { attribute: 'tier', equals: own('gold') };
  const id = await createSegment(herald, 'Golden', gold);
  await goLive(herald, id);
  await untilLive(herald, id);
  const shop = await shopOf(herald);
  await shop('purchase', { profileId: 'ada' });
  await herald.cloud.clock.advance(HOUR);
  const segment = { all: [gold, { event: own('purchase'), count: { atLeast: 1 }, within: { days: 3 } }] };
  const edited = { version: 1, name: 'Golden buyers', segment };
  await herald.api.must(`PUT /v1/segments/${id}`, await herald.as('marketer-mia', edited));
  expect(await goLive(herald, id)).toMatchObject({ state: 'starting' });
  await untilLive(herald, id);
  expect(await membersOf(herald, id)).toEqual(['ada']);
  // Three days after the purchase, which is before the refresh of that day.
  await herald.cloud.clock.advance(3 * DAY - HOUR);
  expect(await membersOf(herald, id)).toEqual([]);
});

localTest(DAYS_PASS, 'a segment that asks how often a profile changed reacts to the change', async () => {
  const herald = await bootForDays();
  const { own } = herald;
  // Two changes that the lake knows of: attributes, then consents.
  await addPerson(herald, 'ada', { attributes: { tier: 'silver' } });
  const restless = { event: 'herald.profile.changed', count: { atLeast: 3 }, within: { days: 7 } };
  const id = await createSegment(herald, 'Restless', restless);
  expect(await goLive(herald, id)).toMatchObject({ reacts: 'at once' });
  await untilLive(herald, id);
  expect(await membersOf(herald, id)).toEqual([]);
  const gold = { attributes: { tier: own('gold') } };
  await herald.api.must(`PUT /v1/profiles/${own('ada')}`, await herald.as('marketer-mia', gold));
  await herald.cloud.clock.idle();
  expect(await membersOf(herald, id)).toEqual(['ada']);
});

localTest(
  'faults are injected',
  'batches come twice and functions die: everybody enters once, leaves once',
  async () => {
    const persist = mkdtempSync(join(tmpdir(), 'herald-live-'));
    onTestFinished(() => rmSync(persist, { recursive: true, force: true }));
    const before = await bootLocal({ persist });
    const names = ['ada', 'bob', 'cem'];
    for (const [n, name] of names.entries()) await addPerson(before, name, { phone: `+1202555000${n}` });
    const id = await createSegment(before, 'Regulars', { ...twiceInAWeek(before), within: { days: 0.25 } });
    await goLive(before, id);
    await activeTrigger(before, 'herald.segment.entered', 'Welcome');
    await activeTrigger(before, 'herald.segment.left', 'Farewell');
    await untilLive(before, id);
    const apiKey = await before.connectSource('Shop');
    const startMs = before.cloud.clock.now();
    await before.cloud.stop();

    const faults = { seed: 5, duplicateBatch: 0.5, crashBefore: 0.1, crashAfter: 0.2 };
    const herald = await bootLocal({ persist, startMs, faults });
    const events = names.flatMap((profileId) =>
      ['1', '2', '3'].map((n) => ({ id: profileId + n, type: 'purchase', profileId })),
    );
    await patient(() => herald.api.must('POST /v1/events', { apiKey, body: { events } }));
    await herald.cloud.clock.advance(7 * HOUR);
    for (const kind of ['duplicateBatch', 'crashBefore', 'crashAfter'] as const) {
      expect(herald.cloud.injected[kind], kind).toBeGreaterThan(0);
    }
    const told = (text: string) => names.map((_, n) => `+1202555000${n}: ${text}`);
    expect((await received(herald)).toSorted()).toEqual([...told('Welcome'), ...told('Farewell')].toSorted());
    expect(await patient(() => membersOf(herald, id))).toEqual([]);
  },
);
