import type { LeadState } from '../../../core/audience/lead.ts';
import { type Looked, observeLead, type ScoringModel } from '../../../core/audience/lead-decisions.ts';
import type { LeadModel, LeadRule } from '../../../core/audience/lead-model.ts';
import type { AcceptedEvent } from '../../../core/event/event.ts';

export const DAY = 86_400_000;
/** The beginning of a day. */
export const NOW = Date.UTC(2026, 10, 18);

export const view: LeadRule = { label: 'Looked', eventType: 'view', points: 2 };
export const pricing: LeadRule = { label: 'Asked for the price', eventType: 'pricing', points: 20 };
export const refusal: LeadRule = { label: 'Unsubscribed', eventType: 'unsubscribed', points: -30 };

export const model = (change: Partial<LeadModel> = {}): LeadModel => ({
  ...{ id: 'lead', version: 1, state: 'active', author: 'mia', editors: [], createdMs: 1 },
  name: 'Interest',
  halfLifeDays: 10,
  rules: [view, pricing, refusal],
  stages: [
    { name: 'subscriber' },
    { name: 'engaged', from: 10, fallsBelow: 6 },
    { name: 'qualified', from: 30, fallsBelow: 20, handOver: ['sales'] },
    { name: 'customer' },
  ],
  ...change,
});

let count = 0;
export const event = (timeMs: number, change: Partial<AcceptedEvent> = {}): AcceptedEvent => {
  count += 1;
  return {
    ...{ id: `e${count}`, type: 'view', profileId: 'ada', source: 'site', properties: {} },
    ...{ timeMs, receivedMs: timeMs },
    ...change,
  };
};

export const looked: Looked = { profileId: 'ada', fit: [] };

/** The state after these events, each observed when it arrives: at once, or at `atMs`. */
export const afterEvents = (
  scoring: ScoringModel,
  happened: readonly { event: AcceptedEvent; rules: readonly LeadRule[]; atMs?: number }[],
  start?: LeadState,
): LeadState | undefined =>
  happened.reduce<LeadState | undefined>((state, { event: seen, rules, atMs = seen.receivedMs }) => {
    const next = observeLead(scoring, state, { ...looked, event: seen, rules }, atMs).state;
    return next ? { ...next, version: (state?.version ?? 0) + 1 } : state;
  }, start);
