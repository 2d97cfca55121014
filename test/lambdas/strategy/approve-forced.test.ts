import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Trigger } from '../../../core/event/trigger.ts';
import type { ApprovableKind } from '../../../core/strategy/approval/approval-settings.ts';
import type { Journey } from '../../../core/strategy/journey/journey.ts';
import type { LiveJourney } from '../../../core/strategy/journey/live-journey.ts';
import type { PlanVersion } from '../../../core/strategy/plan-version.ts';
import type { Call } from '../api-call.ts';
import {
  abe,
  ada,
  type ForcedKind,
  type ForcedWorld,
  forcedWorld,
  lea,
  mia,
  oscar,
  somebody,
} from './approval-world.ts';

let world: ForcedWorld;
let defs: ForcedWorld['defs'];

beforeAll(async () => {
  world = await forcedWorld();
  ({ defs } = world);
});
afterAll(() => world.tables.stop());
beforeEach(() => {
  world.tables.asked.length = 0;
});

type Kind = ForcedKind;
type Thing = { id: string; version: number; state: string; hash?: string; type: string; detail: string } & Pick<
  Journey,
  'approval' | 'history'
>;
const ONE = { levels: [{ name: 'Colleague', roles: ['approver'], quorum: 1 }] };
const TWO = { levels: [...ONE.levels, { name: 'Legal', people: ['lea'], quorum: 1, when: { topics: ['legal'] } }] };
const inputs = {
  journey: (text: string) => ({
    ...{ name: 'Welcome', topic: 'legal', entry: { api: true }, start: 'hello' },
    nodes: { hello: { kind: 'message', templateId: text, channelPolicy: ['sms'], next: 'end' }, end: { kind: 'exit' } },
  }),
  trigger: (text: string) => ({
    ...{ name: 'Paid', eventType: 'paid', templateId: text, channelPolicy: ['sms'], topic: 'legal' },
    lane: 'transactional',
  }),
};
const ask = async (...asked: Parameters<ForcedWorld['askOf']>) => {
  const { status, body } = await world.askOf(...asked);
  return { status, body: body as Thing };
};
const write = async (kind: Kind, text = 'tpl') => (await ask(kind, 'POST', '', inputs[kind](text))).body;
const read = async (kind: Kind, id: string) => (await ask(kind, 'GET', id)).body;
const submit = async (kind: Kind, { id, version }: Thing, more: object = {}) => {
  const reply = await ask(kind, 'POST /submit', id, { version, ...more });
  expect(reply.status, JSON.stringify(reply.body)).toBe(200);
  return reply.body;
};
const ref = async (kind: Kind, id: string) => {
  const { hash, submission, level } = (await defs.get<Journey>(kind, id))!.body.approval!;
  return { kind: kind as ApprovableKind, id, hash, submission, level };
};
const open = async (kind: Kind, id: string) => world.request({ ...(await ref(kind, id)), taskToken: `token-${id}` });
const settle = async (kind: Kind, id: string) => world.settle({ ...(await ref(kind, id)), givenUp: false });
const say = (verb: string, kind: string, id: string, as: Call['as'], body: object = {}) =>
  world.ask({ route: `POST /v1/approvals/{kind}/{thingId}/${verb}`, params: { kind, thingId: id }, body, as: as! });
const approve = async (kind: Kind, id: string, as: Call['as']) => {
  await open(kind, id);
  return (await say('approve', kind, id, as)).body;
};
const slug = ({ body }: { body: { type?: string } }) => body.type?.replace('/problems/', '');
const live = async (id: string) => (await defs.get<LiveJourney>('live-journey', id))?.body;
const diff = async (kind: Kind, id: string) => {
  const route = 'GET /v1/approvals/{kind}/{thingId}/diff';
  const { body } = await world.ask({ route, params: { kind, thingId: id } });
  return body as unknown as { from: string | null; changes: { path: string; after?: unknown }[] };
};
const template = (id: string, text: string, editors = ['tia']) =>
  defs.put('template', id, { id, version: 1, editors, name: id, channels: { sms: { text } } }, 0, 1);

