import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Trigger } from '../../../core/event/trigger.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { type Call, call } from '../api-call.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';

let world: AudienceWorld;
let handler: ApiLambda;
beforeAll(async () => {
  world = await audienceWorld();
  handler = (await import('../../../lambdas/audience/manage-aliases.ts')).handler;
});
afterAll(() => world.stop());

const viewer: Call['as'] = { sub: 'vera', groups: ['viewer'] };
const link = (profileId: string, body: unknown, more: Partial<Call> = {}) =>
  call(handler, { route: 'POST /v1/profiles/{profileId}/aliases', params: { profileId }, body, ...more });
const get = (alias: string) => call(handler, { route: 'GET /v1/aliases/{alias}', params: { alias }, as: viewer });
const audit = async (subject: string) => {
  const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
  return (await readAudit(process.env.AUDIT_TABLE ?? '', { subject }, 100)).items;
};

describe('an alias', () => {
  it('is linked, read, and the same link again changes nothing', async () => {
    const first = await link('ada', { alias: 'laptop' });
    expect(first).toMatchObject({ status: 200, body: { alias: 'laptop', profileId: 'ada', atMs: expect.any(Number) } });
    expect(await link('ada', { alias: 'laptop' })).toMatchObject({ status: 200, body: first.body });
    expect(await get('laptop')).toMatchObject({ status: 200, body: first.body });
    expect(await audit('profile/ada')).toMatchObject([{ action: 'link-alias', actor: 'mia', detail: 'laptop' }]);
    expect(await world.ask('SELECT alias, profile_id FROM identities')).toEqual([
      { alias: 'laptop', profile_id: 'ada' },
    ]);
  });

  it('of somebody else is refused, and stays theirs', async () => {
    await link('ada', { alias: 'tablet' });
    expect(await link('bob', { alias: 'tablet' })).toMatchObject({
      status: 409,
      body: { type: '/problems/alias-taken' },
    });
    expect((await get('tablet')).body).toMatchObject({ profileId: 'ada' });
    expect(await audit('profile/bob')).toEqual([]);
  });

  it('brings the windows of the anonymous person along', async () => {
    const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
    const { windows } = await import('../../../lambdas/adapters/windows.ts');
    const { observe } = await import('../../../core/event/window.ts');
    const window = { count: true, since: '2020-01-01T00:00:00Z', reaches: 9 } as const;
    const trigger = { eventType: 'visit', window };
    await definitions(process.env.DEFINITIONS_TABLE ?? '').put('trigger', 't', trigger as Partial<Trigger>, 0, 1);
    const states = windows(process.env.WINDOWS_TABLE ?? '');
    const profileId = 'anonymous:phone';
    const visit = { id: '1', type: 'visit', profileId, source: 's', timeMs: 2e12, receivedMs: 2e12, properties: {} };
    const { state } = observe(trigger, undefined, visit, 0, 2e12);
    await states.save({ profileId, triggerId: 't' }, state!);
    expect((await link('ada', { alias: 'phone' })).status).toBe(200);
    expect((await states.get({ profileId: 'ada', triggerId: 't' }))?.events).toHaveLength(1);
  });

  it('is finished by the repeated call when the lake refused at first', async () => {
    world.broken.add('firehose');
    expect((await link('cyd', { alias: 'watch' })).status).toBe(500);
    world.broken.delete('firehose');
    expect((await link('cyd', { alias: 'watch' })).status).toBe(200);
    expect(await world.ask("SELECT profile_id FROM identities WHERE alias = 'watch'")).toEqual([{ profile_id: 'cyd' }]);
    expect(await audit('profile/cyd')).toHaveLength(1);
  });

  it('that nobody has is not found', async () => {
    expect(await get('nobody')).toMatchObject({ status: 404, body: { type: '/problems/not-found' } });
    expect((await get('x'.repeat(3_000))).status).toBe(404);
  });

  it.each<[string, string, unknown, number]>([
    ['no alias', 'ada', {}, 400],
    ['an empty one', 'ada', { alias: '' }, 400],
    ['one of 129 characters', 'ada', { alias: 'x'.repeat(129) }, 400],
    ["one of Herald's own", 'ada', { alias: 'anonymous:laptop' }, 400],
    ['a number', 'ada', { alias: 7 }, 400],
    ['a placeholder', 'ada', { alias: 'Undefined' }, 400],
    ["a profile of Herald's own", 'anonymous:laptop', { alias: 'other' }, 404],
    ['a profile id of 129 characters', 'x'.repeat(129), { alias: 'other' }, 404],
  ])('%s is refused', async (_, profileId, body, status) => {
    expect((await link(profileId, body)).status).toBe(status);
  });

  it('is linked by those who write profiles only', async () => {
    expect((await link('ada', { alias: 'other' }, { as: viewer })).status).toBe(403);
  });
});
