import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Approvable } from '../../../core/strategy/approval/approval.ts';
import { NOT_IN_FORCE } from '../../../core/strategy/approval/not-in-force.ts';
import type { Journey } from '../../../core/strategy/journey/journey.ts';
import type { LiveJourney } from '../../../core/strategy/journey/live-journey.ts';
import { abe, type ForcedKind, type ForcedWorld, forcedWorld, oscar } from './approval-world.ts';

let world: ForcedWorld;
let defs: ForcedWorld['defs'];
beforeAll(async () => {
  world = await forcedWorld();
  ({ defs } = world);
});
afterAll(() => world.tables.stop());

type Kind = ForcedKind;
const message = { kind: 'message', templateId: 'tpl', channelPolicy: ['sms'], next: 'end' };
const inputs = {
  journey: {
    ...{ name: 'Welcome', topic: 'news', entry: { api: true }, start: 'hello' },
    nodes: { hello: message, end: { kind: 'exit' } },
  },
  trigger: {
    ...{ name: 'Paid', eventType: 'paid', templateId: 'tpl', channelPolicy: ['sms'], topic: 'orders' },
    lane: 'transactional',
  },
};
const ask = async (...asked: Parameters<ForcedWorld['askOf']>) =>
  (await world.askOf(...asked)).body as Approvable & { type?: string };
const at = async (kind: Kind, id: string, verb = '', body?: object, as = abe) => {
  const route = `${verb ? 'POST' : 'GET'} /v1/approvals/{kind}/{thingId}${verb}`;
  return (await world.ask({ route, params: { kind, thingId: id }, ...(body && { body }), as })).body;
};
const stored = async (kind: Kind, id: string) => (await defs.get<Approvable>(kind, id))!;
const settle = async (kind: Kind, id: string, givenUp = false) => {
  const { hash, submission } = (await stored(kind, id)).body.approval!;
  return world.settle({ kind, id, hash, submission, givenUp });
};
/** Approved, and not in force yet: the state machine is to come. */
const approved = async (kind: Kind, draft?: { id: string; version: number }) => {
  const { id, version } = draft ?? (await ask(kind, 'POST', '', inputs[kind]));
  const { approval } = await ask(kind, 'POST /submit', id, { version });
  const { hash, submission } = approval!;
  await world.request({ kind, id, hash, submission, level: 0, taskToken: `token-${id}` });
  expect((await at(kind, id, '/approve', {})).state).toBe('approved');
  return id;
};
/** The same so long ago, and what is to be put in force is not to be found. */
const inTrouble = async (kind: Kind, agoMs: number) => {
  const id = await approved(kind);
  const { body, version } = await stored(kind, id);
  const { approval } = body;
  const decision = { ...approval!.decision!, atMs: approval!.decision!.atMs - agoMs };
  const lost = { ...approval!, hash: 'gone', decision };
  await defs.put(kind, id, { ...body, version: version + 1, approval: lost }, version, Date.now());
  return { id, hash: approval!.hash };
};
const live = async (id: string) => (await defs.get<LiveJourney>('live-journey', id))?.body;

test.each<[Kind, string]>([
  ['journey', 'published'],
  ['trigger', 'active'],
])('a %s that cannot be put in force says why, until it is', async (kind, inForce) => {
  const { id, hash } = await inTrouble(kind, 61_000);
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((line) => written.push(String(line)) > 0);
  await expect(settle(kind, id)).rejects.toThrow('No submission');
  const { version } = await stored(kind, id);
  await expect(settle(kind, id)).rejects.toThrow('No submission');
  const reason = `No submission ${kind}-${id}@gone`;
  expect(await at(kind, id)).toMatchObject({ state: 'approved', version, approval: { notInForce: { reason } } });
  expect((await ask(kind, 'GET', id)).approval).toMatchObject({ notInForce: { reason } });
  expect(written.filter((line) => line.includes(NOT_IN_FORCE))).toEqual([]);
  write.mockRestore();
  const content = (await defs.get<object>('submission', `${kind}-${id}@${hash}`))!.body;
  await defs.put('submission', `${kind}-${id}@gone`, content, 0, 1);
  expect(await settle(kind, id)).toMatchObject({ state: inForce });
  expect((await at(kind, id)).approval).not.toHaveProperty('notInForce');
});

