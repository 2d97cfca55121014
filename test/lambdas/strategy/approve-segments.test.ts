import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SegmentChange } from '../../../core/audience/segment-change.ts';
import { hashOf } from '../../../core/strategy/plan-hash.ts';
import type { NamedSegment } from '../../../lambdas/adapters/segments.ts';
import type { Call } from '../api-call.ts';
import { type ApprovalWorld, abe, ada, approvalWorld, mia, somebody } from './approval-world.ts';

let world: ApprovalWorld;
let defs: ApprovalWorld['defs'];
beforeAll(async () => {
  world = await approvalWorld();
  ({ defs } = world);
});
afterAll(() => world.tables.stop());

const rule = (city: string) => ({ attribute: 'city', equals: city });
let count = 0;
/** A segment of tia's, and an active trigger that hears who enters it. */
const heard = async (isHeard = true) => {
  count += 1;
  const [id, hash] = [`seg-${count}`, hashOf(count)];
  await defs.put('segment', id, { id, version: 1, name: 'S', segment: rule('Paris'), author: 'tia' }, 0, 1);
  if (!isHeard) return id;
  const plan = { planId: `t-${count}`, topic: 'orders', channelPolicy: ['sms'] };
  await defs.put('plan-version', `t-${count}@${hash}`, plan, 0, 1);
  const where = [{ property: 'segmentId', equals: id }];
  const trigger = {
    id: `t-${count}`,
    name: 'Hello',
    state: 'active',
    hash,
    eventType: 'herald.segment.entered',
    where,
  };
  await defs.put('trigger', `t-${count}`, trigger, 0, 1);
  return id;
};
const submit = async (id: string, segment: object, version = 1) => {
  const route = 'POST /v1/segments/{segmentId}/submit';
  const { body } = await world.ask({ route, params: { segmentId: id }, body: { version, segment }, as: mia });
  return body as unknown as SegmentChange & { type?: string };
};
const ref = async (id: string) => {
  const { hash, submission, level } = (await defs.get<SegmentChange>('segment-change', id))!.body.approval!;
  return { kind: 'segment' as const, id, hash, submission, level };
};
const say = async (id: string, as: Call['as'], verb = 'approve', body: object = {}) => {
  const route = `POST /v1/approvals/{kind}/{thingId}/${verb}`;
  return (await world.ask({ route, params: { kind: 'segment', thingId: id }, body, as: as! })).body;
};
const open = async (id: string) => world.request({ ...(await ref(id)), taskToken: `token-${id}` });
const settle = async (id: string) => world.settle({ ...(await ref(id)), givenUp: false });
const segmentOf = async (id: string) => (await defs.get<NamedSegment>('segment', id))!.body;

test('a rule that plans in force listen to has effect when it is approved, once, and not before', async () => {
  const id = await heard();
  const change = await submit(id, rule('Oslo'));
  expect(change).toMatchObject({ state: 'in review', plans: [{ kind: 'trigger', name: 'Hello' }] });
  await open(id);
  expect(await world.waiting(abe)).toContainEqual(expect.objectContaining({ kind: 'segment', id, mine: true }));
  for (const own of [somebody('mia', 'approver'), somebody('tia', 'approver')]) {
    expect((await say(id, own)).type).toBe('/problems/own-approval');
  }
  expect((await say(id, abe)).state).toBe('approved');
  expect(await segmentOf(id)).toMatchObject({ version: 1, segment: rule('Paris') });
  await Promise.all([settle(id), settle(id).catch(() => undefined)]);
  expect(await settle(id)).toMatchObject({ state: 'in force' });
  expect(await segmentOf(id)).toMatchObject({ version: 2, name: 'S', segment: rule('Oslo'), author: 'tia' });
});

test('another rule takes the place of the one that waits, whose votes are void and whose wait ends', async () => {
  const id = await heard();
  await submit(id, rule('Oslo'));
  await open(id);
  world.tables.asked.length = 0;
  expect(await submit(id, rule('Rome'))).toMatchObject({ state: 'in review', history: [{ outcome: 'withdrawn' }] });
  expect(world.answered()).toEqual([`token-${id}`]);
  await open(id);
  await say(id, ada);
  await settle(id);
  expect((await segmentOf(id)).segment).toEqual(rule('Rome'));
});

