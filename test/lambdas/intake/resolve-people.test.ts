import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import type { Trigger } from '../../../core/event/trigger.ts';
import { observe, type WindowState } from '../../../core/event/window.ts';
import type { LinkPorts } from '../../../lambdas/audience/link-alias.ts';
import { memoryServices, queueUrl, startAws } from '../adapters/aws.ts';

const services = memoryServices();
let stop: () => Promise<void>;
let ports: LinkPorts;
/** Another Lambda environment: nothing in memory. */
let elsewhere: () => LinkPorts;
let resolvePeople: typeof import('../../../lambdas/intake/resolve-people.ts')['resolvePeople'];
let turnedOut: typeof import('../../../lambdas/intake/resolve-people.ts')['turnedOut'];

const NOW = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const trigger = (id: string, change: Partial<Trigger>): Trigger => ({
  id,
  version: 1,
  state: 'active',
  author: 'mia',
  editors: [],
  createdMs: 1,
  hash: 'h1',
  name: id,
  eventType: 'order.placed',
  templateId: 'x',
  channelPolicy: ['sms'],
  topic: 'orders',
  lane: 'transactional',
  ...change,
});
const VIEWED = { after: { eventType: 'product.viewed' }, within: { hours: 24 } } as const;
const viewed = { ...trigger('viewed', {}), window: VIEWED };
const SPENT = { count: true, since: '2020-01-01T00:00:00Z', reaches: 1_000 } as const;
const spent = { ...trigger('spent', {}), window: SPENT };

beforeAll(async () => {
  stop = await startAws(
    {
      definitions: ['kind', 'id'],
      windows: ['profileId', 'triggerId'],
      identities: ['alias'],
      memberships: ['profileId', 'membership'],
    },
    services.answer,
  );
  const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
  const { identities } = await import('../../../lambdas/adapters/identities.ts');
  const { windows } = await import('../../../lambdas/adapters/windows.ts');
  elsewhere = () => ({
    identities: identities('identities'),
    windows: windows('windows'),
    definitions: definitions('definitions'),
    mergeLeads: async ({ alias }) => void merged.push(alias),
    identitiesStream: 'identities',
    segments: { membershipsTable: 'memberships', intakeQueueUrl: queueUrl('intake') },
  });
  ports = elsewhere();
  await ports.definitions.put('trigger', 'viewed', viewed, 0, 1);
  await ports.definitions.put('trigger', 'spent', spent, 0, 1);
  await ports.definitions.put('trigger', 'plain', trigger('plain', {}), 0, 1);
  ({ resolvePeople, turnedOut } = await import('../../../lambdas/intake/resolve-people.ts'));
});
afterAll(() => stop());
beforeEach(() => services.streams.clear());
afterEach(() => vi.restoreAllMocks());

/** Aliases whose leads were merged. */
const merged: string[] = [];
let count = 0;
/** Ids of this test's own. */
const own = (name: string) => `${name}-${count}`;
beforeEach(() => {
  count += 1;
});
const event = (type: string, person: { profileId?: string; anonymousId?: string }, timeMs = NOW): AcceptedEvent => ({
  id: `${type}-${timeMs}`,
  type,
  profileId: `anonymous:${person.anonymousId}`,
  ...person,
  source: 'shop',
  timeMs,
  receivedMs: timeMs,
  properties: {},
});
const peopleOf = (events: readonly AcceptedEvent[]) => events.map(({ profileId }) => profileId);
const rows = () => services.streams.get('identities') ?? [];
/** What the matching does with an event for a window trigger. */
const fill = async (window: typeof viewed | typeof spent, one: AcceptedEvent, role: number) => {
  const key = { profileId: one.profileId, triggerId: window.id };
  const { state, fire } = observe(window, await ports.windows.get(key), one, role, NOW);
  if (state) expect(await ports.windows.save(key, state)).toBe(true);
  return fire;
};
const login = (anonymousId: string, profileId: string) => [event('login', { anonymousId, profileId })];

