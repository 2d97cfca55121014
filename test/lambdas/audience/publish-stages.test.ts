import type { SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { StageChange } from '../../../core/audience/lead.ts';
import { MAX_PROFILE_BYTES } from '../../../core/audience/profile.ts';
import type { WebhookMessage } from '../../../core/delivery/webhook.ts';
import type { IntakeMessage } from '../../../core/event/event.ts';
import type { Timer } from '../../../core/event/timer.ts';
import { event, type LeadWorld, leadWorld, records } from './lead-world.ts';

let leads: LeadWorld;
let publishStages: (event: SQSEvent) => Promise<{ batchItemFailures: object[] }>;

beforeAll(async () => {
  leads = await leadWorld();
  publishStages = (await import('../../../lambdas/audience/publish-stages.ts')).handler;
});
afterAll(() => leads.world.stop());
beforeEach(() => leads.reset());

describe('publishing a change', () => {
  test('writes the attribute, the lake, the webhooks and the event; twice makes no difference', async () => {
    const model = await leads.activeModel('told');
    for (let n = 0; n < 2; n += 1) await leads.see(model, event('pricing', 'gus'));
    const [, change] = (await leads.changes()) as [StageChange, StageChange];
    for (let n = 0; n < 2; n += 1) expect(await publishStages(records([change]))).toEqual({ batchItemFailures: [] });

    expect((await leads.world.item('Profiles', 'gus'))?.body?.S).toContain('"told_stage":"qualified"');
    const rows = await leads.world.ask(
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
    const hooks = await leads.world.take<WebhookMessage>('WebhookQueue');
    expect(hooks).toHaveLength(2);
    expect(new Set(hooks.map(({ id }) => id)).size).toBe(1);
    expect(hooks[0]).toMatchObject({
      endpointId: 'sales',
      type: 'lead.stage_changed',
      data: { stage: 'qualified', changeId: change.id },
    });
    const intake = (await leads.world.take<IntakeMessage>('IntakeQueue')).flatMap((message) => message.events);
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
    const model = await leads.activeModel('late');
    for (let n = 0; n < 2; n += 1) await leads.see(model, event('pricing', 'hal'));
    const [first] = await leads.changes();
    await publishStages(records([first!]));
    expect((await leads.world.item('Profiles', 'hal'))?.body?.S).toContain('"late_stage":"qualified"');
  });

  test('out of order leaves the stage that the lead has, and tells each change once', async () => {
    const model = await leads.activeModel('order');
    const { ringLead } = leads.observe;
    await leads.see(model, event('pricing', 'kit'));
    const timer = leads.timers[0] as Timer;
    await ringLead(leads.ports, model, timer, timer.dueMs);
    const [rose, fell] = (await leads.changes()) as [StageChange, StageChange];
    expect([rose.stage, fell.stage, fell.handOver]).toEqual(['engaged', 'subscriber', []]);
    await publishStages(records([fell]));
    await publishStages(records([rose]));
    expect((await leads.world.item('Profiles', 'kit'))?.body?.S).toContain('"order_stage":"subscriber"');
    expect(await leads.world.take('WebhookQueue')).toEqual([]);
    const events = (await leads.world.take<IntakeMessage>('IntakeQueue')).flatMap((message) => message.events);
    const stages = events.filter(({ type }) => type === 'herald.lead.stage-changed');
    expect(stages.map(({ properties }) => properties.stage)).toEqual(['subscriber', 'engaged']);
  });

  test('of somebody whose profile has no room is told all the same', async () => {
    const words = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`a${n}`, 'x'.repeat(2_000)]));
    const base = { profileId: 'max', version: 1, updatedMs: Date.now() };
    const room = MAX_PROFILE_BYTES - JSON.stringify({ ...base, attributes: { ...words, rest: '' } }).length;
    const attributes = { ...words, rest: 'x'.repeat(room - 20) };
    await leads.people.save({ profile: { ...base, attributes }, outbox: [] });
    const model = await leads.activeModel('roomless');
    for (let n = 0; n < 2; n += 1) await leads.see(model, event('pricing', 'max'));
    const [, change] = (await leads.changes()) as [StageChange, StageChange];
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    expect(await publishStages(records([change]))).toEqual({ batchItemFailures: [] });
    expect(error).toHaveBeenCalledWith(expect.objectContaining({ message: 'A stage finds no room in its profile' }));
    error.mockRestore();
    expect(await leads.world.take('WebhookQueue')).toHaveLength(1);
    expect(await leads.world.take('IntakeQueue')).toHaveLength(1);
  });

  test('of somebody who is gone writes no profile', async () => {
    const model = await leads.activeModel('gone');
    await leads.see(model, event('pricing', 'ivy'));
    const [change] = await leads.changes();
    await publishStages(records([{ ...change!, profileId: 'erased' }]));
    expect(await leads.world.item('Profiles', 'erased')).toBeUndefined();
  });

  test('what fails goes back alone', async () => {
    const model = await leads.activeModel('fails');
    await leads.see(model, event('pricing', 'jo'));
    const [change] = await leads.changes();
    leads.world.broken.add('firehose');
    expect(await publishStages(records([change!]))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    leads.world.broken.delete('firehose');
    expect(await publishStages(records([change!]))).toEqual({ batchItemFailures: [] });
  });
});
