import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Role } from '../../../core/access/role.ts';
import type { PlanRef } from '../../../core/delivery/messages.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call, marketer } from '../api-call.ts';
import { startTables } from '../tables.ts';
import { plan } from './delivery-world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts').definitions>;
let handler: ApiLambda;
/** What a worker knows that has just started. */
let plans: () => ReturnType<typeof import('../../../lambdas/adapters/plans.ts').plans>;

beforeAll(async () => {
  tables = await startTables();
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  handler = (await import('../../../lambdas/delivery/manage-settings.ts')).handler;
  const { plans: plansOf } = await import('../../../lambdas/adapters/plans.ts');
  plans = () => plansOf('definitions');
});
afterAll(() => tables.stop());
beforeEach(() => {
  tables.asked.length = 0;
});

const operator = { sub: 'oscar', groups: ['operator'] as Role[] };
const stop = (as = marketer, reason = 'Wrong prices') =>
  call(handler, { route: 'POST /v1/emergency-stop', body: { reason }, as });
const end = (as = operator) => call(handler, { route: 'POST /v1/emergency-stop/end', body: {}, as });
const read = async () => (await call(handler, { route: 'GET /v1/emergency-stop' })).body;
const released = () =>
  tables.asked
    .filter(({ action }) => action === 'StartExecution')
    .map(({ input: { name, input } }) => ({ name, input: JSON.parse(String(input)) }));

const planOf = async (kind: PlanRef['kind'], id: string, lane: 'promotional' | 'transactional', state: string) => {
  await defs.put('plan-version', `${id}@h`, plan({ planId: id, lane }), 0, 1);
  await defs.put(kind as 'campaign' | 'trigger', id, { id, version: 1, state }, 0, 1);
  return { kind, id, hash: 'h' } as PlanRef;
};

test('nothing is stopped until somebody stops it, and nothing is to be ended', async () => {
  expect(await read()).toEqual({ state: 'sending' });
  expect((await end()).status).toBe(409);
});

test('a marketer stops, only an operator goes on; both are harmless twice, and are in the audit log', async () => {
  expect((await stop(marketer, ' ')).status).toBe(400);
  expect((await stop({ sub: 'vera', groups: ['viewer'] })).status).toBe(403);
  expect((await stop()).body).toMatchObject({ state: 'stopped', by: 'mia', reason: 'Wrong prices' });
  expect((await stop(operator, 'Another reason')).body).toMatchObject({ by: 'mia', reason: 'Wrong prices' });
  expect((await end(marketer)).status).toBe(403);
  expect(released()).toEqual([]);
  expect((await end()).body).toMatchObject({ state: 'sending', ended: { by: 'oscar' } });
  expect((await end()).body).toMatchObject({ state: 'sending' });
  expect(released()).toEqual([{ name: 'emergency-stop-1', input: { campaignId: 'emergency-stop', pause: 1 } }]);
  const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
  const { items } = await readAudit('audit', { subject: 'settings/emergency-stop' }, 10);
  expect(items.map(({ action, actor, detail }) => [action, actor, detail])).toEqual([
    ['end', 'oscar', ''],
    ['stop', 'mia', 'Wrong prices'],
  ]);
});

test('of two who stop at once, one is first', async () => {
  const both = await Promise.all([stop(), stop(operator)]);
  expect(both.map(({ status }) => status)).toEqual([200, 200]);
  expect(both[0]?.body).toEqual(both[1]?.body);
  await end();
});

describe('while it is stopped', () => {
  beforeAll(() => stop());
  test.each([
    ['campaign', 'promotional', 'sending', true],
    ['trigger', 'promotional', 'active', true],
    ['trigger', 'transactional', 'active', false],
    // What is cancelled is settled at once, so that its report is whole.
    ['campaign', 'promotional', 'cancelled', false],
    ['trigger', 'promotional', 'paused', false],
  ] as const)('%s, %s, %s: waits: %s', async (kind, lane, state, waits) => {
    const ref = await planOf(kind, `${kind}-${lane}-${state}`, lane, state);
    for (const when of [undefined, 'now'] as const) {
      expect(await plans().pauseOf(ref, when)).toBe(waits ? 'emergency-stop#5' : undefined);
    }
  });
  test('a campaign that is paused waits for the end of its pause first', async () => {
    const ref = await planOf('campaign', 'both', 'promotional', 'paused');
    await defs.put('campaign', 'both', { state: 'paused', pause: { number: 7 } }, 1, 1);
    expect(await plans().pauseOf(ref)).toBe('both#7');
  });
  test('a worker that read before knows within three seconds; one that asks now knows at once', async () => {
    const ref = await planOf('campaign', 'late', 'promotional', 'sending');
    const worker = plans();
    expect(await worker.pauseOf(ref)).toBe('emergency-stop#5');
    await end();
    expect(await worker.pauseOf(ref)).toBe('emergency-stop#5');
    expect(await worker.pauseOf(ref, 'now')).toBeUndefined();
  });
});
