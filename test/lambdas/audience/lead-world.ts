import type { SQSEvent } from 'aws-lambda';
import { expect } from 'vitest';
import type { LeadState, StageChange } from '../../../core/audience/lead.ts';
import type { LeadModel } from '../../../core/audience/lead-model.ts';
import { leadModelSet } from '../../../core/audience/lead-model-set.ts';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import type { Timer } from '../../../core/event/timer.ts';
import type { ScorePorts } from '../../../lambdas/audience/observe-leads.ts';
import { approver, type Call, call } from '../api-call.ts';
import { audienceWorld } from './audience-world.ts';

export const DAY = 86_400_000;
export const viewer: NonNullable<Call['as']> = { sub: 'vera', groups: ['viewer'] };
export const operator: NonNullable<Call['as']> = { sub: 'olga', groups: ['operator'] };
export const slug = ({ status, body }: { status: number; body: unknown }) =>
  `${status} ${(body as { type?: string }).type}`;

export const input = {
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

let count = 0;
export const event = (type: string, profileId: string, timeMs = Date.now()): AcceptedEvent => {
  count += 1;
  return { id: `e${count}`, type, profileId, source: 'site', timeMs, receivedMs: timeMs, properties: {} };
};
export const records = (messages: readonly object[]) =>
  ({
    Records: messages.map((message, n) => ({ messageId: `m${n}`, body: JSON.stringify(message), attributes: {} })),
  }) as unknown as SQSEvent;

/**
 * The local cloud with an endpoint `sales` and a person `ada`, and what scores leads. `timers` are those that were set;
 * `read` says which profiles were read, so that a read for nothing is seen.
 */
export const leadWorld = async () => {
  const world = await audienceWorld();
  const manageModels = (await import('../../../lambdas/audience/manage-lead-models.ts')).handler;
  const observe = await import('../../../lambdas/audience/observe-leads.ts');
  const { mergeLeads } = await import('../../../lambdas/audience/merge-leads.ts');
  const { leads } = await import('../../../lambdas/adapters/leads.ts');
  const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
  const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
  const defs = definitions(process.env.DEFINITIONS_TABLE ?? '');
  const people = profiles(process.env.PROFILES_TABLE ?? '');
  const states = leads(process.env.LEADS_TABLE ?? '');
  const timers: Timer[] = [];
  const read: string[] = [];
  const ports: ScorePorts & Parameters<typeof mergeLeads>[0] = {
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

  const put = (modelId: string, body: object, as?: Call['as']) =>
    call(manageModels, { route: 'PUT /v1/lead-models/{modelId}', params: { modelId }, body, ...(as && { as }) });
  const act = (action: string, modelId: string, version: number, as: Call['as']) =>
    call(manageModels, {
      route: `POST /v1/lead-models/{modelId}/${action}`,
      params: { modelId },
      body: { version },
      ...(as && { as }),
    });
  return {
    ...{ world, manageModels, observe, mergeLeads, states, ports, people, timers, read, put, act },

    /** An active model of this name, as match-events would have it. */
    async activeModel(id: string, change: object = {}): Promise<LeadModel> {
      expect((await put(id, { ...input, ...change, version: 0 })).status).toBe(200);
      const { status, body } = await act('activate', id, 1, approver);
      expect(status).toBe(200);
      return body as LeadModel;
    },
    see: (model: LeadModel, seen: AcceptedEvent, nowMs = seen.receivedMs) =>
      observe.observeEvent(ports, leadModelSet([model]).set, seen, nowMs),
    stateOf: async (modelId: string, profileId: string) =>
      (await states.get({ profileId, modelId }))?.state as LeadState,
    changes: () => world.take<StageChange>('StagesQueue'),
    /** Nothing is in a queue, no timer set, nobody read. */
    async reset(): Promise<void> {
      timers.length = 0;
      read.length = 0;
      for (const id of ['StagesQueue', 'IntakeQueue', 'WebhookQueue'] as const) await world.take(id);
    },
  };
};
export type LeadWorld = Awaited<ReturnType<typeof leadWorld>>;
