import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EventTypeEntry } from '../../../core/event/catalogue.ts';
import { type CatalogueIndex, emptyIndex, MAX_OWN_TYPES, MAX_TYPES } from '../../../core/event/catalogue-index.ts';
import { placesOf } from '../../../core/event/catalogue-tree.ts';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import { startAws } from '../adapters/aws.ts';
import { call } from '../api-call.ts';

let stop: () => Promise<void>;
let defs: Definitions;
let learnEvents: typeof import('../../../lambdas/intake/learn-events.ts').learnEvents;
let sent: string[];

beforeAll(async () => {
  stop = await startAws({ definitions: ['kind', 'id'] });
  process.env.DEFINITIONS_TABLE = 'definitions';
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  learnEvents = (await import('../../../lambdas/intake/learn-events.ts')).learnEvents;
  const { dynamo } = await import('../../../lambdas/adapters/dynamo.ts');
  dynamo.middlewareStack.add(
    (next, context) => (args) => {
      sent.push(String(context.commandName).replace('ItemCommand', ''));
      return next(args);
    },
    { step: 'initialize' },
  );
});
afterAll(() => stop());
beforeEach(() => {
  sent = [];
});
afterEach(() => vi.restoreAllMocks());

const HOUR = 3_600_000;
const event = (type: string, properties: Record<string, unknown> = {}, source = 'shop'): AcceptedEvent => ({
  id: '1',
  type,
  profileId: 'ada',
  source,
  timeMs: 5,
  receivedMs: 6,
  properties,
});
const entryOf = async (type: string) => (await defs.get<EventTypeEntry>('event-type', type))?.body;
const pathsOf = async (type: string) => placesOf((await entryOf(type))?.properties ?? {}).map(({ path }) => path);

