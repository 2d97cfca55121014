import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import { transitions } from '../../../core/strategy/campaign-states.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { type Call, call } from '../api-call.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts').definitions>;
let handler: ApiLambda;
let prepare: typeof import('../../../lambdas/strategy/prepare-snapshot.ts').handler;

beforeAll(async () => {
  tables = await startTables();
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  ({ handler } = await import('../../../lambdas/strategy/manage-campaigns.ts'));
  ({ handler: prepare } = await import('../../../lambdas/strategy/prepare-snapshot.ts'));
  await defs.put('segment', 'seg', { name: 'Paris', segment: { attribute: 'city', equals: 'Paris' } }, 0, 1);
});
afterAll(() => tables.stop());
beforeEach(() => {
  tables.asked.length = 0;
});

type Shown = Campaign & { type?: string; detail?: string };
const ask = async (it: Call) => {
  const reply = await call(handler, it);
  return { ...reply, body: reply.body as Shown };
};
const act = (id: string, verb: string, body: object = {}) =>
  ask({ route: `POST /v1/campaigns/{campaignId}/${verb}`, params: { campaignId: id }, body });
const get = (id: string) => ask({ route: 'GET /v1/campaigns/{campaignId}', params: { campaignId: id } });
const remove = (id: string) => ask({ route: 'DELETE /v1/campaigns/{campaignId}', params: { campaignId: id } });
const started = () =>
  tables.asked
    .filter(({ action }) => action === 'StartExecution')
    .map(({ input }) => ({ name: input.name, input: JSON.parse(String(input.input)) }));

const content = {
  ...{ name: 'Win back', audience: { segmentId: 'seg' }, templateId: 'tpl', channelPolicy: ['push' as const] },
  ...{ topic: 'offers', speed: { perMinute: 60 }, sendTime: { local: '09:00' } },
};
let made = 0;
const campaign = async (state: Campaign['state'], more: Partial<Campaign> = {}): Promise<string> => {
  made += 1;
  const id = `c${String(made).padStart(3, '0')}`;
  const about = { id, version: 1, state, author: 'mia', editors: [], createdMs: 0 };
  await defs.put('campaign', id, { ...content, ...about, ...more }, 0, 1);
  return id;
};

describe('on the shelf', () => {
  test('a copy is a draft of its own, with the content alone', async () => {
    const run = { runId: 'r', startedMs: 1 };
    const id = await campaign('finished', { run, reason: 'x', archived: true, editors: ['zoe'] });
    const { status, body, headers } = await act(id, 'clone');
    expect([status, headers.location]).toEqual([201, `/v1/campaigns/${body.id}`]);
    const { id: _id, createdMs: _at, ...rest } = body;
    expect(rest).toEqual({
      ...content,
      name: 'Win back (copy)',
      version: 1,
      state: 'draft',
      author: 'mia',
      editors: [],
    });
    expect((await act('gone', 'clone')).status).toBe(404);
  });

  test('the name of a copy fits', async () => {
    const { body } = await act(await campaign('draft', { name: 'n'.repeat(100) }), 'clone');
    expect(body.name).toBe(`${'n'.repeat(93)} (copy)`);
  });

  test.each(Object.keys(transitions) as Campaign['state'][])('one that is %s', async (state) => {
    const id = await campaign(state);
    const draft = ['draft', 'rejected'].includes(state);
    const canBe = draft || ['finished', 'cancelled', 'failed'].includes(state);
    const archived = await act(id, 'archive');
    expect(archived.status).toBe(canBe ? 200 : 409);
    if (canBe) {
      expect(archived.body).toMatchObject({ state, archived: true, version: 2 });
      expect((await act(id, 'archive')).body.version).toBe(2);
      expect((await act(id, 'unarchive')).body).not.toHaveProperty('archived');
    }
    expect((await remove(id)).status).toBe(draft ? 204 : 409);
    expect((await get(id)).status).toBe(draft ? 404 : 200);
    expect((await remove(id)).status).toBe(draft ? 404 : 409);
    if (draft) expect((await act(id, 'submit', { version: 2 })).status).toBe(404);
  });

  test('a draft that is submitted is out of the archive, also once it is over', async () => {
    await defs.put(
      'template',
      'tpl',
      { id: 'tpl', version: 1, name: 'T', channels: { push: { title: 'Hi', body: 'Hi' } } },
      0,
      1,
    );
    const id = await campaign('draft', { archived: true });
    const { status, body } = await act(id, 'submit', { version: 1 });
    expect([status, body.archived]).toEqual([200, undefined]);
  });

  test('lists show what is asked for: not what is archived or deleted, and page by page', async () => {
    for (const { id } of (await defs.list<Campaign>('campaign', 500)).items) {
      const { body, version } = (await defs.get<Campaign>('campaign', id))!;
      await defs.put('campaign', id, { ...body, deletedMs: 1 }, version, 1);
    }
    const drafts = [await campaign('draft'), await campaign('draft'), await campaign('draft')];
    const finished = await campaign('finished');
    const archived = await campaign('finished', { archived: true });
    // Submitted since, so it is in sight again.
    const back = await campaign('in review', { archived: true });
    const list = async (query: Record<string, string>) => {
      const { body } = await call(handler, { route: 'GET /v1/campaigns', query });
      const { items, cursor } = body as { items: Shown[]; cursor?: string };
      return { ids: items.map(({ id }) => id), cursor };
    };
    expect((await list({})).ids).toEqual([back, finished, ...drafts.toReversed()]);
    expect((await list({ state: 'draft' })).ids).toEqual(drafts.toReversed());
    expect((await list({ archived: 'true' })).ids).toEqual([archived]);
    const first = await list({ state: 'draft', limit: '2' });
    expect(first).toEqual({ ids: [drafts[2], drafts[1]], cursor: drafts[1] });
    expect(await list({ state: 'draft', limit: '2', cursor: String(first.cursor) })).toEqual({ ids: [drafts[0]] });
    expect((await call(handler, { route: 'GET /v1/campaigns', query: { state: 'odd' } })).status).toBe(400);
  });
});

