import type { SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LeadState, StageChange } from '../../../core/audience/lead.ts';
import type { LeadModel } from '../../../core/audience/lead-model.ts';
import { leadModelSet } from '../../../core/audience/lead-model-set.ts';
import type { WebhookMessage } from '../../../core/delivery/webhook.ts';
import type { AcceptedEvent, IntakeMessage } from '../../../core/event/event.ts';
import type { Timer } from '../../../core/event/timer.ts';
import type { Leads } from '../../../lambdas/adapters/leads.ts';
import type { ScorePorts } from '../../../lambdas/audience/observe-leads.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { approver, type Call, call } from '../api-call.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';

const DAY = 86_400_000;
let world: AudienceWorld;
let manageModels: ApiLambda;
let manageLeads: ApiLambda;
let publishStages: (event: SQSEvent) => Promise<{ batchItemFailures: object[] }>;
let observe: typeof import('../../../lambdas/audience/observe-leads.ts');
let merge: typeof import('../../../lambdas/audience/merge-leads.ts');
let states: Leads;
let ports: ScorePorts & Parameters<typeof merge.mergeLeads>[0];
const timers: Timer[] = [];
/** Which profiles were read, so that a read for nothing is seen. */
const read: string[] = [];

beforeAll(async () => {
  world = await audienceWorld();
  manageModels = (await import('../../../lambdas/audience/manage-lead-models.ts')).handler;
  manageLeads = (await import('../../../lambdas/audience/manage-leads.ts')).handler;
  publishStages = (await import('../../../lambdas/audience/publish-stages.ts')).handler;
  observe = await import('../../../lambdas/audience/observe-leads.ts');
  merge = await import('../../../lambdas/audience/merge-leads.ts');
  const { leads } = await import('../../../lambdas/adapters/leads.ts');
  const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
  const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
  const defs = definitions(process.env.DEFINITIONS_TABLE ?? '');
  const people = profiles(process.env.PROFILES_TABLE ?? '');
  states = leads(process.env.LEADS_TABLE ?? '');
  ports = {
    leads: states,
    timers: { set: async (timer) => void timers.push(timer) },
    stagesQueueUrl: process.env.STAGES_QUEUE_URL ?? '',
    definitions: defs,
    sources: {
      profiles: {
        readMany: (ids) => {
          read.push(...ids);
          return people.readMany(ids);
        },
      },
      contacts: { getMany: async () => new Map() },
      references: { getMany: async () => new Map() },
    },
  };
  await defs.put('webhook-endpoint', 'sales', { name: 'Sales' }, 0, 1);
  await people.save({ profile: { profileId: 'ada', version: 1, updatedMs: 1, attributes: { size: 500 } }, outbox: [] });
});
afterAll(() => world.stop());
beforeEach(async () => {
  timers.length = 0;
  read.length = 0;
  for (const id of ['StagesQueue', 'IntakeQueue', 'WebhookQueue'] as const) await world.take(id);
});

const input = {
  name: 'Interest',
  halfLifeDays: 10,
  rules: [
    { label: 'Looked', eventType: 'view', points: 2 },
    { label: 'Price', eventType: 'pricing', points: 20 },
  ],
  stages: [
    { name: 'subscriber' },
    { name: 'engaged', from: 10, fallsBelow: 6 },
    { name: 'qualified', from: 30, fallsBelow: 20, handOver: ['sales'] },
    { name: 'customer' },
  ],
};
const viewer: Call['as'] = { sub: 'vera', groups: ['viewer'] };
const operator: Call['as'] = { sub: 'olga', groups: ['operator'] };
const put = (modelId: string, body: object, as?: Call['as']) =>
  call(manageModels, { route: 'PUT /v1/lead-models/{modelId}', params: { modelId }, body, ...(as && { as }) });
const act = (action: string, modelId: string, version: number, as: Call['as']) =>
  call(manageModels, {
    route: `POST /v1/lead-models/{modelId}/${action}`,
    params: { modelId },
    body: { version },
    ...(as && { as }),
  });
const slug = ({ status, body }: { status: number; body: unknown }) => `${status} ${(body as { type?: string }).type}`;

