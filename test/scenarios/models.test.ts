import { expect } from 'vitest';
import { bootLocal, bootShared, type Herald, localTest, untilNext } from './boot.ts';
import { addPerson, importCsv } from './people.ts';

const DAY = 86_400_000;

type Purchases = Record<string, { daysAgo: number; amount: number }[]>;

/** Ten people, from one who bought yesterday and often to one who bought once long ago. */
const SHOP: Purchases = Object.fromEntries(
  Array.from({ length: 10 }, (_, n) => [
    `p${n}`,
    Array.from({ length: 10 - n }, (_, k) => ({ daysAgo: 1 + n * 20 + k * 15, amount: 10 * (10 - n) })),
  ]),
);

const buy = async (herald: Herald, apiKey: string, nowMs: number, purchases: Purchases, wave = 'first') => {
  const events = Object.entries(purchases).flatMap(([name, own]) =>
    own.map(({ daysAgo, amount }, n) => ({
      ...{ id: `${wave}-${name}-${n}`, type: herald.own('purchase'), profileId: herald.own(name) },
      time: new Date(nowMs - daysAgo * DAY).toISOString(),
      properties: { amount },
    })),
  );
  for (let at = 0; at < events.length; at += 100) {
    await herald.api.must('POST /v1/events', { apiKey, body: { events: events.slice(at, at + 100) } });
  }
  await lakeIsUpToDate(herald);
};
const lakeIsUpToDate = async ({ cloud }: Herald) => {
  await cloud.clock.idle();
  cloud.flushLake();
};

/** Champions in plain code: both scores by counting who has less, and what the grid says of them. */
const championsOf = (purchases: Purchases): string[] => {
  const people = Object.entries(purchases).map(([name, own]) => ({
    name,
    last: -Math.min(...own.map(({ daysAgo }) => daysAgo)),
    count: own.length,
    spent: own.reduce((sum, { amount }) => sum + amount, 0),
  }));
  const score = (key: 'last' | 'count' | 'spent', value: number) =>
    1 + Math.floor((5 * people.filter((one) => one[key] < value).length) / people.length);
  return people
    .filter(({ last, count, spent }) => score('last', last) === 5 && score('count', count) + score('spent', spent) >= 7)
    .map(({ name }) => name)
    .sort();
};

type ModelView = {
  version: number;
  activeNumber?: number;
  run?: object;
  lastRun?: { outcome: string; changed?: number; scored?: number; reason?: string };
  versions: { number: number; headline: string }[];
};

/** The id of an RFM model of the test's own; what it says of people are attributes that begin with it. */
const rfmOf = ({ own }: Herald) => own('rfm').replaceAll('-', '_');

const fitNow = async (herald: Herald, id: string): Promise<ModelView> => {
  await herald.api.must(`POST /v1/models/${id}/fit`, await herald.as('marketer-mia', {}));
  const ended = await herald.until<ModelView>(`GET /v1/models/${id}`, 'viewer-vera', ({ run }) => !run, 3_600_000);
  await lakeIsUpToDate(herald);
  return ended;
};

const sizeOf = async (herald: Herald, segment: object) =>
  (await herald.api.must<{ size: number }>('POST /v1/segments/preview', await herald.as('viewer-vera', { segment })))
    .size;
const segmentOf = async ({ api, as, own }: Herald, name: string) =>
  await api.must<{ attributes: Record<string, unknown>; version: number }>(
    `GET /v1/profiles/${own(name)}`,
    await as('viewer-vera'),
  );

