import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LiveSegment } from '../../../core/audience/live/live-segment.ts';
import { ENTERED, LEFT, type SegmentMemberRow } from '../../../core/audience/live/membership-change.ts';
import { membershipOfSegment } from '../../../core/audience/membership.ts';
import type { ResolvedSegment } from '../../../core/audience/segment.ts';
import type { IntakeMessage } from '../../../core/event/event.ts';
import type { MembershipPorts } from '../../../lambdas/audience/settle-membership.ts';
import { memoryServices, queueUrl, startAws } from '../adapters/aws.ts';

const services = memoryServices();
let stop: () => Promise<void>;
let settle: typeof import('../../../lambdas/audience/settle-membership.ts')['settleMembership'];
let ports: MembershipPorts;
/** Due times of the timers that were set. */
const timersSet: number[] = [];

const NOW = 1_800_000_000_000;
const DAY = 86_400_000;
const twice: ResolvedSegment = { event: 'purchase', count: { atLeast: 2 }, within: { days: 7 } };
const liveOf = (id: string, segment: ResolvedSegment = twice, change: Partial<LiveSegment> = {}): LiveSegment => ({
  ...{ id, version: 1, name: 'Regulars', state: 'live', stateMs: 0, segment, epoch: 1, atOnce: true },
  ...{ refresh: 'daily', announceFirst: false, author: 'mia', chain: 1, dueMs: 0, ...change },
});
const purchase = (n: number, timeMs = NOW) => ({
  ...{ id: `e${n}`, source: 'shop', type: 'purchase', timeMs, receivedMs: timeMs, properties: {} },
});

beforeAll(async () => {
  stop = await startAws(
    { memberships: ['profileId', 'membership'], profiles: ['profileId'], contacts: ['profileId'] },
    services.answer,
  );
  const { segmentMembers } = await import('../../../lambdas/adapters/segment-members.ts');
  const { memberships } = await import('../../../lambdas/adapters/memberships.ts');
  const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
  const { contacts } = await import('../../../lambdas/adapters/contacts.ts');
  ports = {
    members: segmentMembers('memberships'),
    memberships: memberships('memberships'),
    profiles: profiles('profiles'),
    contacts: contacts('contacts'),
    timers: { set: async ({ dueMs }) => void timersSet.push(dueMs) },
    intakeQueueUrl: queueUrl('intake'),
    segmentMembersStream: 'segment-members',
    metricsNamespace: 'Herald/test',
  };
  settle = (await import('../../../lambdas/audience/settle-membership.ts')).settleMembership;
  const profile = { profileId: 'ada', version: 1, updatedMs: 1, attributes: {} };
  await profiles('profiles').save({ profile, outbox: [] });
});
afterAll(() => stop());
beforeEach(() => {
  services.queues.clear();
  services.streams.clear();
  timersSet.length = 0;
});

const told = () =>
  (services.queues.get('intake') ?? []).flatMap(({ body }) =>
    (body as IntakeMessage).events.map(({ id, type, profileId }) => ({ id, type, profileId })),
  );
const rows = () => (services.streams.get('segment-members') ?? []) as SegmentMemberRow[];
const membership = (segmentId: string, profileId = 'ada') => ports.members.get({ profileId, segmentId });

describe('a crash between any two calls', () => {
  /** The ports, whose call number `last` (from 1) is the last that is made. `after`: it is done before the crash. */
  const dyingAt = (last: number, after: boolean): MembershipPorts => {
    let calls = 0;
    const dying = <T extends object>(port: T): T =>
      new Proxy(port, {
        get: (target, name) => {
          const call = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
          return async (...args: unknown[]) => {
            calls += 1;
            if (calls > last || (calls === last && !after)) throw new Error('died');
            const result = await call.apply(target, args);
            if (calls === last) throw new Error('died');
            return result;
          };
        },
      });
    const { members, profiles, timers } = ports;
    return { ...ports, members: dying(members), profiles: dying(profiles), timers: dying(timers) };
  };
  const cases = [1, 2, 3, 4, 5, 6].flatMap((call) => [false, true].map((after) => ({ call, after })));

  test.each(cases)('call $call, done before: $after', async ({ call, after }) => {
    const live = liveOf(`dies-${call}-${after}`);
    await settle(ports, live, 'ada', { events: [purchase(1)] }, NOW);
    const second = { events: [purchase(2)] };
    await settle(dyingAt(call, after), live, 'ada', second, NOW + 1).catch(() => {});
    // The message comes again, twice.
    await settle(ports, live, 'ada', second, NOW + 50);
    await settle(ports, live, 'ada', second, NOW + 60);
    const stored = await membership(live.id);
    expect(stored).toMatchObject({ member: true });
    expect(stored?.pending).toBeUndefined();
    expect(new Set(told().map(({ id }) => id)).size).toBe(1);
    expect(told()[0]).toMatchObject({ type: ENTERED, profileId: 'ada' });
    expect(new Set(rows().map((row) => JSON.stringify(row))).size).toBe(1);
    expect(timersSet).toContain(NOW + 7 * DAY + 1);
  });

  test.each(['AmazonSQS.SendMessageBatch', 'Firehose_20150804.PutRecordBatch'])('%s is refused', async (action) => {
    const live = liveOf(`refused-${action}`);
    services.refuse.add(action);
    const news = { events: [purchase(1), purchase(2)] };
    await expect(settle(ports, live, 'ada', news, NOW)).rejects.toThrow();
    expect((await membership(live.id))?.pending).toMatchObject({ member: true, announced: true });
    await settle(ports, live, 'ada', news, NOW);
    expect((await membership(live.id))?.pending).toBeUndefined();
    expect(new Set(told().map(({ id }) => id)).size).toBe(1);
    expect(rows()).toHaveLength(1);
  });
});

