import type { SQSEvent } from 'aws-lambda';
import type { AcceptedEvent, IntakeMessage } from '../../core/event/event.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import { makePairs, type Pair } from '../matching/documents.ts';
import { heraldRule } from '../matching/engines/herald-rule.ts';
import { type BenchCondition, type BenchRule, conditionHolds } from '../matching/rule.ts';
import { makeRules } from '../matching/rules.ts';

/** What becomes of an event: no trigger wants its type, none of those that do matches, or exactly one does. */
export const FATES = ['other type', 'none matches', 'one matches'] as const;
export type Fate = (typeof FATES)[number];

/** Whether the triggers look at the event alone, or at the person's profile too. */
export type Asked = 'event' | 'profile';

const asksProfile = (condition: BenchCondition): boolean => {
  if ('all' in condition) return condition.all.some(asksProfile);
  if ('any' in condition) return condition.any.some(asksProfile);
  return condition.f.startsWith('profile.');
};

/** Conditions of the matching bench, its event types left out. */
const conditionsOf = (count: number, asked: Asked): BenchRule['cond'][] => {
  const found: BenchRule['cond'][] = [];
  // About one rule in six looks at the event alone.
  for (const { cond } of makeRules(count * 8, 'mixed')) {
    const [, ...rest] = cond.all;
    if (rest.some(asksProfile) === (asked === 'profile')) found.push({ all: rest });
    if (found.length === count) return found;
  }
  throw new Error(`only ${found.length} of ${count} rules look at the ${asked}`);
};

const TYPE = 'order.placed';

/**
 * `count` active triggers for orders, each with a condition on the order's `lot` besides its own, and 512 orders that can
 * each match one of them: an order's lot is that of a trigger whose other conditions it meets.
 */
export const makeOrders = (count: number, asked: Asked) => {
  const conditions = conditionsOf(count, asked);
  const triggers = conditions.map((cond, lot): Trigger => {
    const { where } = heraldRule({ id: '', cond: { all: [{ op: 'eq', f: 'event.type', v: TYPE }, ...cond.all] } });
    return {
      id: `trigger-${lot}`,
      version: 1,
      state: 'active',
      author: 'mia',
      editors: [],
      createdMs: 0,
      hash: `hash-${lot}`,
      name: `Trigger ${lot}`,
      eventType: TYPE,
      where: [{ property: 'lot', equals: lot }, ...where],
      templateId: 'template',
      channelPolicy: ['sms'],
      topic: 'orders',
      lane: 'transactional',
    };
  });
  const lotFor = (pair: Pair, n: number): number => {
    for (let k = 0; k < count; k += 1) {
      const lot = (n * 31 + k) % count;
      if (conditionHolds(conditions[lot]!, pair)) return lot;
    }
    throw new Error(`order ${n} meets the conditions of no trigger`);
  };
  const pairs = makePairs();
  const lots = pairs.map(lotFor);
  const eventAt = (n: number, fate: Fate, nowMs: number): AcceptedEvent => {
    const { type: _, id, ...properties } = pairs[n % pairs.length]!.event;
    return {
      id: `${id}-${n}`,
      type: fate === 'other type' ? 'order.seen' : TYPE,
      profileId: `buyer-${n % pairs.length}`,
      source: 'shop',
      timeMs: nowMs,
      receivedMs: nowMs,
      properties: { ...properties, lot: fate === 'one matches' ? lots[n % lots.length]! : -1 },
    };
  };
  return { triggers, pairs, eventAt };
};

/** A batch as Lambda hands it over: ten messages, which is the batch size, each with so many events of one source. */
export const batchOf = (events: readonly AcceptedEvent[], perMessage: number): SQSEvent => {
  const records = [];
  for (let at = 0; at < events.length; at += perMessage) {
    const message: IntakeMessage = { source: 'shop', receivedMs: 0, events: events.slice(at, at + perMessage) };
    records.push({ messageId: `m${at}`, body: JSON.stringify(message) });
  }
  return { Records: records as SQSEvent['Records'] };
};