describe('learning', () => {
  test('a new type is there at once, with what its events carry', async () => {
    const learn = learnEvents(defs);
    await learn([event('a.new', { total: 5 }), event('a.new', { tier: 'gold' }, 'app'), event('a.other')], 100);
    expect(await entryOf('a.new')).toMatchObject({ firstSeenMs: 100, lastSeenMs: 100, sources: ['app', 'shop'] });
    expect((await pathsOf('a.new')).sort()).toEqual(['tier', 'total']);
    expect(await entryOf('a.other')).toMatchObject({ properties: {} });
  });

  test('steady traffic costs neither reads nor writes but once an hour', async () => {
    const learn = learnEvents(defs);
    const steady = Array.from({ length: 50 }, (_, n) => event('b', { total: n, sku: `S-${n}`, at: '2026-11-22' }));
    await learn(steady, 0);
    sent = [];
    for (let ms = 1; ms < HOUR; ms += HOUR / 20) await learn(steady, ms);
    expect(sent).toEqual([]);
    await learn(steady, HOUR);
    expect(sent).toEqual(['Get', 'Put']);
    expect(await entryOf('b')).toMatchObject({ firstSeenMs: 0, lastSeenMs: HOUR });
  });

  test('a new property, kind of value or source is noted at once', async () => {
    const learn = learnEvents(defs);
    await learn([event('c', { size: 'XL' })], 0);
    await learn([event('c', { size: 42 })], 1);
    await learn([event('c', { size: 42, lines: [{ qty: 1 }] })], 2);
    await learn([event('c', {}, 'app')], 3);
    const entry = await entryOf('c');
    expect(entry).toMatchObject({ sources: ['app', 'shop'], properties: { size: { kinds: ['number', 'text'] } } });
    expect((await pathsOf('c')).sort()).toEqual(['lines', 'lines[]', 'lines[].qty', 'size']);
  });

  test('a worker that has just started reads what is known and writes nothing', async () => {
    await learnEvents(defs)([event('d', { total: 5 })], 0);
    sent = [];
    const learn = learnEvents(defs);
    await learn([event('d', { total: 5 })], 1);
    // The index, then the entry.
    expect(sent).toEqual(['Get', 'Get']);
    await learn([event('d', { total: 5 })], 2);
    expect(sent).toHaveLength(2);
  });

  test('workers side by side lose nothing of what any of them saw', async () => {
    const workers = Array.from({ length: 8 }, () => learnEvents(defs));
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(
        workers.map((learn, n) => learn([event('e', { [`p${n}_${round}`]: 1 }), event(`e${n}`)], round)),
      );
    }
    // Whoever met too many others rests, and notes it when it comes again.
    for (const [n, learn] of workers.entries()) {
      const all = [0, 1, 2].map((round) => event('e', { [`p${n}_${round}`]: 1 }));
      await learn([...all, event(`e${n}`)], 200_000);
    }
    expect(await pathsOf('e')).toHaveLength(24);
    const index = await defs.get<CatalogueIndex>('event-catalogue', 'types');
    const types = Object.keys(index?.body.types ?? {});
    expect(types.filter((type) => type.startsWith('e'))).toHaveLength(9);
    expect(new Set(types).size).toBe(types.length);
  });

  test('a type that was admitted, but whose entry was not written before a crash, is written by the next', async () => {
    const stored = await defs.get<CatalogueIndex>('event-catalogue', 'types');
    const body = { types: { ...stored?.body.types, f: { day: 0 } }, turnedAway: [] };
    await defs.put('event-catalogue', 'types', body, stored?.version ?? 0, 1);
    await learnEvents(defs)([event('f', { x: 1 })], 5);
    expect(await pathsOf('f')).toEqual(['x']);
  });

  test('a source that makes up types costs nothing once it has its share, and another’s types still get in', async () => {
    const learn = learnEvents(defs);
    const flood = Array.from({ length: MAX_OWN_TYPES + 10 }, (_, n) => event(`flood.${n}`, {}, 'flood'));
    await learn(flood, 5);
    sent = [];
    await learn(flood, 6);
    expect(sent).toEqual([]);
    await learn([event('quiet.type', {}, 'quiet')], 7);
    expect(await entryOf('quiet.type')).toBeDefined();
    expect(await entryOf(`flood.${MAX_OWN_TYPES + 9}`)).toBeUndefined();
  });

  test('hostile names harm nobody', async () => {
    const hostile = JSON.parse('{"constructor":1,"__proto__":{"polluted":true},"a b":1,"toString":"x"}');
    await learnEvents(defs)([event('g', hostile)], 5);
    expect((await pathsOf('g')).sort()).toEqual(['__proto__', '__proto__.polluted', 'constructor', 'toString']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

test('a failure is logged, fails nobody, and learning rests for a minute', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  let broken = true;
  const flaky: Definitions = {
    ...defs,
    get: (kind, id) => (broken ? Promise.reject(new Error('throttled')) : defs.get(kind, id)),
  };
  const learn = learnEvents(flaky);
  await learn([event('h')], 0);
  expect(warn).toHaveBeenCalledOnce();
  broken = false;
  await learn([event('h')], 59_999);
  expect(await entryOf('h')).toBeUndefined();
  await learn([event('h')], 60_000);
  expect(await entryOf('h')).toMatchObject({ firstSeenMs: 60_000 });
});

describe('the API', () => {
  type Listed = { items: { type: string; propertyCount: number }[]; cursor?: string; turnedAway: number };
  let handler: typeof import('../../../lambdas/intake/read-event-types.ts').handler;
  beforeAll(async () => {
    handler = (await import('../../../lambdas/intake/read-event-types.ts')).handler;
  });
  const viewer = { sub: 'vera', groups: ['viewer' as const] };

  test('lists types by name, page by page', async () => {
    await learnEvents(defs)([event('list.b', { x: { y: 1 } }), event('list.a')], 5);
    const first = await call(handler, { route: 'GET /v1/event-types', query: { limit: '1' }, as: viewer });
    const { items, cursor } = first.body as Listed;
    expect(items).toHaveLength(1);
    const types: string[] = [];
    for (let at: string | undefined = cursor; at; ) {
      const query: Record<string, string> = { limit: '5', cursor: at };
      const { body } = await call(handler, { route: 'GET /v1/event-types', query, as: viewer });
      types.push(...(body as Listed).items.map(({ type }) => type));
      at = (body as Listed).cursor;
    }
    expect(types).toEqual([...types].sort());
    expect(types).toContain('list.a');
    expect(types).not.toContain(items[0]?.type);
  });

  test('shows a type with its properties by path', async () => {
    const lines = [{ sku: 'S-1', price: 9.5 }];
    await learnEvents(defs)([event('shown', { total: 5, lines, email: 'ada@example.com', 'a-b': 1 })], 5);
    const { status, body } = await call(handler, {
      route: 'GET /v1/event-types/{eventType}',
      params: { eventType: 'shown' },
      as: viewer,
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      type: 'shown',
      firstSeenMs: 5,
      lastSeenMs: 5,
      sources: ['shop'],
      truncated: true,
      properties: [
        { path: 'email', kinds: ['text'], examples: [], personal: true },
        { path: 'lines', kinds: ['list'], examples: [], personal: false },
        { path: 'lines[]', kinds: ['object'], examples: [], personal: false },
        { path: 'lines[].price', kinds: ['number'], examples: [9.5], personal: false },
        { path: 'lines[].sku', kinds: ['text'], examples: [], personal: false },
        { path: 'total', kinds: ['number'], examples: [5], personal: false },
      ],
    });
  });

  test('a type that never came is not found', async () => {
    const params = { eventType: 'never' };
    expect((await call(handler, { route: 'GET /v1/event-types/{eventType}', params, as: viewer })).status).toBe(404);
  });

  test('beyond a thousand types further ones are counted, not kept, and cost nothing when they come again', async () => {
    const learn = learnEvents(defs);
    const types = Object.fromEntries(Array.from({ length: MAX_TYPES }, (_, n) => [`many.${n}`, { day: 0 }]));
    const stored = await defs.get<CatalogueIndex>('event-catalogue', 'types');
    await defs.put('event-catalogue', 'types', { types, turnedAway: [] }, stored?.version ?? 0, 1);
    await learn([event('late.a'), event('late.b')], 5);
    expect(await entryOf('late.a')).toBeUndefined();
    sent = [];
    await learn([event('late.a'), event('late.b')], 6);
    expect(sent).toEqual([]);
    const { body } = await call(handler, { route: 'GET /v1/event-types', as: viewer });
    expect((body as Listed).turnedAway).toBe(2);
  });

  test('a type that gave way is listed no more, and comes back with what was known of it', async () => {
    const stored = await defs.get<CatalogueIndex>('event-catalogue', 'types');
    await defs.put('event-catalogue', 'types', emptyIndex, stored?.version ?? 0, 1);
    const [early, late] = [learnEvents(defs), learnEvents(defs)];
    await early([event('seasonal', { total: 5 })], 5);
    const index = await defs.get<CatalogueIndex>('event-catalogue', 'types');
    const types = Object.fromEntries(Array.from({ length: MAX_TYPES - 1 }, (_, n) => [`many.${n}`, { day: 40 }]));
    const crowded = { types: { ...index?.body.types, ...types }, turnedAway: [] };
    await defs.put('event-catalogue', 'types', crowded, index?.version ?? 0, 1);
    await late([event('newer')], 40 * 24 * HOUR);
    const read = (eventType: string) =>
      call(handler, { route: 'GET /v1/event-types/{eventType}', params: { eventType }, as: viewer });
    expect((await read('newer')).status).toBe(200);
    expect((await read('seasonal')).status).toBe(404);
    const { body } = await call(handler, { route: 'GET /v1/event-types', query: { cursor: 'many.x' }, as: viewer });
    expect((body as Listed).items.map(({ type }) => type)).toEqual(['newer']);

    // Who knew it of old finds out, and takes it up again where there is room.
    await early([event('seasonal', { total: 5 })], 41 * 24 * HOUR);
    expect((await read('seasonal')).status).toBe(404);
    const later = await defs.get<CatalogueIndex>('event-catalogue', 'types');
    const room = { types: { newer: { day: 40 } }, turnedAway: later?.body.turnedAway ?? [] };
    await defs.put('event-catalogue', 'types', room, later?.version ?? 0, 1);
    await early([event('seasonal', { qty: 1 })], 42 * 24 * HOUR);
    expect((await read('seasonal')).body).toMatchObject({ firstSeenMs: 5, lastSeenMs: 42 * 24 * HOUR });
    expect((await pathsOf('seasonal')).sort()).toEqual(['qty', 'total']);
  });
});