/** An active model of this name, as match-events would have it. */
const activeModel = async (id: string, change: object = {}): Promise<LeadModel> => {
  expect((await put(id, { ...input, ...change, version: 0 })).status).toBe(200);
  const { status, body } = await act('activate', id, 1, approver);
  expect(status).toBe(200);
  return body as LeadModel;
};
let count = 0;
const event = (type: string, profileId: string, timeMs = Date.now()): AcceptedEvent => {
  count += 1;
  return { id: `e${count}`, type, profileId, source: 'site', timeMs, receivedMs: timeMs, properties: {} };
};
const see = (model: LeadModel, seen: AcceptedEvent, nowMs = seen.receivedMs) =>
  observe.observeEvent(ports, leadModelSet([model]).set, seen, nowMs);
const stateOf = async (modelId: string, profileId: string) =>
  (await states.get({ profileId, modelId }))?.state as LeadState;
const changes = () => world.take<StageChange>('StagesQueue');
const records = (messages: readonly object[]) =>
  ({
    Records: messages.map((message, n) => ({ messageId: `m${n}`, body: JSON.stringify(message), attributes: {} })),
  }) as unknown as SQSEvent;

describe('a lead model', () => {
  test('is written, activated by another, paused, changed; each change is in the audit log', async () => {
    expect((await put('life', { ...input, version: 0 })).body).toMatchObject({
      id: 'life',
      version: 1,
      state: 'draft',
    });
    expect(slug(await act('activate', 'life', 1, { sub: 'mia', groups: ['approver'] }))).toBe(
      '403 /problems/own-approval',
    );
    expect((await act('activate', 'life', 1, approver)).body).toMatchObject({
      version: 2,
      state: 'active',
      activatedBy: 'ada',
    });
    expect(slug(await put('life', { ...input, version: 2 }))).toBe('409 /problems/state-conflict');
    expect((await act('pause', 'life', 2, operator)).body).toMatchObject({ version: 3, state: 'paused' });
    expect((await put('life', { ...input, name: 'B', version: 3 })).body).toMatchObject({ version: 4, state: 'draft' });
    const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
    const { items } = await readAudit(process.env.AUDIT_TABLE ?? '', { subject: 'lead-model/life' }, 10);
    expect(items.map(({ action, actor }) => [action, actor]).reverse()).toEqual([
      ['create', 'mia'],
      ['activate', 'ada'],
      ['pause', 'olga'],
      ['edit', 'mia'],
    ]);
  });

  test.each<[string, string, object, string]>([
    ['an older version', 'life', { ...input, version: 1 }, '409 /problems/version-conflict'],
    ['a new one with a version', 'nobody', { ...input, version: 1 }, '409 /problems/version-conflict'],
    ['an id that is no attribute', 'A-b', { ...input, version: 0 }, '400 /problems/invalid-body'],
    ['no rules', 'other', { ...input, rules: [], version: 0 }, '400 /problems/invalid-body'],
    [
      'an endpoint that there is not',
      'other',
      { ...input, stages: [input.stages[0], { ...input.stages[1], handOver: ['nope'] }], version: 0 },
      '422 /problems/invalid-reference',
    ],
    [
      'a reference table that there is not',
      'other',
      {
        ...input,
        rules: [{ ...input.rules[0], where: [{ reference: 'nope', by: 'sku', column: 'a', exists: true }] }],
        version: 0,
      },
      '422 /problems/invalid-reference',
    ],
  ])('%s is refused', async (_, id, body, problem) => {
    expect(slug(await put(id, body))).toBe(problem);
  });

  test('is read by all, listed by id, and written by marketers only', async () => {
    expect(slug(await put('other', { ...input, version: 0 }, viewer))).toBe('403 /problems/forbidden-role');
    const one = await call(manageModels, {
      route: 'GET /v1/lead-models/{modelId}',
      params: { modelId: 'life' },
      as: viewer,
    });
    expect(one.body).toMatchObject({ name: 'B' });
    const list = await call(manageModels, { route: 'GET /v1/lead-models', as: viewer });
    expect((list.body as { items: LeadModel[] }).items.map(({ id }) => id)).toContain('life');
    const none = await call(manageModels, {
      route: 'GET /v1/lead-models/{modelId}',
      params: { modelId: 'x' },
      as: viewer,
    });
    expect(slug(none)).toBe('404 /problems/not-found');
  });
});