test('the same rule again is the same submission, with its votes, until the segment is another', async () => {
  await world.putSettings({ levels: [{ name: 'Two', roles: ['approver'], quorum: 2 }] });
  const id = await heard();
  await submit(id, rule('Oslo'));
  await open(id);
  await say(id, abe);
  world.tables.asked.length = 0;
  const stored = await defs.get<SegmentChange>('segment-change', id);
  expect((await submit(id, rule('Oslo'))).approval?.votes).toMatchObject([{ by: 'abe' }]);
  expect(await defs.get('segment-change', id)).toEqual(stored);
  expect(world.tables.asked).toEqual([]);
  const now = await segmentOf(id);
  await defs.put('segment', id, { ...now, name: 'Other', version: 2 }, 1, Date.now());
  const second = await submit(id, rule('Oslo'), 2);
  expect(second).toMatchObject({ approval: { votes: [] }, history: [{ outcome: 'withdrawn' }], segmentVersion: 2 });
  expect(world.answered()).toEqual([`token-${id}`]);
  await world.putSettings({ levels: [{ name: 'Colleague', roles: ['approver'] }] });
});

test('the same rule for the same plans is the same submission, whichever of them was published since', async () => {
  const id = await heard(false);
  const nodes = { a: { kind: 'message', channelPolicy: ['sms'], segment: id } };
  const body = { name: 'J', topic: 'news', nodes, versions: [] };
  await defs.put('live-journey', 'j-a', { ...body, state: 'live', current: 'none' }, 0, 1);
  await defs.put('journey', 'j-b', { ...body, state: 'in review' }, 0, 1);
  await defs.put('journey-version', 'j-a@none', { nodes: {} }, 0, 1);
  const first = await submit(id, rule('Oslo'));
  expect(first.plans.map((plan) => plan.id)).toEqual(['j-a', 'j-b']);
  await defs.put('journey', 'j-b', { ...body, state: 'published' }, 1, 1);
  await defs.put('live-journey', 'j-b', { ...body, state: 'live', current: 'none' }, 0, 1);
  await defs.put('journey-version', 'j-b@none', { nodes: {} }, 0, 1);
  expect(await submit(id, rule('Oslo'))).toEqual(first);
});

test('a segment that was edited otherwise meanwhile is left alone', async () => {
  const [id, late] = [await heard(), await heard()];
  const edit = async (one: string) => {
    const now = await segmentOf(one);
    await defs.put('segment', one, { ...now, name: 'Other', version: now.version + 1 }, now.version, Date.now());
  };
  await submit(id, rule('Oslo'));
  await open(id);
  await edit(id);
  expect((await say(id, abe)).type).toBe('/problems/version-conflict');
  expect((await say(id, abe, 'reject', { comment: 'No' })).state).toBe('rejected');
  await submit(late, rule('Oslo'));
  await open(late);
  await say(late, abe);
  await edit(late);
  expect(await settle(late)).toMatchObject({ state: 'draft' });
  expect(await segmentOf(late)).toMatchObject({ version: 2, segment: rule('Paris') });
});

test('approved and not in force yet, it is taken back, and nobody puts it in force any more', async () => {
  const [id, there] = [await heard(), await heard()];
  for (const one of [id, there]) {
    await submit(one, rule('Oslo'));
    await open(one);
    await say(one, abe);
  }
  expect(await say(id, abe, 'revoke', { reason: 'Wrong' })).toMatchObject({ state: 'rejected' });
  // Whoever has read the segment just before, to give it the rule, comes too late.
  expect((await segmentOf(id)).version).toBe(2);
  expect(await settle(id)).toMatchObject({ state: 'rejected' });
  expect((await segmentOf(id)).segment).toEqual(rule('Paris'));
  // The segment has the rule already, and the change does not say so yet.
  await defs.put('segment', there, { ...(await segmentOf(there)), version: 2, segment: rule('Oslo') }, 1, 1);
  expect((await say(there, abe, 'revoke', { reason: 'Wrong' })).type).toBe('/problems/state-conflict');
  expect(await settle(there)).toMatchObject({ state: 'in force' });
});