localTest(
  'a fit waits until the lake has what the one before wrote',
  'a marketer finds champions with an RFM model; a refit changes only those who moved',
  async () => {
    const herald = await bootShared({ days: true });
    const { api, as, cloud, own } = herald;
    const rfm = rfmOf(herald);
    const nowMs = cloud.clock.now();
    for (const name of Object.keys(SHOP)) await addPerson(herald, name, {});
    await addPerson(herald, 'browser', {});
    const apiKey = await herald.connectSource('Shop');
    await buy(herald, apiKey, nowMs, SHOP);

    const model = { name: 'RFM', type: 'rfm', purchase: { event: own('purchase'), amount: 'amount' } };
    await api.must(`PUT /v1/models/${rfm}`, await as('marketer-mia', { version: 0, model }));
    const first = await fitNow(herald, rfm);
    expect(first).toMatchObject({ activeNumber: 1, lastRun: { outcome: 'applied', scored: 10, changed: 10 } });

    const members = async () => {
      const people = await Promise.all(
        Object.keys(SHOP).map(async (name) => [name, (await segmentOf(herald, name)).attributes[`${rfm}_segment`]]),
      );
      return people.flatMap(([name, segment]) => (segment === 'champions' ? [name] : []));
    };
    expect(await members()).toEqual(championsOf(SHOP));
    expect(championsOf(SHOP).length).toBeGreaterThan(0);
    expect(await sizeOf(herald, { attribute: `${rfm}_segment`, equals: 'champions' })).toBe(championsOf(SHOP).length);
    expect((await segmentOf(herald, 'browser')).attributes).toEqual({});

    // The last one comes back, and buys more than anybody.
    const before = new Map(
      await Promise.all(Object.keys(SHOP).map(async (name) => [name, await segmentOf(herald, name)] as const)),
    );
    const wave = { p9: Array.from({ length: 20 }, () => ({ daysAgo: 0, amount: 500 })) };
    await buy(herald, apiKey, cloud.clock.now(), wave, 'second');
    const second = await fitNow(herald, rfm);
    const now = { ...SHOP, p9: [...SHOP.p9!, ...wave.p9] };
    expect(await members()).toEqual(championsOf(now));
    expect(await members()).toContain('p9');
    const moved = [];
    for (const [name, was] of before) {
      const is = await segmentOf(herald, name);
      const differs = JSON.stringify(is.attributes) !== JSON.stringify(was.attributes);
      expect(is.version, name).toBe(differs ? was.version + 1 : was.version);
      if (differs) moved.push(name);
    }
    expect(second.lastRun).toMatchObject({ outcome: 'applied', scored: 10, changed: moved.length });
    expect(moved.length).toBeLessThan(10);

    const version = await api.must<{ applied: { moved: Record<string, Record<string, number>> }; drift: object }>(
      `GET /v1/models/${rfm}/versions/2`,
      await as('viewer-vera'),
    );
    expect(version.applied.moved.lost).toMatchObject({ champions: 1 });
    expect(Object.keys(version.drift)).toContain('recencyDays');

    // Back to the first version's quintiles.
    await api.must(`POST /v1/models/${rfm}/versions/1/activate`, await as('marketer-mia', {}));
    const third = await herald.until<ModelView>(`GET /v1/models/${rfm}`, 'viewer-vera', ({ run }) => !run, 3_600_000);
    expect(third).toMatchObject({ activeNumber: 1, lastRun: { outcome: 'applied' } });
  },
);

localTest(
  'it waits a week',
  'a model is fitted again on its day, and what cannot be fitted changes nothing',
  async () => {
    const herald = await bootShared({ days: true });
    const { api, as, cloud, own } = herald;
    const rfm = rfmOf(herald);
    await untilNext(herald, { weekday: 3, hour: 12 });
    for (const name of Object.keys(SHOP)) await addPerson(herald, name, {});
    const apiKey = await herald.connectSource('Shop');
    await buy(herald, apiKey, cloud.clock.now(), SHOP);
    const schedule = { every: 'week', weekday: 4, hour: 3 };
    const model = { name: 'RFM', type: 'rfm', purchase: { event: own('purchase'), amount: 'amount' }, schedule };
    await api.must(`PUT /v1/models/${rfm}`, await as('marketer-mia', { version: 0, model }));
    // It is Wednesday noon: nothing before Thursday, 3 o'clock.
    await cloud.clock.advance(14 * 3_600_000);
    expect(await api.must(`GET /v1/models/${rfm}`, await as('viewer-vera'))).toMatchObject({ versions: [] });
    await cloud.clock.advance(3 * 3_600_000);
    const fitted = await herald.until<ModelView>(
      `GET /v1/models/${rfm}`,
      'viewer-vera',
      ({ lastRun }) => !!lastRun,
      7 * 3_600_000,
    );
    expect(fitted).toMatchObject({ activeNumber: 1, lastRun: { outcome: 'applied', by: 'schedule' } });

    const { version } = fitted;
    const other = { ...model, purchase: { event: own('rented') } };
    await api.must(`PUT /v1/models/${rfm}`, await as('marketer-mia', { version, model: other }));
    const failed = await fitNow(herald, rfm);
    expect(failed).toMatchObject({
      activeNumber: 1,
      lastRun: { outcome: 'failed', reason: '0 people with a purchase; quintiles need 5' },
      versions: [{ number: 1 }],
    });
    expect((await segmentOf(herald, 'p0')).attributes).toMatchObject({ [`${rfm}_segment`]: 'champions' });
  },
);

