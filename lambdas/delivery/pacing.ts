import type { SendMessage } from '../../core/delivery/messages.ts';
import { limitsOn } from '../../core/delivery/pace.ts';
import type { Work } from '../../core/delivery/work.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import type { Pace, PutOff } from './pacer.ts';
import type { Ports } from './ports.ts';

/**
 * A message that waits for room in a rate goes back as it is, to be given out at `dueMs` again: nothing is settled by that, and
 * no receive is spent. A copy that comes twice finds its ledger record.
 */
export type PutBack = { message: SendMessage; dueMs: number };

export const putBackOf = (message: SendMessage, { afterMs, turnMs }: PutOff, nowMs: number): PutBack => ({
  message: { ...message, ...(turnMs !== undefined && { turnMs: Math.round(turnMs) }) },
  dueMs: nowMs + afterMs,
});

/**
 * What paces the messages of a plan on this channel; undefined where nothing limits them, which costs no request. Nor is
 * anybody paced whose plan is stopped or too late, or who waits for a receipt: nothing is sent to them.
 */
export const paceOf = async (
  ports: Ports,
  message: SendMessage,
  { planId, lane }: PlanVersion,
  work: Work,
): Promise<Pace | undefined> => {
  const { deadlineMs = Number.POSITIVE_INFINITY } = message;
  const [settings, speed, stop] = await Promise.all([
    ports.settings(),
    ports.speedOf(message.plan),
    ports.stopOf(message.plan),
  ]);
  const limits = limitsOn(settings, { channel: ports.sender.channel, lane, planId, speed });
  if (limits.length === 0 || stop || ports.now() > deadlineMs) return undefined;
  const indexes = work.only ?? Array.from({ length: work.count }, (_, index) => index);
  if (indexes.every((index) => work.earlierOf(index).awaits)) return undefined;
  const pacer = await ports.pacer();
  return pacer.begin({ name: work.unit, turnMs: message.turnMs, bulk: message.kind === 'direct', limits });
};