describe('whose an event is', () => {
  test('events without an anonymous id are read of nothing, and stay as they are', async () => {
    const { identities } = await import('../../../lambdas/adapters/identities.ts');
    const events = [event('order.placed', { profileId: 'ada' }), event('visit', { profileId: 'bob' })];
    const noTable = { ...ports, identities: identities('there-is-no-such-table') };
    expect(await resolvePeople(noTable, events)).toEqual({ events, failed: new Map() });
    await expect(resolvePeople(noTable, login('x', 'ada'))).rejects.toThrow();
  });

  test('an anonymous person stays one until a login says who it is; then earlier and later events of the batch are theirs', async () => {
    const visit = event('visit', { anonymousId: own('d') });
    expect((await resolvePeople(ports, [visit])).events).toEqual([visit]);
    const batch = [visit, ...login(own('d'), 'ada'), event('visit', { anonymousId: own('other') })];
    const { events, failed } = await resolvePeople(ports, batch);
    expect(peopleOf(events)).toEqual(['ada', 'ada', `anonymous:${own('other')}`]);
    expect(events.map(({ anonymousId }) => anonymousId)).toEqual([own('d'), own('d'), own('other')]);
    expect(failed.size).toBe(0);
    expect(peopleOf((await resolvePeople(elsewhere(), [visit])).events)).toEqual(['ada']);
  });

  test('the lake learns of a link once, however often the person logs in', async () => {
    for (const _ of [1, 2, 3]) await resolvePeople(ports, login(own('d'), 'ada'));
    await resolvePeople(elsewhere(), login(own('d'), 'ada'));
    expect(rows()).toEqual([{ alias: own('d'), profile_id: 'ada', at_ms: NOW }]);
  });

  test('a second person on the device gets neither the link nor the events, and keeps their own', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const batch = [...login(own('d'), 'ada'), ...login(own('d'), 'bob'), event('visit', { anonymousId: own('d') })];
    expect(peopleOf((await resolvePeople(ports, batch)).events)).toEqual(['ada', 'bob', 'ada']);
    // Without saying who: logs outlive the erasure of a person.
    expect(warned).toHaveBeenCalledExactlyOnceWith({
      message: 'A second person on one device: the first link stays',
    });
    expect(peopleOf((await resolvePeople(elsewhere(), batch.slice(1))).events)).toEqual(['bob', 'ada']);
    expect(rows()).toHaveLength(1);
  });

  test('logins of two people at two workers at once: both agree on one of them', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const visit = event('visit', { anonymousId: own('d') });
    const answers = await Promise.all(
      ['ada', 'bob', 'cyd'].map((who) => resolvePeople(elsewhere(), [...login(own('d'), who), visit])),
    );
    const owners = new Set(answers.map(({ events }) => events[1]?.profileId));
    expect(owners.size).toBe(1);
    const [owner] = owners;
    expect(new Set(rows().map((row) => (row as { profile_id: string }).profile_id))).toEqual(new Set([owner]));
  });
});