describe('paused before it has begun', () => {
  const HOUR = 3_600_000;
  const hash = 'h'.repeat(32);
  const approval = { hash, submission: 1, submittedBy: 'mia', submittedMs: 0, expiresMs: 1 };
  const scheduled = (atMs: number, more: Partial<Campaign> = {}) =>
    campaign('scheduled', { approval, due: { runId: 'first', atMs }, ...more } as Partial<Campaign>);

  test('it waits however long, and its run does not begin', async () => {
    const id = await scheduled(Date.now() + HOUR);
    expect((await act(id, 'pause', { reason: 'Wait' })).body).toMatchObject({ state: 'paused', pause: { by: 'mia' } });
    await expect(prepare({ campaignId: id, hash, runId: 'first' })).rejects.toMatchObject({ name: 'PlanCancelled' });
    expect((await get(id)).body.state).toBe('paused');
  });

  test('resumed in time, it begins at its time, in a run of its own: the one that waits for that time already ends', async () => {
    const atMs = Date.now() + HOUR;
    const id = await scheduled(atMs);
    await act(id, 'pause', {});
    const { body } = await act(id, 'resume');
    const runId = `${id}-${hash.slice(0, 12)}-3`;
    expect(body).toMatchObject({ state: 'scheduled', version: 3, due: { runId, atMs } });
    expect(body).not.toHaveProperty('pause');
    const sendAt = new Date(atMs).toISOString();
    // Nothing was held back, so nothing is released.
    expect(started()).toEqual([{ name: `run-${runId}`, input: { campaignId: id, hash, runId, sendAt } }]);
    expect((await act(id, 'resume')).body.version).toBe(3);
    expect(started()).toHaveLength(1);
    await expect(prepare({ campaignId: id, hash, runId: 'first' })).rejects.toMatchObject({ name: 'PlanCancelled' });
  });

  test.each([
    ['begins at once', undefined, 0],
    ['begins at once when that is said', { do: 'send-now' as const }, 0],
    ['begins the next day', { do: 'next-day' as const }, 24 * HOUR],
    ['is cancelled', { do: 'skip' as const }, undefined],
    ['begins at once, for that is not late', { do: 'skip' as const, toleranceMinutes: 90 }, 0],
  ])('resumed after its time it %s', async (_, ifLate, waitMs) => {
    const dueMs = Math.floor(Date.now() / 1_000) * 1_000 - HOUR;
    const id = await scheduled(dueMs, ifLate && { ifLate });
    await act(id, 'pause', {});
    const nowMs = Date.now();
    const { body } = await act(id, 'resume');
    if (waitMs === undefined) {
      expect(body).toMatchObject({ state: 'cancelled', reason: 'Its time had passed when it was resumed' });
      expect(started()).toEqual([]);
      return;
    }
    expect(body.state).toBe('scheduled');
    const atMs = body.due?.atMs ?? 0;
    if (waitMs === 0) expect(Math.abs(atMs - nowMs)).toBeLessThan(5_000);
    else expect(atMs).toBe(dueMs + waitMs);
    expect(started()).toHaveLength(1);
  });

  test('cancelled, it never begins', async () => {
    const id = await scheduled(Date.now() + HOUR);
    await act(id, 'pause', {});
    expect((await act(id, 'cancel', {})).body.state).toBe('cancelled');
    await expect(prepare({ campaignId: id, hash, runId: 'first' })).rejects.toMatchObject({ name: 'PlanCancelled' });
    expect(started()).toEqual([]);
  });

  test('one that was scheduled by an older release, which did not note its run, is resumed too', async () => {
    const sendAt = new Date(Date.now() + HOUR).toISOString();
    const id = await campaign('scheduled', { approval, sendAt } as Partial<Campaign>);
    await act(id, 'pause', {});
    expect((await act(id, 'resume')).body.due?.atMs).toBe(Date.parse(sendAt));
  });
});