test('two workers with an event each: both count, and one change is told', async () => {
  const live = liveOf('race');
  const many = [1, 2, 3, 4, 5].map((n) => settle(ports, live, 'ada', { events: [purchase(n)] }, NOW));
  await Promise.all(many);
  expect((await membership('race'))?.memory.events).toHaveLength(5);
  expect(new Set(told().map(({ id }) => id)).size).toBe(1);
});

test('a profile that changes beside an event is seen by one of the two', async () => {
  const live = liveOf('beside', {
    all: [
      { attribute: 'vip', equals: true },
      { event: 'purchase', count: { atLeast: 1 } },
    ],
  });
  const profile = { profileId: 'bea', version: 1, updatedMs: 1, attributes: {} };
  const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
  const store = profiles('profiles');
  await store.save({ profile, outbox: [] });
  let reads = 0;
  const get = async (id: string) => {
    const found = await ports.profiles.get(id);
    reads += 1;
    if (reads === 1) {
      await store.save({ profile: { ...profile, version: 2, attributes: { vip: true } }, outbox: [] });
      // Whoever looks again because of that sees no purchase yet.
      await settle(ports, live, 'bea', {}, NOW);
    }
    return found;
  };
  await settle({ ...ports, profiles: { get } }, live, 'bea', { events: [purchase(1)] }, NOW);
  expect(await membership('beside', 'bea')).toMatchObject({ member: true });
});

describe('a worker that has not heard of the newest rule', () => {
  const once: ResolvedSegment = { event: 'purchase', count: { atLeast: 1 }, within: { days: 7 } };

  test('neither forgets what is remembered for it, nor decides', async () => {
    await settle(ports, liveOf('stale', twice, { epoch: 2 }), 'ada', { events: [purchase(1)] }, NOW);
    const before = await membership('stale');
    await settle(ports, liveOf('stale', once), 'ada', { events: [purchase(2)] }, NOW + 1);
    expect(await membership('stale')).toEqual(before);
    expect(told()).toEqual([]);
  });

  test('of an older rule, another one begins with nothing but where the person is', async () => {
    await settle(ports, liveOf('newer', once), 'ada', { events: [purchase(1)] }, NOW);
    const next = liveOf('newer', twice, { epoch: 2, state: 'starting' });
    await settle(ports, next, 'ada', { events: [purchase(2)] }, NOW + 1);
    const stored = await membership('newer');
    expect(stored).toMatchObject({ member: true, epoch: 2 });
    expect(stored?.memory.events).toHaveLength(1);
  });
});

describe('what is of no use any more goes by itself', () => {
  const expiryOf = async (segment: string, person: string) => {
    const { DynamoDBClient, GetItemCommand } = await import('@aws-sdk/client-dynamodb');
    const client = new DynamoDBClient({});
    const Key = { profileId: { S: person }, membership: { S: membershipOfSegment(segment) } };
    const { Item } = await client.send(new GetItemCommand({ TableName: 'memberships', Key }));
    client.destroy();
    return Item?.expiresAt?.N && Number(Item.expiresAt.N) * 1_000;
  };
  const ever: ResolvedSegment = { event: 'purchase', count: { atLeast: 2 } };
  const soon: ResolvedSegment = { attribute: 'trialEnds', withinNextDays: 3 };

  test('somebody who never signs in, after 90 days; of a profile an event may decide for ever', async () => {
    await settle(ports, liveOf('ever', ever), 'anonymous:tablet', { events: [purchase(1)] }, NOW);
    expect(await expiryOf('ever', 'anonymous:tablet')).toBe(NOW + 91 * DAY);
    await settle(ports, liveOf('ever', ever), 'ada', { events: [purchase(1)] }, NOW);
    expect(await expiryOf('ever', 'ada')).toBeUndefined();
  });

  test('who only waits for a day, after that day: DynamoDB deletes nothing of 1970', async () => {
    const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
    const attributes = { trialEnds: new Date(NOW + 10 * DAY).toISOString() };
    await profiles('profiles').save({
      profile: { profileId: 'tom', version: 1, updatedMs: 1, attributes },
      outbox: [],
    });
    await settle(ports, liveOf('soon', soon), 'tom', {}, NOW);
    expect(timersSet).toEqual([NOW + 7 * DAY]);
    expect(await expiryOf('soon', 'tom')).toBe(NOW + 8 * DAY);
  });
});