test('after eight minutes each attempt counts for the alarm, and names what it is', async () => {
  const { id } = await inTrouble('trigger', 480_000);
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((line) => written.push(String(line)) > 0);
  await expect(settle('trigger', id)).rejects.toThrow('No submission');
  write.mockRestore();
  const [counted] = written.filter((line) => line.includes(NOT_IN_FORCE));
  expect(JSON.parse(counted!)).toMatchObject({ [NOT_IN_FORCE]: 1, kind: 'trigger', id });
});

test.each<[Kind, string]>([
  ['journey', 'edit'],
  ['trigger', 'edit'],
  ['journey', 'revoke'],
  ['trigger', 'revoke'],
])('a %s in trouble: an %s ends the trying', async (kind, how) => {
  const { id } = await inTrouble(kind, 61_000);
  const ref = (await stored(kind, id)).body.approval!;
  await expect(settle(kind, id)).rejects.toThrow('No submission');
  const { version } = await stored(kind, id);
  const state = { edit: 'draft', revoke: 'rejected' }[how];
  if (how === 'edit')
    expect(await ask(kind, 'PUT', id, { ...inputs[kind], name: 'New', version })).toMatchObject({ state });
  else expect(await at(kind, id, '/revoke', { reason: 'No' })).toMatchObject({ state });
  const task = { kind, id, hash: ref.hash, submission: ref.submission, givenUp: false };
  expect(await world.settle(task)).toMatchObject({ state });
  expect(await live(id)).toBeUndefined();
  expect((await ask(kind, 'GET', id)).state).toBe(state);
});

/** What runs is written, and the process dies before the journey says so. */
const halfPublished = async (id: string) => {
  const { body, version } = await stored('journey', id);
  const stuck = { effect: 'stage-change' as const, change: {} as never };
  await defs.put('journey', id, { ...body, version: version + 1 }, version, Date.now(), [stuck]);
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  await expect(settle('journey', id)).rejects.toThrow('busy');
  warn.mockRestore();
  await defs.clearOutbox('journey', id, version + 1);
  expect(await live(id)).toMatchObject({ state: 'live' });
};

test('an approval that is taken back while it is put in force leaves nothing running, whoever comes last', async () => {
  const [late, early, edited] = [await approved('journey'), await approved('journey'), await approved('journey')];
  for (const id of [late, early, edited]) await halfPublished(id);
  // It is taken back last: what runs is found.
  expect(await at('journey', late, '/revoke', { reason: 'Wrong' })).toMatchObject({ state: 'rejected' });
  expect(await live(late)).toMatchObject({ state: 'stopped' });
  // It was taken back just before what runs was written, and whoever did that has died.
  const { body, version } = await stored('journey', early);
  const revoked = { by: 'abe', atMs: 1, reason: 'Wrong' };
  const after = { ...body, state: 'rejected', version: version + 1, approval: { ...body.approval!, revoked } };
  await defs.put('journey', early, after, version, Date.now());
  expect(await settle('journey', early)).toMatchObject({ state: 'rejected' });
  expect(await live(early)).toMatchObject({ state: 'stopped' });
  // The same, and somebody has edited it since.
  const { hash, submission } = (await stored('journey', edited)).body.approval!;
  const current = await stored('journey', edited);
  const again = { ...current.body, state: 'rejected', version: current.version + 1 };
  const taken = { ...again, approval: { ...again.approval!, revoked } };
  await defs.put('journey', edited, taken, current.version, Date.now());
  const input = { ...inputs.journey, name: 'Second', version: taken.version };
  expect(await ask('journey', 'PUT', edited, input)).toMatchObject({ history: [{ outcome: 'revoked' }] });
  await world.settle({ kind: 'journey', id: edited, hash, submission, givenUp: false });
  expect(await live(edited)).toMatchObject({ state: 'stopped' });
});

test('what runs of an earlier approval goes on when a later one is taken back before it is in force', async () => {
  const id = await approved('journey');
  await settle('journey', id);
  const { current } = (await live(id))!;
  const { version } = await stored('journey', id);
  const edited = await ask('journey', 'PUT', id, { ...inputs.journey, name: 'Second', version });
  await approved('journey', edited);
  expect(await at('journey', id, '/revoke', { reason: 'Wrong' }, oscar)).toMatchObject({ state: 'rejected' });
  await settle('journey', id);
  expect(await live(id)).toMatchObject({ state: 'live', current });
  expect((await defs.get<Journey>('journey', id))!.body.hash).toBe(current);
});
