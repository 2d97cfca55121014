import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Trigger } from '../../../core/event/trigger.ts';
import type { Journey } from '../../../core/strategy/journey/journey.ts';
import type { JourneyVersion } from '../../../core/strategy/journey/journey-version.ts';
import type { LiveJourney } from '../../../core/strategy/journey/live-journey.ts';
import type { PlanVersion } from '../../../core/strategy/plan-version.ts';
import type { TemplateChange } from '../../../core/strategy/template/template-change.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { type Call, call } from '../api-call.ts';
import { type ApprovalWorld, abe, ada, approvalWorld, lea, oscar, somebody } from './approval-world.ts';

const tia = somebody('tia', 'marketer', 'approver');
let world: ApprovalWorld;
let defs: ApprovalWorld['defs'];
let templates: ApiLambda;
let triggers: ApiLambda;
let journeys: ApiLambda;

beforeAll(async () => {
  world = await approvalWorld();
  ({ defs } = world);
  templates = (await import('../../../lambdas/strategy/manage-templates.ts')).handler;
  triggers = (await import('../../../lambdas/intake/manage-triggers.ts')).handler;
  journeys = (await import('../../../lambdas/strategy/manage-journeys.ts')).handler;
});
afterAll(() => world.tables.stop());
beforeEach(() => {
  world.tables.asked.length = 0;
});

type Body = { id: string; version: number; type?: string; detail?: string };
const ask = async (handler: ApiLambda, route: string, params: Record<string, string>, body: object, as: Call['as']) => {
  const reply = await call(handler, { route, params, body, as: as! });
  return reply.body as Body & TemplateChange;
};
const write = async (name: string, text: string) =>
  (await ask(templates, 'POST /v1/templates', {}, { name, channels: { sms: { text } } }, tia)).id;
const edit = async (id: string, channels: object) => {
  const { version } = (await defs.get('template', id))!;
  const params = { templateId: id };
  await ask(templates, 'PUT /v1/templates/{templateId}', params, { name: 'T', channels, version }, tia);
};
const submit = async (id: string) => {
  const { version } = (await defs.get('template', id))!;
  return ask(templates, 'POST /v1/templates/{templateId}/submit', { templateId: id }, { version }, tia);
};
const ref = async (id: string) => {
  const { hash, submission, level } = (await defs.get<TemplateChange>('template-change', id))!.body.approval!;
  return { kind: 'template' as const, id, hash, submission, level };
};
const say = async (verb: string, id: string, as: Call['as'], body: object = {}) => {
  const route = `POST /v1/approvals/{kind}/{thingId}/${verb}`;
  return (await world.ask({ route, params: { kind: 'template', thingId: id }, body, as: as! })).body;
};
const approve = async (id: string, as: Call['as']) => {
  await world.request({ ...(await ref(id)), taskToken: `token-${id}` });
  return say('approve', id, as);
};
const settle = async (id: string) => world.settle({ ...(await ref(id)), givenUp: false });

/** An active trigger with this template. */
const trigger = async (templateId: string) => {
  const input = {
    name: 'Paid',
    eventType: 'paid',
    templateId,
    channelPolicy: ['sms'],
    topic: 'orders',
    lane: 'promotional',
  };
  const { id, version } = await ask(triggers, 'POST /v1/triggers', {}, input, somebody('mia', 'marketer'));
  await ask(triggers, 'POST /v1/triggers/{triggerId}/activate', { triggerId: id }, { version }, ada);
  return id;
};
/** A live journey with a message of each of these templates. */
const journey = async (one: string, other: string, inside = 'move') => {
  const message = (templateId: string, next: string) => ({ kind: 'message', templateId, channelPolicy: ['sms'], next });
  const nodes = { a: message(one, 'b'), b: message(other, 'c'), c: { kind: 'exit' } };
  const input = { name: 'Welcome', topic: 'news', entry: { api: true }, start: 'a', nodes };
  const { id, version } = await ask(journeys, 'POST /v1/journeys', {}, input, somebody('mia', 'marketer'));
  await ask(journeys, 'POST /v1/journeys/{journeyId}/publish', { journeyId: id }, { version, inside }, ada);
  return id;
};
const said = async (id: string, hash: string | undefined) =>
  (await defs.get<PlanVersion>('plan-version', `${id}@${hash}`))?.body.template.channels.sms?.text;
