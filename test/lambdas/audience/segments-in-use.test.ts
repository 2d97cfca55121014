import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts').definitions>;
let handler: ApiLambda;

beforeAll(async () => {
  tables = await startTables();
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  handler = (await import('../../../lambdas/audience/manage-segments.ts')).handler;
});
afterAll(() => tables.stop());

const paris = { attribute: 'city', equals: 'Paris' };
const create = async (segment: object = paris) => {
  const { body } = await call(handler, { route: 'POST /v1/segments', body: { name: 'S', segment } });
  return (body as { id: string }).id;
};
const edit = async (id: string, change: object = { segment: { attribute: 'city', equals: 'Oslo' } }) => {
  const { body: now } = await call(handler, { route: 'GET /v1/segments/{segmentId}', params: { segmentId: id } });
  const { version } = now as { version: number };
  const body = { name: 'S', segment: paris, ...change, version };
  const reply = await call(handler, { route: 'PUT /v1/segments/{segmentId}', params: { segmentId: id }, body });
  return reply.status === 200 ? 'changed' : (reply.body as { type: string }).type.replace('/problems/', '');
};
let count = 0;
/** An active trigger; gives what pauses it. */
const trigger = async (where: object[] | undefined, eventType = 'herald.segment.entered') => {
  count += 1;
  const id = `trigger-${count}`;
  const body = { id, version: 1, name: 'Welcome', state: 'active', eventType, ...(where && { where }) };
  await defs.put('trigger', id, body, 0, 1);
  return async () => void (await defs.put('trigger', id, { ...body, state: 'paused' }, 1, 2));
};
const entered = (segmentId: string) => [{ property: 'segmentId', equals: segmentId }];

test('what an active trigger listens to is not changed, until it is paused', async () => {
  const id = await create();
  const pause = await trigger(entered(id));
  expect(await edit(id)).toBe('in-use');
  expect(await edit(id, { name: 'Another name' })).toBe('changed');
  expect(await edit(await create())).toBe('changed');
  await pause();
  expect(await edit(id)).toBe('changed');
});

test('nor what such a segment refers to', async () => {
  const inner = await create();
  const outer = await create({ not: { segment: inner } });
  const pause = await trigger(entered(outer));
  expect(await edit(inner)).toBe('in-use');
  await pause();
});

test('who listens to any segment listens to all that have been live, also while they are not', async () => {
  const [live, never] = [await create(), await create()];
  await defs.put('live-segment', live, { id: live, state: 'off' }, 0, 1);
  const pause = await trigger(undefined);
  expect([await edit(live), await edit(never)]).toEqual(['in-use', 'changed']);
  await pause();
  const other = await trigger(undefined, 'order.placed');
  expect(await edit(live)).toBe('changed');
  await other();
});

test('what a version of a live journey asks for is not changed, until the journey is stopped', async () => {
  const id = await create();
  const journey = {
    id: 'j',
    name: 'Onboarding',
    state: 'paused',
    versions: [{ hash: 'old', sinceMs: 1 }],
    patterns: {},
  };
  await defs.put('live-journey', 'j', journey, 0, 1);
  await defs.put('journey-version', 'j@old', { graph: [{ in: { segment: id } }] }, 0, 1);
  expect(await edit(id)).toBe('in-use');
  await defs.put('live-journey', 'j', { ...journey, state: 'stopped' }, 1, 2);
  expect(await edit(id)).toBe('changed');
});

test.each(['in review', 'approved'])(
  'nor what a plan listens to that is %s, nor what a rule would that is',
  async (state) => {
    const [heard, asked, inner, free] = [await create(), await create(), await create(), await create()];
    await defs.put(
      'trigger',
      `t-${heard}`,
      { name: 'T', state, eventType: 'herald.segment.left', where: entered(heard) },
      0,
      1,
    );
    await defs.put('journey', `j-${asked}`, { name: 'J', state, nodes: { a: { in: { segment: asked } } } }, 0, 1);
    const outer = await create();
    const pause = await trigger(entered(outer));
    await defs.put('segment-change', outer, { id: outer, state, segment: { not: { segment: inner } } }, 0, 1);
    expect(await Promise.all([heard, asked, inner, free].map((id) => edit(id)))).toEqual([
      ...['in-use', 'in-use', 'in-use'],
      'changed',
    ]);
    for (const kind of ['trigger', 'journey'] as const) {
      const [id, body] =
        kind === 'trigger' ? [`t-${heard}`, { name: 'T', state: 'draft' }] : [`j-${asked}`, { state: 'draft' }];
      await defs.put(kind, id, body, 1, 2);
    }
    await defs.put('segment-change', outer, { id: outer, state: 'rejected', segment: { segment: inner } }, 1, 2);
    expect(await Promise.all([heard, asked, inner].map((id) => edit(id)))).toEqual(['changed', 'changed', 'changed']);
    await pause();
  },
);
