import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Timer } from '../../../core/event/timer.ts';
import { DAY, event, type LeadWorld, leadWorld, operator } from './lead-world.ts';

let leads: LeadWorld;

beforeAll(async () => {
  leads = await leadWorld();
});
afterAll(() => leads.world.stop());
beforeEach(() => leads.reset());

describe('an event', () => {
  test('is counted, and a change of stage is in the queue once, however often the event comes', async () => {
    const model = await leads.activeModel('counted');
    const pricing = event('pricing', 'bo');
    for (let n = 0; n < 3; n += 1) await leads.see(model, pricing);
    expect(await leads.stateOf('counted', 'bo')).toMatchObject({ version: 1, stage: 'engaged', changes: 1 });
    expect(await leads.changes()).toMatchObject([{ profileId: 'bo', stage: 'engaged', number: 1 }]);
    expect((await leads.states.get({ profileId: 'bo', modelId: 'counted' }))?.outbox).toEqual([]);
    expect(leads.timers).toMatchObject([
      { triggerId: 'lead-model/counted', event: { profileId: 'bo', source: 'herald' } },
    ]);
  });

  test('of one person at several workers at once: none is lost', async () => {
    const model = await leads.activeModel('crowd');
    const events = Array.from({ length: 6 }, () => event('view', 'cy'));
    await Promise.all(events.map((one) => leads.see(model, one)));
    expect((await leads.stateOf('crowd', 'cy')).kept).toHaveLength(6);
  });

  test('whose change cannot be queued is counted all the same, and the sweep finds the change', async () => {
    const model = await leads.activeModel('swept');
    leads.world.broken.add('sqs');
    await leads.see(model, event('pricing', 'di'));
    leads.world.broken.delete('sqs');
    const stored = await leads.states.get({ profileId: 'di', modelId: 'swept' });
    expect(stored?.outbox).toMatchObject([{ effect: 'stage-change', change: { stage: 'engaged' } }]);
    const { pendingItems } = await import('../../../lambdas/adapters/pending.ts');
    const pending = await pendingItems(process.env.LEADS_TABLE ?? '', ['profileId', 'modelId'], Date.now() + 1, 10);
    expect(pending).toMatchObject([
      { key: { profileId: { S: 'di' }, modelId: { S: 'swept' } }, outbox: [{ effect: 'stage-change' }] },
    ]);
    // The next event takes along what was not published.
    await leads.see(model, event('pricing', 'di'));
    expect((await leads.changes()).map(({ stage }) => stage)).toEqual(['engaged', 'qualified']);
  });

  test('that no rule matches writes and reads nothing', async () => {
    const model = await leads.activeModel('quiet', {
      fit: [{ label: 'Big', where: [{ attribute: 'size', atLeast: 200 }], points: 5 }],
    });
    await leads.see(model, event('purchase', 'ada'));
    expect(await leads.states.get({ profileId: 'ada', modelId: 'quiet' })).toBeUndefined();
    expect(leads.read).toEqual([]);
    await leads.see(model, event('view', 'ada'));
    expect(leads.read).toEqual(['ada']);
    expect((await leads.stateOf('quiet', 'ada')).fit).toEqual([{ label: 'Big', points: 5 }]);
  });
});

describe('a timer', () => {
  test('that rings lets the lead fall, once; a paused model asks again a day later, and nobody falls', async () => {
    const model = await leads.activeModel('timed');
    const nowMs = Date.now();
    await leads.see(model, event('pricing', 'eli', nowMs));
    const timer = leads.timers[0] as Timer;
    await leads.observe.ringLead(leads.ports, { ...model, state: 'paused' }, timer, timer.dueMs + 5);
    expect(leads.timers[1]).toMatchObject({ dueMs: timer.dueMs + DAY });
    await leads.observe.ringLead(leads.ports, model, timer, timer.dueMs);
    expect(await leads.stateOf('timed', 'eli')).toMatchObject({ stage: 'subscriber', version: 2 });
    await leads.observe.ringLead(leads.ports, model, timer, timer.dueMs + 1);
    expect((await leads.stateOf('timed', 'eli')).version).toBe(2);
    expect((await leads.changes()).map(({ cause }) => cause)).toEqual(['score', 'decay']);
  });
});

describe('somebody who was not known', () => {
  test('takes their points along, once, when an alias is linked by hand', async () => {
    const model = await leads.activeModel('merged');
    for (let n = 0; n < 2; n += 1) await leads.see(model, event('pricing', 'anonymous:phone'));
    expect(await leads.changes()).toEqual([]);
    const link = { alias: 'phone', profileId: 'flo', atMs: 1 };
    for (let n = 0; n < 2; n += 1) await leads.mergeLeads(leads.ports, link, Date.now());
    expect(await leads.stateOf('merged', 'flo')).toMatchObject({ stage: 'qualified', version: 1 });
    expect(await leads.changes()).toMatchObject([
      { profileId: 'flo', stage: 'qualified', cause: 'merge', handOver: ['sales'] },
    ]);
  });

  test('moves nobody by a model that is paused; the points are there once it is active again', async () => {
    const model = await leads.activeModel('asleep');
    for (let n = 0; n < 2; n += 1) await leads.see(model, event('pricing', 'anonymous:pad'));
    await leads.act('pause', 'asleep', 2, operator);
    await leads.mergeLeads(leads.ports, { alias: 'pad', profileId: 'fay', atMs: 1 }, Date.now());
    expect(await leads.stateOf('asleep', 'fay')).toMatchObject({ stage: 'subscriber', version: 1 });
    expect(await leads.changes()).toEqual([]);
    await leads.see(model, event('view', 'fay'));
    expect(await leads.changes()).toMatchObject([{ profileId: 'fay', stage: 'qualified', cause: 'score' }]);
  });
});