describe('an event', () => {
  test('is counted, and a change of stage is in the queue once, however often the event comes', async () => {
    const model = await activeModel('counted');
    const pricing = event('pricing', 'bo');
    for (let n = 0; n < 3; n += 1) await see(model, pricing);
    expect(await stateOf('counted', 'bo')).toMatchObject({ version: 1, stage: 'engaged', changes: 1 });
    expect(await changes()).toMatchObject([{ profileId: 'bo', stage: 'engaged', number: 1 }]);
    expect((await states.get({ profileId: 'bo', modelId: 'counted' }))?.outbox).toEqual([]);
    expect(timers).toMatchObject([{ triggerId: 'lead-model/counted', event: { profileId: 'bo', source: 'herald' } }]);
  });

  test('of one person at several workers at once: none is lost', async () => {
    const model = await activeModel('crowd');
    const events = Array.from({ length: 6 }, () => event('view', 'cy'));
    await Promise.all(events.map((one) => see(model, one)));
    expect((await stateOf('crowd', 'cy')).kept).toHaveLength(6);
  });

  test('whose change cannot be queued is counted all the same, and the sweep finds the change', async () => {
    const model = await activeModel('swept');
    world.broken.add('sqs');
    await see(model, event('pricing', 'di'));
    world.broken.delete('sqs');
    const stored = await states.get({ profileId: 'di', modelId: 'swept' });
    expect(stored?.outbox).toMatchObject([{ effect: 'stage-change', change: { stage: 'engaged' } }]);
    const { pendingItems } = await import('../../../lambdas/adapters/pending.ts');
    const pending = await pendingItems(process.env.LEADS_TABLE ?? '', ['profileId', 'modelId'], Date.now() + 1, 10);
    expect(pending).toMatchObject([
      { key: { profileId: { S: 'di' }, modelId: { S: 'swept' } }, outbox: [{ effect: 'stage-change' }] },
    ]);
    // The next event takes along what was not published.
    await see(model, event('pricing', 'di'));
    expect((await changes()).map(({ stage }) => stage)).toEqual(['engaged', 'qualified']);
  });

  test('that no rule matches writes and reads nothing', async () => {
    const model = await activeModel('quiet', {
      fit: [{ label: 'Big', where: [{ attribute: 'size', atLeast: 200 }], points: 5 }],
    });
    await see(model, event('purchase', 'ada'));
    expect(await states.get({ profileId: 'ada', modelId: 'quiet' })).toBeUndefined();
    expect(read).toEqual([]);
    await see(model, event('view', 'ada'));
    expect(read).toEqual(['ada']);
    expect((await stateOf('quiet', 'ada')).fit).toEqual([{ label: 'Big', points: 5 }]);
  });
});

describe('a timer', () => {
  test('that rings lets the lead fall, once; a paused model asks again a day later, and nobody falls', async () => {
    const model = await activeModel('timed');
    const nowMs = Date.now();
    await see(model, event('pricing', 'eli', nowMs));
    const timer = timers[0] as Timer;
    await observe.ringLead(ports, { ...model, state: 'paused' }, timer, timer.dueMs + 5);
    expect(timers[1]).toMatchObject({ dueMs: timer.dueMs + DAY });
    await observe.ringLead(ports, model, timer, timer.dueMs);
    expect(await stateOf('timed', 'eli')).toMatchObject({ stage: 'subscriber', version: 2 });
    await observe.ringLead(ports, model, timer, timer.dueMs + 1);
    expect((await stateOf('timed', 'eli')).version).toBe(2);
    expect((await changes()).map(({ cause }) => cause)).toEqual(['score', 'decay']);
  });
});

