import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import { type Call, call } from '../api-call.ts';
import { type ApprovalWorld, abe, ada, approvalWorld, input, lea, mia, oscar } from './approval-world.ts';

let tables: ApprovalWorld['tables'];
let defs: ApprovalWorld['defs'];
let campaigns: ApprovalWorld['campaigns'];
let ask: ApprovalWorld['ask'];
let type: ApprovalWorld['type'];
let at: ApprovalWorld['at'];
let submitted: ApprovalWorld['submitted'];
let waiting: ApprovalWorld['waiting'];
let answered: ApprovalWorld['answered'];

beforeAll(async () => {
  ({ tables, defs, campaigns, ask, type, at, submitted, waiting, answered } = await approvalWorld());
});
afterAll(() => tables.stop());
beforeEach(() => {
  tables.asked.length = 0;
});

describe('comments', () => {
  const say = (id: string, text: string, as: Call['as'] = lea) =>
    ask({
      route: 'POST /v1/approvals/{kind}/{thingId}/comments',
      params: { kind: 'campaign', thingId: id },
      body: { text },
      as,
    });
  const read = async (id: string, query: Record<string, string> = {}) =>
    ask({ route: 'GET /v1/approvals/{kind}/{thingId}/comments', params: { kind: 'campaign', thingId: id }, query });

  test('anybody says something without deciding; each submission has its own', async () => {
    const id = await submitted();
    expect((await say(id, 'Is it valid in January?')).status).toBe(201);
    expect((await say(id, 'Yes', mia)).status).toBe(201);
    expect((await read(id)).body.items).toMatchObject([{ by: 'lea' }, { by: 'mia', text: 'Yes' }]);
    expect(await waiting(abe)).toContainEqual(expect.objectContaining({ id, comments: 2 }));
    const first = (await defs.get<Campaign>('campaign', id))!.body;
    const edit = { route: 'PUT /v1/campaigns/{campaignId}', params: { campaignId: id } };
    await call(campaigns, { ...edit, body: { ...input, name: 'New', version: first.version }, as: mia });
    expect(await type(say(id, 'Too late'))).toBe('state-conflict');
    expect(await type(read(id))).toBe('not-found');
    expect((await read(id, { submission: String(first.approval?.submission) })).body.items).toHaveLength(2);
  });

  test('what is not there, of no kind, or says nothing', async () => {
    expect(await type(say('nope', 'x'))).toBe('not-found');
    const params = { kind: 'list', thingId: 'x' };
    expect(await type(ask({ route: 'GET /v1/approvals/{kind}/{thingId}/comments', params }))).toBe('not-found');
    const id = await submitted();
    expect(await type(say(id, ' '))).toBe('invalid-body');
  });

  test('a thread is full at a hundred, and two at once are both kept', async () => {
    const id = await submitted();
    const two = await Promise.all([say(id, 'one'), say(id, 'two')]);
    expect(two.map(({ status }) => status)).toEqual([201, 201]);
    expect((await read(id)).body.items).toHaveLength(2);
    const { threadId } = await import('../../../core/strategy/approval/thread.ts');
    const { submission } = (await defs.get<Campaign>('campaign', id))!.body.approval!;
    const key = threadId('campaign', id, submission);
    const comments = Array.from({ length: 100 }, (_, n) => ({ id: `${n}`, by: 'x', atMs: 1, text: 'x' }));
    await defs.put('approval-thread', key, { comments }, 2, 1);
    expect(await type(say(id, 'one more'))).toBe('state-conflict');
  });
});

test('the diff says what differs from what was submitted before', async () => {
  const id = await submitted();
  const read = (query: Record<string, string> = {}) =>
    ask({ route: 'GET /v1/campaigns/{campaignId}/diff', params: { campaignId: id }, query });
  const first = (await defs.get<Campaign>('campaign', id))!.body;
  expect((await read()).body).toMatchObject({ from: null, to: first.approval?.hash });
  const edit = { route: 'PUT /v1/campaigns/{campaignId}', params: { campaignId: id } };
  const edited = await call(campaigns, { ...edit, body: { ...input, topic: 'news', version: first.version }, as: mia });
  const { version } = edited.body as Campaign;
  const params = { campaignId: id };
  await call(campaigns, { route: 'POST /v1/campaigns/{campaignId}/submit', params, body: { version }, as: mia });
  const second = (await defs.get<Campaign>('campaign', id))!.body;
  expect((await read()).body).toEqual({
    from: first.approval?.hash,
    to: second.approval?.hash,
    changes: [{ path: 'topic', before: 'offers', after: 'news' }],
  });
  expect(await type(read({ from: 'nope' }))).toBe('not-found');
});

describe('taking an approval back', () => {
  const inState = async (state: Campaign['state']) => {
    const id = await submitted({ topic: 'news' });
    await at(id, 'approve', {}, ada);
    const stored = (await defs.get<Campaign>('campaign', id))!;
    const pause = { number: 9, by: 'mia', atMs: 1, reason: '', taskToken: 'paused-run' };
    const body = {
      ...stored.body,
      state,
      ...(state === 'paused' && { pause, run: { runId: 'r', startedMs: 1 } }),
      version: stored.version + 1,
    };
    await defs.put('campaign', id, body, stored.version, Date.now());
    tables.asked.length = 0;
    return id;
  };
  test.each(['approved', 'scheduled', 'preparing', 'sending', 'paused'] as const)(
    'while it is %s cancels it, for good',
    async (state) => {
      const id = await inState(state);
      expect(await type(at(id, 'revoke', { reason: 'Wrong price' }, mia))).toBe('forbidden-role');
      expect(await type(at(id, 'revoke', {}, ada))).toBe('invalid-body');
      const { body } = await at(id, 'revoke', { reason: 'Wrong price' }, ada);
      expect(body).toMatchObject({
        state: 'cancelled',
        reason: 'Its approval was revoked: Wrong price',
        approval: { decision: { outcome: 'approved' }, revoked: { by: 'ada', reason: 'Wrong price' } },
      });
      expect((await at(id, 'revoke', { reason: 'Again' }, oscar)).body).toMatchObject({ version: body.version });
      // The run that waits for the end of a pause is told, so that everybody who is left is settled.
      expect(answered()).toEqual(state === 'paused' ? ['paused-run'] : []);
    },
  );
  test.each(['finished', 'cancelled', 'failed'] as const)('of one that is %s is refused', async (state) => {
    expect(await type(at(await inState(state), 'revoke', { reason: 'x' }, oscar))).toBe('state-conflict');
  });
  test('in review rejects it, and frees the state machine', async () => {
    const id = await submitted({ topic: 'news' });
    tables.asked.length = 0;
    const { body } = await at(id, 'revoke', { reason: 'Wrong price' }, oscar);
    expect(body).toMatchObject({ state: 'rejected', approval: { decision: { outcome: 'rejected', by: 'oscar' } } });
    expect(answered()).toEqual([`token-${id}-0`]);
  });
  test('of a draft or a rejected one is refused', async () => {
    const { body } = await call(campaigns, { route: 'POST /v1/campaigns', body: input, as: mia });
    const { id } = body as Campaign;
    expect(await type(at(id, 'revoke', { reason: 'x' }, oscar))).toBe('state-conflict');
    const rejected = await submitted({ topic: 'news' });
    await at(rejected, 'reject', { comment: 'no' }, ada);
    expect(await type(at(rejected, 'revoke', { reason: 'x' }, oscar))).toBe('state-conflict');
  });
});
