import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Delegation } from '../../../core/strategy/approval/delegation.ts';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import { type Call, call } from '../api-call.ts';
import { type ApprovalWorld, abe, ada, approvalWorld, lea, mia, oscar, somebody } from './approval-world.ts';

let tables: ApprovalWorld['tables'];
let defs: ApprovalWorld['defs'];
let campaigns: ApprovalWorld['campaigns'];
let settle: ApprovalWorld['settle'];
let ask: ApprovalWorld['ask'];
let type: ApprovalWorld['type'];
let putSettings: ApprovalWorld['putSettings'];
let at: ApprovalWorld['at'];
let open: ApprovalWorld['open'];
let submit: ApprovalWorld['submit'];
let submitted: ApprovalWorld['submitted'];
let waiting: ApprovalWorld['waiting'];
let answered: ApprovalWorld['answered'];
let told: ApprovalWorld['told'];

beforeAll(async () => {
  ({ tables, defs, campaigns, settle, ask, type, putSettings, at, open, submit, submitted, waiting, answered, told } =
    await approvalWorld());
});
afterAll(() => tables.stop());
beforeEach(() => {
  tables.asked.length = 0;
});

const TWO = {
  levels: [
    { name: 'Colleague', roles: ['approver'], quorum: 1 },
    { name: 'Legal', people: ['lea', 'leo'], quorum: 1, when: { topics: ['offers'] } },
  ],
  remindAfter: { hours: 2 },
  tell: 'hook',
};

describe('settings', () => {
  test('until somebody sets any, one approver decides', async () => {
    const { body } = await ask({ route: 'GET /v1/settings/approvals' });
    expect(body).toEqual({ levels: [{ name: 'Approval', roles: ['approver'], quorum: 1 }], version: 0 });
  });
  test('an operator sets them, naming the version that is changed', async () => {
    expect(await type(putSettings(TWO, mia))).toBe('forbidden-role');
    expect((await putSettings(TWO)).body).toEqual({ ...TWO, version: 1 });
    const stale = ask({ route: 'PUT /v1/settings/approvals', body: { ...TWO, version: 0 }, as: oscar });
    expect(await type(stale)).toBe('version-conflict');
  });
  test('what nobody could fulfil is refused, and so is an endpoint that is not there', async () => {
    const alone = { levels: [{ name: 'Boss', people: ['leo'], quorum: 2 }] };
    const reply = await putSettings(alone);
    expect(reply).toMatchObject({ status: 422, body: { type: '/problems/no-approver' } });
    expect(reply.body).toMatchObject({ errors: [{ path: 'levels.0.people' }] });
    expect(await type(putSettings({ ...TWO, tell: 'nope' }))).toBe('invalid-reference');
  });
});

