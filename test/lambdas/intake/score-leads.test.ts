import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LeadModel } from '../../../core/audience/lead-model.ts';
import type { LeadModelSet } from '../../../core/audience/lead-model-set.ts';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import type { Timer } from '../../../core/event/timer.ts';
import type { TriggerFault } from '../../../core/event/trigger-fault.ts';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import type { Leads } from '../../../lambdas/adapters/leads.ts';
import { memoryServices, queueUrl, startAws } from '../adapters/aws.ts';

const START = Date.UTC(2026, 10, 22, 12);
const services = memoryServices();
let stop: () => Promise<void>;
let defs: Definitions;
let states: Leads;
let open: () => ReturnType<typeof import('../../../lambdas/intake/score-leads.ts').leadScoring>;
let nowMs = START;
const faults: TriggerFault[] = [];
const timers: Timer[] = [];
let reads = 0;

beforeAll(async () => {
  stop = await startAws({ definitions: ['kind', 'id'], leads: ['profileId', 'modelId'] }, services.answer);
  vi.spyOn(Date, 'now').mockImplementation(() => nowMs);
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  states = (await import('../../../lambdas/adapters/leads.ts')).leads('leads');
  const { leadScoring } = await import('../../../lambdas/intake/score-leads.ts');
  const count = async () => {
    reads += 1;
    return new Map();
  };
  open = () =>
    leadScoring({
      leadsTable: 'leads',
      stagesQueueUrl: queueUrl('stages'),
      timers: { set: async (timer) => void timers.push(timer) },
      sources: { profiles: { readMany: count }, contacts: { getMany: count }, references: { getMany: count } },
      definitions: defs,
      report: (found) => void faults.push(...found),
    });
});
afterAll(async () => {
  vi.restoreAllMocks();
  await stop();
});
beforeEach(() => {
  nowMs += 3_600_000;
  faults.length = 0;
  timers.length = 0;
  reads = 0;
  services.queues.clear();
});

const put = async (id: string, change: Partial<LeadModel> = {}): Promise<void> => {
  const stored = await defs.get<LeadModel>('lead-model', id);
  const version = stored?.version ?? 0;
  const model = {
    ...{
      name: id,
      halfLifeDays: 10,
      author: 'mia',
      editors: [],
      createdMs: 1,
      state: 'active',
      id,
      version: version + 1,
    },
    rules: [{ label: 'Price', eventType: `${id}.pricing`, points: 20 }],
    stages: [{ name: 'subscriber' }, { name: 'engaged', from: 10, fallsBelow: 6 }],
    ...change,
  };
  await defs.put('lead-model', id, model, version, nowMs);
};
const event = (type: string, profileId = 'ada'): AcceptedEvent => ({
  ...{ id: `${type}-${nowMs}`, type, profileId, source: 'site', timeMs: nowMs, receivedMs: nowMs, properties: {} },
});
const leadOf = async (modelId: string, profileId = 'ada') => (await states.get({ profileId, modelId }))?.state;

describe('lead models', () => {
  test('act within seconds of their activation, and no longer when they are paused', async () => {
    const scoring = open();
    const wants = async () => (await scoring.models()).wants('soon.pricing');
    expect(await wants()).toBe(false);
    await put('soon');
    nowMs += 6_000;
    expect(await wants()).toBe(true);
    await put('soon', { state: 'paused' });
    nowMs += 6_000;
    const set: LeadModelSet = await scoring.models();
    expect([set.wants('soon.pricing'), set.get('soon')?.state]).toEqual([false, 'paused']);
  });

  test('one that cannot be carried out is named, once, and the others go on', async () => {
    await put('broken', {
      rules: [{ label: 'x', eventType: 'broken.pricing', points: 1, where: [{ nonsense: 1 } as never] }],
    });
    await put('sound');
    const scoring = open();
    expect((await scoring.models()).wants('sound.pricing')).toBe(true);
    expect(faults).toMatchObject([{ triggerId: 'lead-model/broken', error: expect.stringContaining('No subject') }]);
    nowMs += 6_000;
    await scoring.models();
    expect(faults).toHaveLength(1);
    await put('broken', { state: 'paused' });
  });

  test('that the index of changes has not told of are found all the same, a quarter of an hour later', async () => {
    const scoring = open();
    await scoring.models();
    const deaf = vi.spyOn(defs, 'changedSince').mockResolvedValue([]);
    await put('unheard');
    nowMs += 6_000;
    expect((await scoring.models()).wants('unheard.pricing')).toBe(false);
    nowMs += 15 * 60_000;
    expect((await scoring.models()).wants('unheard.pricing')).toBe(true);
    deaf.mockRestore();
  });

  test('that cannot be read make events wait', async () => {
    const broken = vi.spyOn(defs, 'all').mockRejectedValue(new Error('throttled'));
    await expect(open().models()).rejects.toThrow('throttled');
    broken.mockRestore();
  });
});

describe('scoring', () => {
  test('an event that some model wants is counted, once, and its change is queued', async () => {
    await put('one');
    const scoring = open();
    const set = await scoring.models();
    for (let n = 0; n < 2; n += 1) await scoring.score(set, event('one.pricing'), undefined, nowMs);
    expect(await leadOf('one')).toMatchObject({ stage: 'engaged', version: 1 });
    expect(services.queues.get('stages')).toMatchObject([{ group: 'ada', body: { stage: 'engaged', modelId: 'one' } }]);
  });

  test('an event that none wants costs no read and no write', async () => {
    await put('fitted', {
      rules: [{ label: 'x', eventType: 'fitted.pricing', points: 20, where: [{ attribute: 'size', atLeast: 9 }] }],
    });
    const scoring = open();
    const set = await scoring.models();
    await scoring.score(set, event('purchase'), undefined, nowMs);
    expect(reads).toBe(0);
    await scoring.score(set, event('fitted.pricing'), undefined, nowMs);
    expect(reads).toBeGreaterThan(0);
    expect(await leadOf('fitted')).toBeUndefined();
  });

  test('the timer of a lead rings at the lead, that of a trigger does not', async () => {
    await put('timed');
    const scoring = open();
    const set = await scoring.models();
    await scoring.score(set, event('timed.pricing', 'bo'), undefined, nowMs);
    const timer = timers[0] as Timer;
    nowMs = timer.dueMs;
    await scoring.score(set, timer.event, { ...timer, triggerId: '01TRIGGER' }, nowMs);
    expect(await leadOf('timed', 'bo')).toMatchObject({ stage: 'engaged' });
    await scoring.score(set, timer.event, timer, nowMs);
    expect(await leadOf('timed', 'bo')).toMatchObject({ stage: 'subscriber' });
  });

  test('the leads of an alias are merged when there are models', async () => {
    await put('joined');
    const scoring = open();
    const set = await scoring.models();
    await scoring.score(set, event('joined.pricing', 'anonymous:phone'), undefined, nowMs);
    await scoring.merge({ alias: 'phone', profileId: 'cy', atMs: nowMs });
    expect(await leadOf('joined', 'cy')).toMatchObject({ stage: 'engaged' });
  });
});
