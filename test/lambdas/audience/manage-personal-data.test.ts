import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROLES, type Role } from '../../../core/access/role.ts';
import type { Erasure } from '../../../core/audience/erasure.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { type PersonWorld, personWorld } from './person-world.ts';

let world: PersonWorld;
let handler: ApiLambda;
beforeAll(async () => {
  world = await personWorld();
  handler = (await import('../../../lambdas/audience/manage-personal-data.ts')).handler;
});
afterAll(() => world.stop());

const ask = (action: 'erase' | 'export', profileId: string, role: Role = 'admin') =>
  call(handler, {
    route: `POST /v1/profiles/{profileId}/${action}`,
    params: { profileId },
    body: action === 'erase' ? { reason: 'person-asked' } : {},
    as: { sub: 'amir', groups: [role] },
  });
const startedFor = (erasureId: string) =>
  world.started.filter(({ input }) => (input as { erasureId?: string }).erasureId === erasureId);
const auditOf = async (hash: string) => {
  const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
  return (await readAudit(process.env.AUDIT_TABLE ?? '', { subject: `erased/${hash}` }, 10)).items;
};

test('admins alone may ask', async () => {
  for (const role of ROLES.filter((one) => one !== 'admin')) {
    for (const action of ['erase', 'export'] as const)
      expect((await ask(action, 'somebody', role)).status, `${role} ${action}`).toBe(403);
  }
  expect(await world.store.person(await world.store.hash('somebody'))).toBeUndefined();
});

test.each(['', 'x'.repeat(129), 'anonymous:', 'anonymous:anonymous:x'])('nobody has the id %j', async (id) => {
  expect((await ask('erase', id)).status).toBe(404);
});

test('an anonymous id of a profile is erased with the profile', async () => {
  await world.put('IDENTITIES', { alias: 'laptop', profileId: 'ada', atMs: 1 });
  expect(await ask('erase', 'anonymous:laptop')).toMatchObject({
    status: 409,
    body: { type: '/problems/state-conflict', detail: expect.stringMatching(/belongs to a profile/) },
  });
  expect(await ask('erase', 'anonymous:tablet')).toMatchObject({ status: 202, body: { state: 'running' } });
});

test('an erasure that was asked for twice is one', async () => {
  const [first, second] = [await ask('erase', 'bea'), await ask('erase', 'bea')];
  expect(second.body).toEqual(first.body);
  const { id } = first.body as Erasure;
  expect(new Set(startedFor(id).map(({ name }) => name)).size).toBe(1);
  expect(await auditOf(id)).toHaveLength(1);
});

test('a call that crashes after any of its changes is asked again, and nobody is erased without an entry', async () => {
  for (let n = 1, happened = true; happened; n += 1) {
    world.crash.after = n;
    let reply = await ask('erase', `cem${n}`);
    for (let again = 0; reply.status !== 202 && again < 3; again += 1) reply = await ask('erase', `cem${n}`);
    happened = world.crash.after <= 0;
    world.crash.after = Number.POSITIVE_INFINITY;
    const { id } = reply.body as Erasure;
    expect(await world.store.person(id), `change ${n}`).toMatchObject({ profileId: `cem${n}` });
    expect(startedFor(id).length, `change ${n}`).toBeGreaterThan(0);
    const entries = await auditOf(id);
    expect(entries, `change ${n}`).toContainEqual({
      ...{ subject: `erased/${id}`, action: 'erase', actor: 'amir', version: 0, detail: 'person-asked' },
      atMs: (await world.store.get(id))?.requestedMs,
    });
  }
});