describe('windows', () => {
  test('what was seen before the login counts after it, and the login itself fires nothing', async () => {
    const ada = own('ada');
    await fill(viewed, event('product.viewed', { anonymousId: own('d') }, NOW - HOUR_MS), 1);
    await resolvePeople(ports, login(own('d'), ada));
    const order = event('order.placed', { profileId: ada });
    expect(await fill(viewed, order, 0)).toMatchObject({ event: { id: order.id } });
    expect(await fill(viewed, event('order.placed', { profileId: ada }, NOW + 1), 0)).toBeUndefined();
  });

  test('what the person had before stays, with what was anonymous beside it', async () => {
    const ada = own('ada');
    await fill(spent, event('order.placed', { profileId: ada }, NOW - 1), 0);
    await fill(spent, event('order.placed', { anonymousId: own('d') }, NOW - 2), 0);
    await resolvePeople(ports, login(own('d'), ada));
    expect((await ports.windows.get({ profileId: ada, triggerId: 'spent' }))?.events).toHaveLength(2);
  });

  test('windows of triggers that are gone, have no window any more or another one are left behind', async () => {
    const state: WindowState = { version: 0, definition: 'of another trigger', events: [], fired: [] };
    for (const triggerId of ['gone', 'plain', 'spent']) {
      await ports.windows.save({ profileId: `anonymous:${own('d')}`, triggerId }, state);
    }
    expect((await resolvePeople(ports, login(own('d'), own('ada')))).failed.size).toBe(0);
    expect(await ports.windows.ofPerson(own('ada'))).toEqual([]);
    expect((await ports.identities.get(own('d')))?.settled).toBe(true);
  });

  test('many are merged side by side, but not all at once', async () => {
    const state: WindowState = { version: 0, definition: 'x', events: [], fired: [] };
    for (let n = 0; n < 25; n += 1)
      await ports.windows.save({ profileId: `anonymous:${own('d')}`, triggerId: `t${n}` }, state);
    let [begun, ended, most] = [0, 0, 0];
    const get: LinkPorts['definitions']['get'] = async (kind, id) => {
      begun += 1;
      most = Math.max(most, begun - ended);
      return ports.definitions.get(kind, id).finally(() => {
        ended += 1;
      }) as never;
    };
    const counting = { ...elsewhere(), definitions: { ...ports.definitions, get } };
    await resolvePeople(counting, login(own('d'), own('ada')));
    expect([ended, most]).toEqual([25, 10]);
  });

  /** An anonymous person with more orders than a window keeps one by one. */
  const fillTotals = async () => {
    await fill(spent, event('order.placed', { anonymousId: own('d') }), 0);
    const key = { profileId: `anonymous:${own('d')}`, triggerId: 'spent' };
    const state = (await ports.windows.get(key)) as WindowState;
    await ports.windows.save(key, { ...state, totals: { n: 600, sum: 0, min: 0, max: 0 } });
  };
  const totalsOf = async (profileId: string) => (await ports.windows.get({ profileId, triggerId: 'spent' }))?.totals?.n;

  test('a login that was cut short is finished by the next event of the device, and counts nothing twice', async () => {
    await fillTotals();
    services.refuse.add('Firehose_20150804.PutRecordBatch');
    const cut = await resolvePeople(ports, login(own('d'), own('ada')));
    expect([...cut.failed.keys()]).toEqual([own('d')]);
    expect(rows()).toEqual([]);
    const again = await resolvePeople(elsewhere(), [event('visit', { anonymousId: own('d') })]);
    expect(again.failed.size).toBe(0);
    expect(peopleOf(again.events)).toEqual([own('ada')]);
    expect(rows()).toHaveLength(1);
    expect(await totalsOf(own('ada'))).toBe(600);
  });

  test('of two logins of which one fails, the other is done', async () => {
    services.refuse.add('Firehose_20150804.PutRecordBatch');
    const { failed } = await resolvePeople(ports, [...login(own('d'), 'ada'), ...login(own('e'), 'eve')]);
    expect(failed.size).toBe(1);
    expect(rows()).toHaveLength(1);
  });

  test('the same login at many workers at once merges once', async () => {
    await fillTotals();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => resolvePeople(elsewhere(), login(own('d'), own('ada')))),
    );
    expect(answers.map(({ failed }) => failed.size)).toEqual([0, 0, 0, 0, 0]);
    expect(await totalsOf(own('ada'))).toBe(600);
  });

  test('a person may have more windows than one page of the table holds', async () => {
    const definition = 'x'.repeat(300_000);
    const ids = Array.from({ length: 8 }, (_, n) => `t${n}`);
    for (const triggerId of ids) {
      await ports.windows.save({ profileId: own('ada'), triggerId }, { version: 0, definition, events: [], fired: [] });
    }
    const found = await ports.windows.ofPerson(own('ada'));
    expect(found.map(({ triggerId }) => triggerId)).toEqual(ids);
    expect(found[7]?.state).toEqual({ version: 1, definition, events: [], fired: [] });
  });

  test('an event beside the login: whichever writes last, the view is not lost', async () => {
    const view = event('product.viewed', { anonymousId: own('d') }, NOW - HOUR_MS);
    // The event was found to be of nobody known; then the login comes and goes; then the event's window is written.
    expect(peopleOf((await resolvePeople(elsewhere(), [view])).events)).toEqual([`anonymous:${own('d')}`]);
    expect(await turnedOut(ports.identities, view.profileId)).toBeUndefined();
    await resolvePeople(ports, login(own('d'), own('ada')));
    await fill(viewed, view, 1);
    const profileId = await turnedOut(ports.identities, view.profileId);
    expect(profileId).toBe(own('ada'));
    await fill(viewed, { ...view, profileId: own('ada') }, 1);
    expect(await fill(viewed, event('order.placed', { profileId: own('ada') }), 0)).toBeDefined();
    expect(await turnedOut(ports.identities, own('ada'))).toBeUndefined();
  });
});