test('time is over: the timer leaves; one that rings early changes nothing', async () => {
  const live = liveOf('over');
  await settle(ports, live, 'ada', { events: [purchase(1), purchase(2)] }, NOW);
  await settle(ports, live, 'ada', {}, NOW + DAY);
  expect(await membership('over')).toMatchObject({ member: true });
  await settle(ports, live, 'ada', {}, NOW + 7 * DAY + 1);
  expect(told().map(({ type }) => type)).toEqual([ENTERED, LEFT]);
  expect(rows().map(({ member }) => member)).toEqual([true, false]);
});

test('nobody is decided on while history is missing, nor before they are known', async () => {
  const news = { events: [purchase(1), purchase(2)] };
  await settle(ports, liveOf('starts', twice, { state: 'starting' }), 'ada', news, NOW);
  expect(await membership('starts')).toMatchObject({ member: false });
  await settle(ports, liveOf('starts'), 'anonymous:laptop', news, NOW);
  const anonymous = await membership('starts', 'anonymous:laptop');
  expect(anonymous).toMatchObject({ member: false });
  expect(told()).toEqual([]);
  await settle(ports, liveOf('taken'), 'ada', { merged: anonymous!.memory }, NOW);
  expect(await membership('taken')).toMatchObject({ member: true });
});

test('somebody without a profile is no member; when theirs is gone, they leave and nobody is told', async () => {
  const live = liveOf('gone');
  await settle(ports, live, 'ghost', { events: [purchase(1), purchase(2)] }, NOW);
  expect(await membership('gone', 'ghost')).toMatchObject({ member: false });
  await settle(ports, live, 'ada', { events: [purchase(1), purchase(2)] }, NOW);
  await settle({ ...ports, profiles: { get: async () => undefined } }, live, 'ada', {}, NOW + 1);
  expect(await membership('gone')).toMatchObject({ member: false });
  expect(told().map(({ type }) => type)).toEqual([ENTERED]);
});

describe('what the lake says', () => {
  const scheduled = (id: string, change: Partial<LiveSegment> = {}) => liveOf(id, twice, { atOnce: false, ...change });

  test('counts where nothing is remembered, once, and never over a newer decision', async () => {
    const live = scheduled('lake');
    await settle(ports, live, 'ada', { told: { member: true, asOfMs: NOW } }, NOW + 5);
    await settle(ports, live, 'ada', { told: { member: true, asOfMs: NOW } }, NOW + 6);
    await settle(ports, live, 'ada', { told: { member: false, asOfMs: NOW } }, NOW + 7);
    expect(await membership('lake')).toMatchObject({ member: true });
    await settle(ports, live, 'ada', { told: { member: false, asOfMs: NOW + 8 } }, NOW + 9);
    expect(told().map(({ type }) => type)).toEqual([ENTERED, LEFT]);
  });

  test('is silent while a segment fills, unless asked for', async () => {
    await settle(ports, scheduled('fills', { state: 'filling' }), 'ada', { told: { member: true, asOfMs: NOW } }, NOW);
    expect(rows()).toMatchObject([{ segment_id: 'fills', member: true }]);
    expect(told()).toEqual([]);
    const announces = scheduled('tells', { state: 'filling', announceFirst: true });
    await settle(ports, announces, 'ada', { told: { member: true, asOfMs: NOW } }, NOW);
    expect(told().map(({ type }) => type)).toEqual([ENTERED]);
  });

  test('does not override what is remembered', async () => {
    const live = liveOf('knows');
    await settle(ports, live, 'ada', { events: [purchase(1), purchase(2)] }, NOW);
    await settle(ports, live, 'ada', { told: { member: false, asOfMs: NOW + DAY } }, NOW + DAY);
    expect(await membership('knows')).toMatchObject({ member: true });
  });

  test('decides for those who do more than is remembered, of whom there is a metric', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const page: ResolvedSegment = {
      ...{ event: 'purchase', where: [{ property: 'page', exists: true }] },
      ...{ count: { atLeast: 30 }, within: { days: 7 } },
    };
    const live = liveOf('busy', page);
    const long = { page: 'x'.repeat(1_000) };
    const events = Array.from({ length: 20 }, (_, n) => ({ ...purchase(n, NOW + n), properties: long }));
    await settle(ports, live, 'ada', { events }, NOW + 20);
    expect(write.mock.calls.join()).toContain('"FullSegmentMemories":1');
    write.mockRestore();
    await settle(ports, live, 'ada', { told: { member: true, asOfMs: NOW + 30 } }, NOW + 31);
    expect(await membership('busy')).toMatchObject({ member: true });
    expect(timersSet.at(-1)).toBeGreaterThan(NOW + 7 * DAY);
  });
});