const saysTrigger = async (id: string) => said(id, (await defs.get<Trigger>('trigger', id))?.body.hash);
const saysJourney = async (id: string) => {
  const { current } = (await defs.get<LiveJourney>('live-journey', id))!.body;
  const { nodes } = (await defs.get<JourneyVersion>('journey-version', `${id}@${current}`))!.body;
  return Promise.all(Object.values(nodes).flatMap((node) => ('plan' in node ? [said(id, node.plan)] : [])));
};
const versions = async (...ids: string[]) =>
  Promise.all(
    ids.flatMap((id) =>
      (['trigger', 'journey', 'live-journey'] as const).map(async (kind) => (await defs.get(kind, id))?.version),
    ),
  );

test('a new version reaches the plans in force when it is approved, whole and once, and nothing before', async () => {
  const [hello, bye] = [await write('Hello', 'Hello'), await write('Bye', 'Bye')];
  const [fast, last, slow] = [await trigger(hello), await journey(hello, bye), await journey(hello, bye)];
  await edit(hello, { sms: { text: 'Hello again' } });
  // Another template was edited, too, and nobody has asked for that.
  await edit(bye, { sms: { text: 'Never' } });
  const change = await submit(hello);
  expect(change).toMatchObject({ state: 'in review', templateVersion: 2 });
  expect(change.plans.map(({ kind, id }) => `${kind} ${id}`).join()).toBe(
    `trigger ${fast},journey ${slow},journey ${last}`,
  );
  expect(await world.waiting(abe)).toContainEqual(expect.objectContaining({ kind: 'template', id: hello }));
  expect((await approve(hello, tia)).type).toBe('/problems/own-approval');
  expect((await approve(hello, abe)).state).toBe('approved');
  expect([await saysTrigger(fast), await saysJourney(slow)]).toEqual(['Hello', ['Hello', 'Bye']]);

  // What runs of a journey is busy with what nobody here can publish: the others do not wait for it.
  const { body, version } = (await defs.get<LiveJourney>('live-journey', slow))!;
  const stuck = { effect: 'stage-change' as const, change: {} as never };
  await defs.put('live-journey', slow, { ...body, version: version + 1 }, version, Date.now(), [stuck]);
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  await expect(settle(hello)).rejects.toThrow('busy');
  warn.mockRestore();
  expect([await saysTrigger(fast), await saysJourney(slow)]).toEqual(['Hello again', ['Hello', 'Bye']]);
  expect(await saysJourney(last)).toEqual(['Hello again', 'Bye']);
  await defs.clearOutbox('live-journey', slow, version + 1);

  expect(await settle(hello)).toMatchObject({ state: 'in force' });
  expect([await saysTrigger(fast), await saysJourney(slow)]).toEqual(['Hello again', ['Hello again', 'Bye']]);
  const live = (await defs.get<LiveJourney>('live-journey', slow))!.body;
  expect(live).toMatchObject({ state: 'live', inside: 'move' });
  expect((await defs.get<Journey>('journey', slow))?.body).toMatchObject({ state: 'published', hash: live.current });
  const before = await versions(fast, slow);
  await settle(hello);
  expect(await versions(fast, slow)).toEqual(before);
  expect((await submit(hello)).type).toBe('/problems/state-conflict');
});

test.each([
  ['finish', 'finish'],
  ['exit', 'move'],
])('of a journey that was published with `%s` those inside %s: nobody leaves for a text', async (inside, then) => {
  const hello = await write('Hello', 'Hello');
  const id = await journey(hello, hello, inside);
  await edit(hello, { sms: { text: 'Hello again' } });
  await submit(hello);
  await approve(hello, abe);
  await settle(hello);
  expect(await saysJourney(id)).toEqual(['Hello again', 'Hello again']);
  expect((await defs.get<LiveJourney>('live-journey', id))?.body.inside).toBe(then);
});