describe('somebody who was not known', () => {
  test('takes their points along, once, when an alias is linked by hand', async () => {
    const model = await activeModel('merged');
    for (let n = 0; n < 2; n += 1) await see(model, event('pricing', 'anonymous:phone'));
    expect(await changes()).toEqual([]);
    const link = { alias: 'phone', profileId: 'flo', atMs: 1 };
    for (let n = 0; n < 2; n += 1) await merge.mergeLeads(ports, link, Date.now());
    expect(await stateOf('merged', 'flo')).toMatchObject({ stage: 'qualified', version: 1 });
    expect(await changes()).toMatchObject([
      { profileId: 'flo', stage: 'qualified', cause: 'merge', handOver: ['sales'] },
    ]);
  });
});

describe('publishing a change', () => {
  test('writes the attribute, the lake, the webhooks and the event; twice makes no difference', async () => {
    const model = await activeModel('told');
    for (let n = 0; n < 2; n += 1) await see(model, event('pricing', 'gus'));
    const [, change] = (await changes()) as [StageChange, StageChange];
    for (let n = 0; n < 2; n += 1) expect(await publishStages(records([change]))).toEqual({ batchItemFailures: [] });

    expect((await world.item('Profiles', 'gus'))?.body?.S).toContain('"told_stage":"qualified"');
    const rows = await world.ask(
      "SELECT DISTINCT change_id, profile_id, from_stage, stage, score, cause FROM lead_stages WHERE model_id = 'told'",
    );
    expect(rows).toEqual([
      {
        change_id: change.id,
        profile_id: 'gus',
        from_stage: 'engaged',
        stage: 'qualified',
        score: '40',
        cause: 'score',
      },
    ]);
    const hooks = await world.take<WebhookMessage>('WebhookQueue');
    expect(hooks).toHaveLength(2);
    expect(new Set(hooks.map(({ id }) => id)).size).toBe(1);
    expect(hooks[0]).toMatchObject({
      endpointId: 'sales',
      type: 'lead.stage_changed',
      data: { stage: 'qualified', changeId: change.id },
    });
    const intake = (await world.take<IntakeMessage>('IntakeQueue')).flatMap((message) => message.events);
    // The attribute is a change of the profile, too: once, for the second time it changes nothing.
    expect(intake.filter(({ type }) => type === 'herald.profile.changed')).toHaveLength(1);
    expect(intake.find(({ type }) => type !== 'herald.profile.changed')).toMatchObject({
      id: change.id,
      type: 'herald.lead.stage-changed',
      source: 'herald',
      profileId: 'gus',
      properties: { model: 'told', stage: 'qualified' },
    });
  });

  test('late writes the stage that the lead has by then', async () => {
    const model = await activeModel('late');
    for (let n = 0; n < 2; n += 1) await see(model, event('pricing', 'hal'));
    const [first] = await changes();
    await publishStages(records([first!]));
    expect((await world.item('Profiles', 'hal'))?.body?.S).toContain('"late_stage":"qualified"');
  });

  test('of somebody who is gone writes no profile', async () => {
    const model = await activeModel('gone');
    await see(model, event('pricing', 'ivy'));
    const [change] = await changes();
    await publishStages(records([{ ...change!, profileId: 'erased' }]));
    expect(await world.item('Profiles', 'erased')).toBeUndefined();
  });

  test('what fails goes back alone', async () => {
    const model = await activeModel('fails');
    await see(model, event('pricing', 'jo'));
    const [change] = await changes();
    world.broken.add('firehose');
    expect(await publishStages(records([change!]))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    world.broken.delete('firehose');
    expect(await publishStages(records([change!]))).toEqual({ batchItemFailures: [] });
  });
});

describe('leads by API', () => {
  const get = (profileId: string) =>
    call(manageLeads, { route: 'GET /v1/profiles/{profileId}/leads', params: { profileId }, as: viewer });
  const list = (query: Record<string, string>) => call(manageLeads, { route: 'GET /v1/leads', query, as: viewer });
  const setStage = (profileId: string, modelId: string, body: object, as?: Call['as']) =>
    call(manageLeads, {
      route: 'PUT /v1/profiles/{profileId}/leads/{modelId}/stage',
      params: { profileId, modelId },
      body,
      ...(as && { as }),
    });

  test('a person’s leads: score now, stage, why, history; points of the profile as it is now', async () => {
    const model = await activeModel('shown', {
      fit: [{ label: 'Big', where: [{ attribute: 'size', atLeast: 200 }], points: 5 }],
    });
    const nowMs = Date.now();
    await see(model, event('pricing', 'ada', nowMs - 5 * DAY), nowMs);
    const { items } = (await get('ada')).body as { items: { modelId: string }[] };
    expect(items.find(({ modelId }) => modelId === 'shown')).toMatchObject({
      ...{ profileId: 'ada', stage: 'engaged', score: 19.14 },
      why: [
        { label: 'Price', points: 14.14, times: 1 },
        { label: 'Big', points: 5 },
      ],
      history: [{ stage: 'engaged', cause: 'score' }],
    });
    expect((await get('nobody')).body).toEqual({ items: [] });
    expect(slug(await get('anonymous:x'))).toBe('404 /problems/not-found');
  });

  test('by stage, the newest change first, page by page', async () => {
    const model = await activeModel('listed');
    const nowMs = Date.now();
    for (const [n, name] of ['k1', 'k2', 'k3'].entries())
      await see(model, event('pricing', name, nowMs + n), nowMs + n);
    await see(model, event('view', 'k4'));
    const page = await list({ modelId: 'listed', stage: 'engaged', limit: '2' });
    const { items, cursor } = page.body as { items: { profileId: string }[]; cursor: string };
    expect(items.map(({ profileId }) => profileId)).toEqual(['k3', 'k2']);
    const next = await list({ modelId: 'listed', stage: 'engaged', limit: '2', cursor });
    expect((next.body as { items: object[] }).items).toMatchObject([{ profileId: 'k1', score: 20 }]);
    expect((await list({ modelId: 'listed', stage: 'subscriber' })).body).toEqual({ items: [] });
    expect(slug(await list({ modelId: 'nope', stage: 'engaged' }))).toBe('404 /problems/not-found');
    expect(slug(await list({ stage: 'engaged' }))).toBe('400 /problems/invalid-query');
    expect(slug(await list({ modelId: 'listed', stage: 'engaged', cursor: 'x' }))).toBe('400 /problems/invalid-query');
  });

  test('a stage set by hand is pinned, audited and published; null lets the score decide again', async () => {
    await activeModel('hand');
    const answer = await setStage('ada', 'hand', { stage: 'customer', note: 'Signed' });
    expect(answer.body).toMatchObject({ stage: 'customer', pin: { by: 'mia', note: 'Signed' }, score: 0 });
    expect(await changes()).toMatchObject([{ cause: 'person', by: 'mia', handOver: ['sales'] }]);
    await setStage('ada', 'hand', { stage: 'customer' });
    expect(await changes()).toEqual([]);
    const released = await setStage('ada', 'hand', { stage: null });
    expect(released.body).toMatchObject({ stage: 'subscriber' });
    expect(released.body).not.toHaveProperty('pin');
    const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
    const { items } = await readAudit(process.env.AUDIT_TABLE ?? '', { subject: 'profile/ada' }, 10);
    expect(items.filter(({ action }) => action === 'lead-stage').map(({ detail }) => detail)).toContain(
      'hand: customer',
    );
  });

  test.each<[string, string, string, object, string]>([
    ['a stage that there is not', 'ada', 'hand', { stage: 'boss' }, '422 /problems/invalid-reference'],
    ['a model that there is not', 'ada', 'nope', { stage: 'engaged' }, '404 /problems/not-found'],
    ['somebody whom nobody knows', 'stranger', 'hand', { stage: 'engaged' }, '404 /problems/not-found'],
    ['letting go of no lead', 'ada', 'free', { stage: null }, '404 /problems/not-found'],
    ['no stage', 'ada', 'hand', {}, '400 /problems/invalid-body'],
  ])('%s is refused', async (_, profileId, modelId, body, problem) => {
    if (modelId === 'free') await activeModel('free');
    expect(slug(await setStage(profileId, modelId, body))).toBe(problem);
  });

  test('a stage is set by those who write profiles only', async () => {
    expect(slug(await setStage('ada', 'hand', { stage: 'customer' }, viewer))).toBe('403 /problems/forbidden-role');
  });
});