describe.each<Kind>(['journey', 'trigger'])('a %s of two levels', (kind) => {
  beforeAll(() => world.putSettings(TWO));
  const inForce = { journey: 'published', trigger: 'active' }[kind];

  test('is in force after both have said yes, and not before; nobody goes around them', async () => {
    const draft = await write(kind);
    const atOnce = { journey: 'POST /publish', trigger: 'POST /activate' }[kind];
    expect(slug(await ask(kind, atOnce, draft.id, { version: draft.version }, abe))).toBe('needs-approval');
    const submitted = await submit(kind, draft);
    expect(submitted).toMatchObject({ state: 'in review', approval: { level: 0, writers: ['tia'] } });
    const started = world.tables.asked.find(({ action }) => action === 'StartExecution');
    expect(JSON.parse(String(started?.input.input))).toMatchObject({ kind, id: draft.id, wait: { level: 0 } });
    expect(slug(await ask(kind, atOnce, draft.id, { version: submitted.version }, abe))).toBe('state-conflict');

    await open(kind, draft.id);
    expect(await world.waiting(abe)).toContainEqual(expect.objectContaining({ kind, id: draft.id, mine: true }));
    for (const own of [somebody('mia', 'approver'), somebody('tia', 'approver')]) {
      expect(slug(await say('approve', kind, draft.id, own))).toBe('own-approval');
    }
    expect(slug(await say('approve', kind, draft.id, abe, { hash: 'other' }))).toBe('version-conflict');
    expect((await say('approve', kind, draft.id, abe)).body.state).toBe('in review');
    expect(await settle(kind, draft.id)).toMatchObject({ wait: { level: 1 }, state: 'in review' });
    expect(await approve(kind, draft.id, lea)).toMatchObject({ state: 'approved' });
    expect(await live(draft.id)).toBeUndefined();
    expect((await read(kind, draft.id)).hash).toBeUndefined();

    await Promise.all([settle(kind, draft.id), settle(kind, draft.id).catch(() => undefined)]);
    expect(await settle(kind, draft.id)).toMatchObject({ state: inForce });
    // Who repeats the last yes is told that it is done.
    expect((await say('approve', kind, draft.id, lea)).body.state).toBe(inForce);
    const { hash, version } = await read(kind, draft.id);
    await settle(kind, draft.id);
    expect((await read(kind, draft.id)).version).toBe(version);
    if (kind === 'journey') expect(await live(draft.id)).toMatchObject({ version: 1, state: 'live', current: hash });
    else expect((await defs.get<PlanVersion>('plan-version', `${draft.id}@${hash}`))?.body.template.name).toBe('Hello');
  });

  test('submitted again, as by a client that has not heard the answer, it is the same submission with its votes', async () => {
    await template(`${kind}-again`, 'Hello');
    const draft = await write(kind, `${kind}-again`);
    await submit(kind, draft);
    await approve(kind, draft.id, abe);
    world.tables.asked.length = 0;
    const now = await read(kind, draft.id);
    for (const version of [draft.version, now.version]) {
      expect(await submit(kind, { ...draft, version }, { expirySeconds: 60 })).toEqual(now);
    }
    expect([now.approval?.votes.length, world.tables.asked]).toEqual([1, []]);
    const stored = (await defs.get<object>('template', `${kind}-again`))!;
    await defs.put(
      'template',
      `${kind}-again`,
      { ...stored.body, version: 2, channels: { sms: { text: 'No' } } },
      1,
      1,
    );
    expect(slug(await ask(kind, 'POST /submit', draft.id, { version: draft.version }))).toBe('state-conflict');
    expect(await read(kind, draft.id)).toEqual(now);
  });

  test('any edit voids what was said, and ends the wait', async () => {
    const draft = await write(kind);
    await submit(kind, draft);
    await approve(kind, draft.id, abe);
    await open(kind, draft.id);
    const { version } = await read(kind, draft.id);
    world.tables.asked.length = 0;
    const edited = await ask(kind, 'PUT', draft.id, { ...inputs[kind]('tpl'), name: 'Other', version });
    expect(edited.body).toMatchObject({ state: 'draft', history: [{ outcome: 'withdrawn' }] });
    expect(edited.body).not.toHaveProperty('approval');
    expect(world.answered()).toEqual([`token-${draft.id}`]);
    expect(slug(await say('approve', kind, draft.id, lea))).toBe('state-conflict');
  });

  test('a no is enough, and the task token is never shown', async () => {
    const { id } = await submit(kind, await write(kind));
    await open(kind, id);
    expect(JSON.stringify([await read(kind, id), await world.waiting(abe)])).not.toContain('token-');
    expect((await say('reject', kind, id, abe, { comment: 'Too long' })).body.state).toBe('rejected');
    expect(await settle(kind, id)).toMatchObject({ state: 'rejected' });
  });

  test('that nobody has decided about in time is a draft again, by the wait itself: it tells nobody that it is over', async () => {
    const { id } = await submit(kind, await write(kind));
    await open(kind, id);
    world.tables.asked.length = 0;
    expect(await world.settle({ ...(await ref(kind, id)), givenUp: true })).toMatchObject({ state: 'draft' });
    expect(world.answered()).toEqual([]);
    expect((await defs.get(kind, id))?.outbox).toEqual([]);
    expect((await submit(kind, await read(kind, id))).history).toMatchObject([{ outcome: 'expired' }]);
  });

  test('people read what has changed since the last approval, with what is said', async () => {
    await template(`${kind}-a`, 'Hello you');
    await template(`${kind}-b`, 'Goodbye');
    const { id } = await submit(kind, await write(kind, `${kind}-a`));
    await approve(kind, id, abe);
    await approve(kind, id, lea);
    await settle(kind, id);
    let { version } = await read(kind, id);
    if (kind === 'trigger') ({ version } = (await ask(kind, 'POST /pause', id, {}, oscar)).body);
    const edited = await ask(kind, 'PUT', id, { ...inputs[kind](`${kind}-b`), version });
    expect(edited.status, JSON.stringify(edited.body)).toBe(200);
    await submit(kind, edited.body);
    const { from, changes } = await diff(kind, id);
    expect(from).toBe(edited.body.history?.[0]?.hash);
    expect(changes).toContainEqual(expect.objectContaining({ after: 'Goodbye' }));
  });
});