test.each(['edited', 'taken back'])('%s before it is in force, no plan gets it any more', async (how) => {
  const hello = await write('Hello', 'Hello');
  const id = await trigger(hello);
  await edit(hello, { sms: { text: 'Hello again' } });
  await submit(hello);
  await approve(hello, abe);
  const late = await ref(hello);
  if (how === 'edited') await edit(hello, { sms: { text: 'Hello once more' } });
  else expect((await say('revoke', hello, abe, { reason: 'No' })).state).toBe('rejected');
  const state = how === 'edited' ? 'draft' : 'rejected';
  expect(await world.settle({ ...late, givenUp: false })).toMatchObject({ state });
  expect(await saysTrigger(id)).toBe('Hello');
  expect((await submit(hello)).state).toBe('in review');
});

test('submitted again as it is, it is the same submission, with its votes', async () => {
  const hello = await write('Hello', 'Hello');
  await trigger(hello);
  await world.putSettings({ levels: [{ name: 'Two', roles: ['approver'], quorum: 2 }] });
  await edit(hello, { sms: { text: 'Hello again' } });
  await submit(hello);
  await approve(hello, abe);
  world.tables.asked.length = 0;
  const stored = await defs.get('template-change', hello);
  expect((await submit(hello)).approval?.votes).toMatchObject([{ by: 'abe' }]);
  expect([await defs.get('template-change', hello), world.tables.asked]).toEqual([stored, []]);
  await world.putSettings({ levels: [{ name: 'Colleague', roles: ['approver'] }] });
});

test('an edit voids what was submitted, and ends the wait', async () => {
  const id = await write('Hello', 'One');
  const fast = await trigger(id);
  await edit(id, { sms: { text: 'Two' } });
  await submit(id);
  await world.request({ ...(await ref(id)), taskToken: 'open' });
  await edit(id, { sms: { text: 'Three' } });
  expect(world.answered()).toEqual(['open']);
  const params = { templateId: id };
  const { body } = await call(templates, { route: 'GET /v1/templates/{templateId}/submission', params, as: lea });
  expect(body).toMatchObject({ state: 'draft', history: [{ outcome: 'withdrawn' }] });
  expect((await say('approve', id, abe)).type).toBe('/problems/state-conflict');
  expect(await submit(id)).toMatchObject({ state: 'in review', templateVersion: 3 });
  // Should an edit be saved without that, nobody approves the older version.
  const { body: now, version } = (await defs.get<object>('template', id))!;
  await defs.put('template', id, { ...now, version: version + 1 }, version, Date.now());
  expect((await approve(id, abe)).type).toBe('/problems/version-conflict');
  expect(await saysTrigger(fast)).toBe('One');
});

test('a plan that is paused by then, or approved anew, stays as it is', async () => {
  const id = await write('Hello', 'One');
  const [fast, other] = [await trigger(id), await trigger(id)];
  await edit(id, { sms: { text: 'Two' } });
  await submit(id);
  await approve(id, abe);
  const params = { triggerId: fast };
  await ask(triggers, 'POST /v1/triggers/{triggerId}/pause', params, {}, oscar);
  await settle(id);
  expect([await saysTrigger(fast), await saysTrigger(other)]).toEqual(['One', 'Two']);
});

test('two templates of one journey that are approved side by side both reach it, in whatever order, also when one dies', async () => {
  const [hello, bye] = [await write('Hello', 'Hello'), await write('Bye', 'Bye')];
  const slow = await journey(hello, bye);
  for (const id of [hello, bye]) {
    await edit(id, { sms: { text: `New ${id}` } });
    await submit(id);
    await approve(id, abe);
  }
  // The first dies once it runs, and before the journey says so.
  const { body, version } = (await defs.get<Journey>('journey', slow))!;
  const stuck = { effect: 'stage-change' as const, change: {} as never };
  await defs.put('journey', slow, { ...body, version: version + 1 }, version, Date.now(), [stuck]);
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  await expect(settle(bye)).rejects.toThrow('busy');
  warn.mockRestore();
  await defs.clearOutbox('journey', slow, version + 1);
  expect(await settle(hello)).toMatchObject({ state: 'in force' });
  expect(await settle(bye)).toMatchObject({ state: 'in force' });
  expect(await saysJourney(slow)).toEqual([`New ${hello}`, `New ${bye}`]);
  const live = (await defs.get<LiveJourney>('live-journey', slow))!.body;
  expect((await defs.get<Journey>('journey', slow))?.body).toMatchObject({ state: 'published', hash: live.current });
  const before = await versions(slow);
  await Promise.all([settle(hello), settle(bye)]);
  expect(await versions(slow)).toEqual(before);
  for (const id of [hello, bye]) expect((await submit(id)).type).toBe('/problems/state-conflict');
});