localTest(
  'it reads the clock of the lake',
  'people who are like those of a list are found, and the list cannot go meanwhile',
  async () => {
    // Alike in comparison with everybody: nobody of another test may be there.
    const herald = await bootLocal({ days: true });
    const { api, as, cloud } = herald;
    // 150 friends of the house are from Paris and buy each week; of 450 others every tenth is like them.
    const people = Array.from({ length: 600 }, (_, n) => ({
      id: `l${n}`,
      alike: n < 150 || n % 10 === 0,
      friend: n < 150,
    }));
    const csv = ['id,city', ...people.map(({ id, alike }) => `${id},${alike ? 'Paris' : 'Rome'}`)].join('\n');
    await importCsv(herald, `${csv}\n`, { id: 'profileId', city: 'attributes.city' });
    const apiKey = await herald.connectSource('Shop');
    const history = Object.fromEntries(
      people.map(({ id, alike }, n) => [
        id,
        Array.from({ length: alike ? 6 : 1 }, (_, k) => ({ daysAgo: 1 + (n % 6) + 7 * k, amount: alike ? 50 : 20 })),
      ]),
    );
    await buy(herald, apiKey, cloud.clock.now(), history);

    const { id: listId } = await api.must<{ id: string }>(
      'POST /v1/lists',
      await as('marketer-mia', { name: 'Friends' }),
    );
    const friends = people.flatMap(({ id, friend }) => (friend ? [id] : []));
    await api.must(`POST /v1/lists/${listId}/members`, await as('marketer-mia', { profileIds: friends }));
    await lakeIsUpToDate(herald);
    const purchase = { event: 'purchase', amount: 'amount' };
    const model = {
      name: 'Alike',
      type: 'lookalike',
      purchase,
      seed: { listId },
      attributes: ['city'],
      topPercent: 10,
    };
    await api.must('PUT /v1/models/alike', await as('marketer-mia', { version: 0, model }));
    expect(await fitNow(herald, 'alike')).toMatchObject({ activeNumber: 1, lastRun: { outcome: 'applied' } });

    const wanted = people.filter(({ alike, friend }) => alike && !friend).map(({ id }) => id);
    const found = { attribute: 'alike_match', equals: 'similar' };
    expect(await sizeOf(herald, found)).toBe(wanted.length);
    expect(
      await sizeOf(herald, { all: [found, { attribute: 'city', equals: 'Paris' }, { not: { list: listId } }] }),
    ).toBe(wanted.length);
    const version = await api.must<{ report: { inCommon: { sentence: string }[] } }>(
      'GET /v1/models/alike/versions/1',
      await as('viewer-vera'),
    );
    expect(version.report.inCommon.map(({ sentence }) => sentence)).toContain(
      'attributes.city is Paris: 100 % of the seed, 10 % of the others',
    );
    const refused = await api.call(`DELETE /v1/lists/${listId}`, await as('marketer-mia'));
    expect(refused).toMatchObject({ status: 409, body: { detail: 'The list is used by model “Alike”' } });
  },
);
