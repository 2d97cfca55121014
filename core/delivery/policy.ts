import { durationMs } from '../event/duration.ts';
import type { Duration } from '../event/trigger.ts';
import type { Channel } from './channel.ts';
import type { Tracking } from './links/link-settings.ts';
import type { DeliverySettings } from './settings.ts';

/** What receipts may say of a message that a channel took. */
export type Heard = 'delivered' | 'opened';

/** A channel of the policy, and when the next one gets its turn although this one took the message. */
export type PolicyStep =
  | Channel
  | { channel: Channel; ifNotDeliveredWithin?: Duration | undefined; ifNotOpenedWithin?: Duration | undefined };

export const channelOf = (step: PolicyStep): Channel => (typeof step === 'string' ? step : step.channel);
export const channelsOf = (policy: readonly PolicyStep[]): Channel[] => policy.map(channelOf);

/** One receipt that is waited for, so long after the message was sent. */
export type Wait = { what: Heard; ms: number };

/** What is waited for at a step: that it is delivered comes before that it is opened. */
export const waitsOf = (step: PolicyStep | undefined): Wait[] => {
  if (step === undefined || typeof step === 'string') return [];
  const { ifNotDeliveredWithin, ifNotOpenedWithin } = step;
  return [
    ...(ifNotDeliveredWithin ? [{ what: 'delivered' as const, ms: durationMs(ifNotDeliveredWithin) }] : []),
    ...(ifNotOpenedWithin ? [{ what: 'opened' as const, ms: durationMs(ifNotOpenedWithin) }] : []),
  ];
};

/** Channels whose provider says what became of a message. Of the others nothing is ever heard. */
const HEARS: Partial<Record<Channel, readonly Heard[]>> = { sms: ['delivered'], email: ['delivered', 'opened'] };

/** A run is watched for a week, so that several waits and nights must fit into it. */
const MAX_WAIT_MS = 48 * 3_600_000;

/**
 * What a marketer is told about a policy that cannot be carried out. `path` is like `channelPolicy.0`. `tracking`: what is noticed
 * of the plan's messages; where opens are not, nobody would seem to have opened one.
 */
export const policySlips = (policy: readonly PolicyStep[], tracking: Tracking): { path: string; message: string }[] =>
  policy.flatMap((step, n) => {
    const path = `channelPolicy.${n}`;
    const channel = channelOf(step);
    const waits = waitsOf(step);
    const deaf = waits.find(({ what }) => !HEARS[channel]?.includes(what));
    const unnoticed = !tracking.opens && waits.some(({ what }) => what === 'opened');
    const slips = [
      channelsOf(policy).indexOf(channel) !== n && `${channel} is there twice`,
      waits.length > 0 && n === policy.length - 1 && `After ${channel} there is no channel that could be waited for`,
      deaf && `Of ${channel} Herald never hears that a message was ${deaf.what}`,
      unnoticed && 'Opens are not noticed: the settings for links, or the plan, leave them out',
      waits.some(({ ms }) => ms > MAX_WAIT_MS) && 'A receipt is waited for 48 hours at most',
      waits[1] && waits[1].ms <= (waits[0]?.ms ?? 0) && 'It is opened after it is delivered: wait for that longer',
    ];
    return slips.flatMap((message) => (message ? [{ path, message }] : []));
  });

/**
 * Whether a message on this channel would cost the person's plan more than its budget. `taken`: steps whose channels took a
 * message before. A channel without a price costs nothing.
 */
export const isOverBudget = (
  budget: number | undefined,
  { prices = {} }: DeliverySettings,
  policy: readonly PolicyStep[],
  { step, taken = [] }: { step: number; taken?: readonly number[] | undefined },
): boolean => {
  if (budget === undefined) return false;
  const price = (at: number): number => {
    const one = policy[at];
    return one === undefined ? 0 : (prices[channelOf(one)] ?? 0);
  };
  // In millionths: sums of decimal fractions are not exact.
  const cost = [...taken, step].reduce((sum, at) => sum + Math.round(price(at) * 1e6), 0);
  return cost > Math.round(budget * 1e6);
};