test('what waits of an older version is rejected, or replaced by a submission of the newer', async () => {
  const id = await write('Hello', 'One');
  await trigger(id);
  const late = async () => {
    const { body: now, version } = (await defs.get<object>('template', id))!;
    await defs.put('template', id, { ...now, version: version + 1 }, version, Date.now());
  };
  await edit(id, { sms: { text: 'Two' } });
  await submit(id);
  await world.request({ ...(await ref(id)), taskToken: 'older' });
  await late();
  expect(await submit(id)).toMatchObject({
    state: 'in review',
    templateVersion: 3,
    history: [{ outcome: 'withdrawn' }],
  });
  expect(world.answered()).toEqual(['older']);
  await world.request({ ...(await ref(id)), taskToken: 'newer' });
  await late();
  expect((await say('approve', id, abe)).type).toBe('/problems/version-conflict');
  expect((await say('reject', id, abe, { comment: 'No' })).state).toBe('rejected');
});

test('what does not fit the plans in force, or that none of them uses, is not submitted', async () => {
  const id = await write('Hello', 'One');
  await edit(id, { sms: { text: 'Two' } });
  expect((await submit(id)).type).toBe('/problems/state-conflict');
  await trigger(id);
  expect((await submit(id)).type).toBe('/problems/state-conflict');
  await edit(id, { push: { title: 'Hi', body: 'Hi' } });
  const refused = await submit(id);
  expect(refused).toMatchObject({ type: '/problems/invalid-reference', detail: expect.stringContaining('sms') });
});

test('a journey that is being edited is named; one whose edit begins later gets it', async () => {
  const [hello, bye] = [await write('Hello', 'Hello'), await write('Bye', 'Bye')];
  const [id, mia] = [await journey(hello, bye), somebody('mia', 'marketer')];
  const { topic, entry, start, nodes, version } = (await defs.get<Journey>('journey', id))!.body;
  const put = { name: 'Welcome 2', topic, entry, start, nodes, version };
  await edit(hello, { sms: { text: 'Hello again' } });
  expect(await submit(hello)).toMatchObject({ plans: [{ id }] });
  await ask(journeys, 'PUT /v1/journeys/{journeyId}', { journeyId: id }, put, mia);
  await approve(hello, abe);
  await settle(hello);
  expect(await saysJourney(id)).toEqual(['Hello again', 'Bye']);
  await edit(bye, { sms: { text: 'Bye bye' } });
  expect((await submit(bye)).detail).toContain('the journey “Welcome” is being edited, and has it once');
  await trigger(bye);
  await edit(bye, { sms: { text: 'Bye for good' } });
  expect(await submit(bye)).toMatchObject({ plans: [{ kind: 'trigger' }], beingEdited: [{ id, name: 'Welcome' }] });
  expect(await saysJourney(id)).toEqual(['Hello again', 'Bye']);
});

test('another template of the journey, which somebody is at work on, stands in the way of nobody', async () => {
  const [hello, bye] = [await write('Hello', 'Hello'), await write('Bye', 'Bye')];
  const slow = await journey(hello, bye);
  await edit(bye, { push: { title: 'Bye', body: 'Bye' } });
  await edit(hello, { sms: { text: 'Hello again' } });
  expect(await submit(hello)).toMatchObject({ state: 'in review', plans: [{ id: slow }] });
  const refused = await submit(bye);
  expect(refused).toMatchObject({ type: '/problems/invalid-reference', detail: expect.stringContaining('sms') });
});