describe('a campaign of two levels', () => {
  beforeAll(() => putSettings(TWO));

  test('waits for each level in turn, by a token of its own, and is approved after the last', async () => {
    const id = await submitted();
    expect(await waiting(abe)).toMatchObject([{ id, mine: true, missing: 1, comments: 0 }]);
    expect(await waiting(lea)).toEqual([]);
    expect(JSON.stringify(await waiting(abe))).not.toContain('token-');
    expect(await waiting(lea, { waiting: 'all' })).toMatchObject([{ id, mine: false }]);
    expect(await type(at(id, 'approve', {}, lea))).toBe('forbidden-role');
    expect(await type(at(id, 'approve', {}, somebody('tia', 'approver')))).toBe('own-approval');

    const first = { level: 0 };
    expect((await at(id, 'approve', first, abe)).body).toMatchObject({ state: 'in review', approval: { level: 1 } });
    expect((await at(id, 'approve', first, abe)).body).toMatchObject({ state: 'in review', approval: { level: 1 } });
    expect(await type(at(id, 'approve', first, ada))).toBe('version-conflict');
    expect(answered()).toEqual([`token-${id}-0`]);
    expect(await type(at(id, 'approve', {}, lea))).toBe('approval-not-ready');
    const { hash, submission } = (await defs.get<Campaign>('campaign', id))!.body.approval!;
    const ref = { kind: 'campaign' as const, id, hash, submission };
    expect(await settle({ ...ref, givenUp: false })).toMatchObject({ wait: { level: 1 } });
    await open(id);
    expect(await waiting(abe)).toEqual([]);
    expect(await waiting(lea)).toMatchObject([{ id, mine: true }]);
    expect((await at(id, 'approve', {}, lea)).body.state).toBe('approved');
    expect(answered()).toEqual([`token-${id}-0`, `token-${id}-1`]);
    expect(await settle({ ...ref, givenUp: false })).toMatchObject({ state: 'scheduled' });
    expect(await settle({ ...ref, givenUp: false })).not.toHaveProperty('wait');

    const types = told().map(({ type, data }) => [type, data.level ?? data.outcome]);
    expect(types.slice(0, 3)).toEqual([
      ['approval.waiting', 'Colleague'],
      ['approval.waiting', 'Legal'],
      ['approval.waiting', 'Legal'],
    ]);
    expect(types.slice(3)).toEqual(Array(2).fill(['approval.ended', 'approved']));
    // Whoever is told twice is told the same, by its id.
    expect(new Set(told().map(({ id }) => id)).size).toBe(3);
    expect(told()[0]).toMatchObject({ endpointId: 'hook', data: { kind: 'campaign', id, name: 'Offer', hash } });
  });

  test('keeps the levels of its submission, whatever the settings say later', async () => {
    const id = await submitted();
    await putSettings({ levels: [{ name: 'Any', roles: ['viewer'], quorum: 1 }] });
    expect(await type(at(id, 'approve', {}, lea))).toBe('forbidden-role');
    await putSettings(TWO);
  });

  test('is asked only for the levels that apply to it', async () => {
    const { body } = await submit({ topic: 'news' });
    expect(body.approval?.levels.map(({ name }) => name)).toEqual(['Colleague']);
  });

  test('is not submitted when its own people are all that could approve it', async () => {
    await putSettings({ levels: [{ name: 'Colleague', people: ['mia', 'tia'], quorum: 1 }] });
    const { status, body } = await submit();
    expect([status, body.type]).toEqual([422, '/problems/no-approver']);
    await putSettings(TWO);
  });

  test('is deleted before the wait for its approval has ended: that ends all the same', async () => {
    const id = await submitted();
    const { hash, submission } = (await defs.get<Campaign>('campaign', id))!.body.approval!;
    await at(id, 'reject', { comment: 'No' }, abe);
    const route = 'DELETE /v1/campaigns/{campaignId}';
    expect((await call(campaigns, { route, params: { campaignId: id }, as: mia })).status).toBe(204);
    const ended = await settle({ kind: 'campaign', id, hash, submission, givenUp: false });
    expect(ended).toEqual({ kind: 'campaign', id, hash, submission, state: 'deleted' });
  });

  test('a reminder is told once, shown in the list, and the wait goes on', async () => {
    const id = await submitted();
    const stored = (await defs.get<Campaign>('campaign', id))!;
    const approval = { ...stored.body.approval!, toldMs: Date.now() - 7_200_000 };
    await defs.put(
      'campaign',
      id,
      { ...stored.body, approval, version: stored.version + 1 },
      stored.version,
      Date.now(),
    );
    tables.asked.length = 0;
    const ref = { kind: 'campaign' as const, id, hash: approval.hash, submission: approval.submission, givenUp: false };
    const first = await settle(ref);
    expect(await settle(ref)).toEqual(first);
    expect(first.wait).toEqual({ level: 0, seconds: 7_200 });
    expect(new Set(told().map(({ id, type, data }) => `${id} ${type} ${data.reminders}`)).size).toBe(1);
    expect(told()[0]).toMatchObject({ type: 'approval.reminder', data: { level: 'Colleague', reminders: 1 } });
    expect(await waiting(abe)).toContainEqual(
      expect.objectContaining({ id, approval: expect.objectContaining({ reminders: 1 }) }),
    );
  });
});

describe('on behalf of somebody', () => {
  const until = () => new Date(Date.now() + 86_400_000).toISOString();
  const delegate = (as: Call['as'], to: string) =>
    ask({ route: 'POST /v1/delegations', body: { to, until: until() }, as: as! });
  const end = (person: string, as: Call['as']) =>
    ask({ route: 'DELETE /v1/delegations/{person}', params: { person }, as: as! });

  test('a viewer decides for an approver, is named so, and no longer once it has ended', async () => {
    await putSettings({ levels: [{ name: 'Colleague', roles: ['approver'], quorum: 1 }] });
    const id = await submitted();
    expect(await type(at(id, 'approve', { onBehalfOf: 'ada' }, lea))).toBe('forbidden-role');
    const { items } = (await delegate(ada, 'lea')).body as unknown as { items: Delegation[] };
    expect(items).toMatchObject([{ from: 'ada', to: 'lea', roles: ['approver'] }]);
    expect(await waiting(lea)).toContainEqual(expect.objectContaining({ id, mine: false, onBehalfOf: ['ada'] }));
    expect(await type(delegate(lea, 'abe'))).toBe('forbidden-role');
    expect(await type(delegate(abe, 'ada'))).toBe('state-conflict');
    const { body } = await at(id, 'approve', { onBehalfOf: 'ada', comment: 'Fine' }, lea);
    expect(body).toMatchObject({ state: 'approved', approval: { decision: { by: 'lea', onBehalfOf: 'ada' } } });

    expect(await type(end('ada', abe))).toBe('forbidden-role');
    expect((await end('ada', lea)).status).toBe(204);
    expect(await type(end('ada', lea))).toBe('not-found');
    expect(await type(at(await submitted(), 'approve', { onBehalfOf: 'ada' }, lea))).toBe('forbidden-role');
    const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
    const audit = await readAudit('audit', { subject: 'settings/delegations' }, 10);
    expect(audit.items.map(({ action, actor }) => [action, actor])).toEqual([
      ['end-delegation', 'lea'],
      ['delegate', 'ada'],
    ]);
  });

  test('of two at once that would make a chain, one is refused', async () => {
    const replies = await Promise.all([type(delegate(abe, 'ada')), type(delegate(ada, 'lea'))]);
    expect(replies.sort()).toEqual([200, 'state-conflict']);
    await Promise.all([end('abe', oscar), end('ada', oscar)]);
  });
});