test('approved and not in force yet, it gives way to another rule', async () => {
  const id = await heard();
  await submit(id, rule('Oslo'));
  await open(id);
  await say(id, abe);
  const late = await ref(id);
  // The same rule is what is to be put in force, whoever has not heard the answer.
  const stored = await defs.get<SegmentChange>('segment-change', id);
  expect(await submit(id, rule('Oslo'))).toMatchObject({ state: 'approved', approval: { votes: [{ by: 'abe' }] } });
  expect(await defs.get('segment-change', id)).toEqual(stored);
  expect(await submit(id, rule('Rome'))).toMatchObject({ state: 'in review' });
  expect(await world.settle({ ...late, givenUp: false })).toMatchObject({ state: 'in review' });
  expect((await segmentOf(id)).segment).toEqual(rule('Paris'));
});

test('a rule that refers in a circle by the time that it was approved is not put in force', async () => {
  // The other is listened to by what the first would be.
  const [one, other] = [await heard(), await heard(false)];
  await submit(one, { segment: other });
  await submit(other, { segment: one });
  for (const id of [one, other]) {
    await open(id);
    await say(id, abe);
  }
  expect(await settle(one)).toMatchObject({ state: 'in force' });
  expect(await settle(other)).toMatchObject({ state: 'draft' });
  expect(await segmentOf(other)).toMatchObject({ version: 1, segment: rule('Paris') });
  const { approval } = (await defs.get<SegmentChange>('segment-change', other))!.body;
  expect(approval?.revoked?.reason).toContain('itself');
});

test('a rule is not put in force for a plan that has come to listen since it was submitted, and that nobody was asked about', async () => {
  const id = await heard();
  await submit(id, rule('Oslo'));
  await open(id);
  await say(id, abe);
  const where = [{ property: 'segmentId', equals: id }];
  await defs.put('trigger', 't-late', { name: 'Late', state: 'active', eventType: 'herald.segment.left', where }, 0, 1);
  expect(await settle(id)).toMatchObject({ state: 'draft' });
  expect((await segmentOf(id)).segment).toEqual(rule('Paris'));
  const { approval } = (await defs.get<SegmentChange>('segment-change', id))!.body;
  expect(approval?.revoked?.reason).toBe('By now “Late” listens to it, too');
});

test('what is in review listens, too, and its topics and channels ask for levels', async () => {
  const legal = {
    name: 'Legal',
    people: ['lea'],
    when: { kinds: ['segment'], topics: ['legal'], channels: ['email'] },
  };
  await world.putSettings({ levels: [{ name: 'Colleague', roles: ['approver'] }, legal] });
  const [one, other] = [await heard(false), await heard(false)];
  const where = [{ property: 'segmentId', equals: one }];
  const trigger = { name: 'T', eventType: 'herald.segment.entered', where, topic: 'legal', channelPolicy: ['email'] };
  await defs.put('trigger', 't-review', { ...trigger, state: 'in review' }, 0, 1);
  const nodes = { a: { kind: 'message', channelPolicy: ['email'], topic: 'legal', segment: other } };
  await defs.put('journey', 'j-review', { name: 'J', state: 'in review', topic: 'news', nodes }, 0, 1);
  for (const id of [one, other]) {
    const { approval, plans } = await submit(id, rule('Oslo'));
    expect([approval?.levels.map(({ name }) => name), plans.length]).toEqual([['Colleague', 'Legal'], 1]);
  }
});

test.each<[string, boolean, object, number, string]>([
  ['what nothing in force listens to is changed without', false, rule('Oslo'), 1, 'state-conflict'],
  ['another version', true, rule('Oslo'), 2, 'version-conflict'],
  ['a segment that there is not', true, { segment: 'nope' }, 1, 'invalid-reference'],
  ['what is no rule', true, { attribute: 'city' }, 1, 'invalid-body'],
])('%s', async (_, isHeard, segment, version, problem) => {
  expect((await submit(await heard(isHeard), segment, version)).type).toBe(`/problems/${problem}`);
});