describe('a journey', () => {
  const approved = async (more: object = {}) => {
    const { id } = await submit('journey', await write('journey'), more);
    await approve('journey', id, abe);
    return id;
  };
  beforeAll(() => world.putSettings(ONE));

  test('whose process dies between the approval and the publication is published once, with the choice that was approved', async () => {
    const id = await approved({ inside: 'move' });
    // The item stays busy with an effect that nobody here can publish: the second write fails.
    const { body, version } = (await defs.get<Journey>('journey', id))!;
    const stuck = { effect: 'stage-change' as const, change: {} as never };
    await defs.put('journey', id, { ...body, version: version + 1 }, version, Date.now(), [stuck]);
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await expect(settle('journey', id)).rejects.toThrow('busy');
    warn.mockRestore();
    expect(await live(id)).toMatchObject({ version: 1, inside: 'move' });
    await defs.clearOutbox('journey', id, version + 1);
    expect(await settle('journey', id)).toMatchObject({ state: 'published' });
    expect(await live(id)).toMatchObject({ version: 1, state: 'live' });
    expect(await read('journey', id)).toMatchObject({ publishedBy: 'abe' });
  });

  test('that was stopped meanwhile is a draft again, and says why', async () => {
    const first = await approved();
    await settle('journey', first);
    const { version } = await read('journey', first);
    const { body } = await ask('journey', 'PUT', first, { ...inputs.journey('tpl'), name: 'Second', version });
    await submit('journey', body);
    await approve('journey', first, abe);
    await ask('journey', 'POST /stop', first, { reason: 'Over' }, oscar);
    expect(await settle('journey', first)).toMatchObject({ state: 'draft' });
    const { approval } = await read('journey', first);
    expect(approval?.revoked).toMatchObject({ by: 'herald', reason: expect.stringContaining('stopped') });
  });

  test('is stopped when its approval is taken back; that is harmless twice', async () => {
    const id = await approved();
    await settle('journey', id);
    expect(slug(await say('revoke', 'journey', id, mia, { reason: 'No' }))).toBe('forbidden-role');
    for (const who of [ada, oscar]) {
      expect((await say('revoke', 'journey', id, who, { reason: 'Wrong' })).body).toMatchObject({ state: 'rejected' });
      expect(await live(id)).toMatchObject({ state: 'stopped', version: 2 });
    }
  });

  test('is published at once by a second person, where one is enough; the state machine would, if they died', async () => {
    const { id, version } = await write('journey');
    const { body } = await ask('journey', 'POST /publish', id, { version }, ada);
    expect(body).toMatchObject({ state: 'published', approval: { votes: [{ by: 'ada' }] } });
    const started = world.tables.asked.filter(({ action }) => action === 'StartExecution');
    expect(started).toHaveLength(1);
    expect(await settle('journey', id)).toMatchObject({ state: 'published' });
    expect(await live(id)).toMatchObject({ version: 1 });
  });
});

test('a trigger whose approval is taken back sends nothing until an edit is approved', async () => {
  await world.putSettings(ONE);
  const { id } = await submit('trigger', await write('trigger'));
  await approve('trigger', id, abe);
  await settle('trigger', id);
  const { body } = await say('revoke', 'trigger', id, ada, { reason: 'Wrong' });
  expect(body.state).toBe('rejected');
  const { version } = (await defs.get<Trigger>('trigger', id))!;
  expect(slug(await ask('trigger', 'POST /activate', id, { version }, ada))).toBe('state-conflict');
});

test('other kinds are not approved', async () => {
  expect(slug(await say('approve', 'list', 'seg', abe))).toBe('not-found');
});
