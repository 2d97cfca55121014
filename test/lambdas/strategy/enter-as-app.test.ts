import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { apiKeyOf, type Source, secretHashOf } from '../../../core/access/source.ts';
import type { JourneyInput } from '../../../core/strategy/journey/journey-input.ts';
import { journeyVersionId } from '../../../core/strategy/journey/journey-version.ts';
import { published } from '../../../core/strategy/journey/live-decisions.ts';
import type { LiveJourney } from '../../../core/strategy/journey/live-journey.ts';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { memoryServices, queueUrl, startAws } from '../adapters/aws.ts';
import { call } from '../api-call.ts';
import { compiled, welcome } from './walk-world.ts';

const services = memoryServices();
const SECRET = 'a-secret-of-enough-letters';
const PATH = '/v1/journeys/{journeyId}';
let stop: () => Promise<void>;
let handler: ApiLambda;
let defs: Definitions;

beforeAll(async () => {
  stop = await startAws({ definitions: ['kind', 'id'], idempotency: ['id'] }, services.answer);
  const other = ['PARTICIPANTS', 'PROFILES', 'CONTACTS', 'MEMBERSHIPS', 'AUDIT', 'LEDGER'];
  Object.assign(process.env, {
    ...Object.fromEntries(other.map((name) => [`${name}_TABLE`, 'definitions'])),
    ...{ DEFINITIONS_TABLE: 'definitions', IDEMPOTENCY_TABLE: 'idempotency' },
    ...{ PARTICIPANTS_QUEUE_URL: queueUrl('participants'), RELEASE_MACHINE_ARN: 'arn:r', APPROVE_MACHINE_ARN: 'arn:a' },
  });
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  handler = (await import('../../../lambdas/strategy/manage-journeys.ts')).handler;
  await Promise.all([
    source('shop'),
    source('till'),
    source('slow', { eventsPerSecond: 1 }),
    source('old', { revokedMs: 1 }),
  ]);
  await journey('open', { api: true, sources: ['shop', 'till', 'slow', 'old'] });
  await journey('shops', { api: true, sources: ['shop'] });
  await journey('people', { api: true });
  await journey('nobodys', { api: true, sources: [] });
  await journey('event', { event: { eventType: 'signed-up' } });
  await journey('paused', { api: true }, 'paused');
});
afterAll(() => stop());
beforeEach(() => services.queues.clear());

const source = (id: string, change: Partial<Source> = {}) =>
  defs.put('source', id, { id, name: id, secretHash: secretHashOf(SECRET), eventsPerSecond: 100, ...change }, 0, 1);
const journey = async (id: string, entry: JourneyInput['entry'], state: LiveJourney['state'] = 'live') => {
  const version = { ...compiled(welcome({ entry })), journeyId: id };
  const made = published(undefined, version, 'finish', Date.now());
  if (made.kind === 'refuse') throw new Error(made.detail);
  await defs.put('journey', id, { id, version: 1 }, 0, 1);
  await defs.put('journey-version', journeyVersionId(id, version.hash), version, 0, 1);
  await defs.put('live-journey', id, { ...made.live, state }, 0, 1);
};

const KEY = apiKeyOf('shop', SECRET);
const enter = async (journeyId: string, key: string | undefined = KEY, body: object = {}, more: object = {}) => {
  const headers = { ...(key !== '' && { 'x-api-key': key }), ...more };
  const asked = { route: `POST ${PATH}/entries`, params: { journeyId }, body: { profileId: 'ada', ...body }, headers };
  const reply = await call(handler, asked);
  const { type = '', eventId } = reply.body as { type?: string; eventId?: string };
  return { ...reply, eventId, what: type.replace('/problems/', '') || reply.status };
};
const told = () => JSON.stringify((services.queues.get('participants') ?? []).map(({ body }) => body));

describe('an app lets somebody in', () => {
  test('as what its key says it is', async () => {
    const { status, eventId } = await enter('open', KEY, { properties: { plan: 'gold' } });
    expect(status).toBe(201);
    expect(told()).toContain('"profileId":"ada"');
    expect(told()).toContain(`"id":"${eventId}","type":"herald.journey.entered","source":"shop"`);
    expect(told()).toContain('"plan":"gold"');
  });

  test('once by its Idempotency-Key, which is no other app’s', async () => {
    const once = { 'idempotency-key': 'order-1' };
    const [first, again] = [await enter('open', KEY, {}, once), await enter('open', KEY, {}, once)];
    expect([first.status, again.eventId]).toEqual([201, first.eventId]);
    expect(services.queues.get('participants')).toHaveLength(1);
    const other = await enter('open', apiKeyOf('till', SECRET), {}, once);
    expect([other.status, other.eventId === first.eventId]).toEqual([201, false]);
    expect((await enter('open', KEY, { profileId: 'bob' }, once)).what).toBe('idempotency-key-reused');
  });

  test.each([
    ['no key', 'open', '', {}, 'invalid-source-key'],
    ['a wrong one', 'open', apiKeyOf('shop', 'another-secret-of-letters'), {}, 'invalid-source-key'],
    ['a revoked one', 'open', apiKeyOf('old', SECRET), {}, 'invalid-source-key'],
    ['an app that the journey does not name', 'shops', apiKeyOf('till', SECRET), {}, 'forbidden-source'],
    ['one that names none', 'people', KEY, {}, 'forbidden-source'],
    ['one that names nobody', 'nobodys', KEY, {}, 'forbidden-source'],
    ['no journey', 'nothing', KEY, {}, 'not-found'],
    ['a paused one', 'paused', KEY, {}, 'state-conflict'],
    ['one that events let into', 'event', KEY, {}, 'invalid-reference'],
    ['nobody', 'open', KEY, { profileId: '' }, 'invalid-body'],
    ['somebody without a profile', 'open', KEY, { profileId: 'anonymous:d1' }, 'invalid-body'],
    ['a role that a key cannot give', 'open', KEY, { roles: ['admin'] }, 'invalid-body'],
  ])('not with %s', async (_, journeyId, key, body, expected) => {
    expect((await enter(journeyId, key, body)).what).toBe(expected);
    expect(services.queues.get('participants')).toBeUndefined();
  });

  test('not more often than it may send events', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
    const { rateLeases } = await import('../../../lambdas/adapters/rate-leases.ts');
    // All that it may send now, elsewhere.
    await rateLeases('definitions').take('slow', 100, 1, Date.now());
    const once = { 'idempotency-key': 'slow-1' };
    const asSlow = (more: object = {}) => enter('open', apiKeyOf('slow', SECRET), {}, more);
    const replies = [await asSlow(), await asSlow(once)];
    expect(replies.map(({ what }) => what)).toEqual(['rate-limited', 'rate-limited']);
    expect(Number(replies[0]?.headers['retry-after'])).toBeGreaterThan(0);
    expect(services.queues.get('participants')).toBeUndefined();
    vi.setSystemTime(Date.now() + 10_000);
    // Also with the key with which it was too often.
    expect([(await asSlow(once)).what, (await asSlow()).what]).toEqual([201, 201]);
    vi.useRealTimers();
  });

  test('by repeating, when the journey is live again, what was refused while it was paused', async () => {
    await journey('resumed', { api: true, sources: ['shop'] }, 'paused');
    const once = { 'idempotency-key': 'paused-1' };
    expect((await enter('resumed', KEY, {}, once)).what).toBe('state-conflict');
    const { body, version } = (await defs.get<LiveJourney>('live-journey', 'resumed'))!;
    const sinceMs = Date.now() + 1;
    await defs.put('live-journey', 'resumed', { ...body, state: 'live', sinceMs }, version, 1);
    expect((await enter('resumed', KEY, {}, once)).what).toBe(201);
    // What happened before it was live lets nobody in.
    expect(told()).toContain(`"timeMs":${sinceMs},"receivedMs":${sinceMs}`);
  });

  test('a journey that takes no apps takes people, and the keys of apps open nothing else', async () => {
    const asked = { params: { journeyId: 'people' }, body: { profileId: 'ada' } };
    expect((await call(handler, { ...asked, route: `POST ${PATH}/participants` })).status).toBe(201);
    const nobody = { as: { sub: '', groups: [] }, headers: { 'x-api-key': KEY } };
    expect((await call(handler, { ...asked, ...nobody, route: `POST ${PATH}/participants` })).status).toBe(403);
    expect((await call(handler, { ...asked, ...nobody, route: `GET ${PATH}` })).status).toBe(403);
  });
});
