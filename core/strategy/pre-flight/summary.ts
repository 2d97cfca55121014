import { type Estimate, estimateOf } from '../../audience/proportion.ts';
import { addressOf, type Channel } from '../../delivery/channel.ts';
import { allows } from '../../delivery/consent.ts';
import { DEFAULT_SHARE } from '../../delivery/pace.ts';
import { channelsOf } from '../../delivery/policy.ts';
import type { DeliverySettings } from '../../delivery/settings.ts';
import { isInForce } from '../../delivery/suppression.ts';
import type { PlanVersion } from '../plan-version.ts';
import { longestWaitMs } from '../send-time.ts';
import { type Fate, fateOf, type Recipient, type Sending } from './fate.ts';
import type { Summary } from './pre-flight.ts';

/** `size`: of the audience, of which `recipients` are a sample, or all. `dueOf`: epoch ms at which somebody is due; undefined: not at all. */
export type Asked = Sending & {
  plan: Pick<PlanVersion, 'channelPolicy' | 'budget' | 'topic' | 'lane' | 'priority' | 'sendTime'>;
  recipients: readonly Recipient[];
  size: number;
  nowMs: number;
  dueOf: (recipient: Recipient) => number | undefined;
  perMinute: number | undefined;
};

/** What the sample says of the audience: everything of a summary that is about recipients. */
export const foretold = (asked: Asked): Omit<Summary, 'begins' | 'audience' | 'conflicts' | 'template'> => {
  const { plan, settings, recipients, size, nowMs } = asked;
  const fates = recipients.map((recipient): Fate => {
    const dueMs = asked.dueOf(recipient);
    return dueMs === undefined ? { reason: 'too-late' } : fateOf(recipient, dueMs, asked, !isBest(plan));
  });
  // Whom a cap holds back now is not asked what their message would say.
  const unread = { ...asked, renders: () => true };
  const about = (hits: number): Estimate => estimateOf(hits, recipients.length, size);
  const count = (is: (fate: Fate) => boolean): Estimate => about(fates.filter(is).length);
  const channels = channelsOf(plan.channelPolicy);
  const sentOn = (channel: Channel) => fates.filter((fate) => 'channel' in fate && fate.channel === channel).length;
  const reasons = new Map<string, number>();
  for (const fate of fates) if ('reason' in fate) reasons.set(fate.reason, (reasons.get(fate.reason) ?? 0) + 1);
  const ends = fates.flatMap(({ quiet, ...fate }) =>
    typeof quiet === 'object' && 'channel' in fate ? [quiet.untilMs] : [],
  );
  const standing = recipients.map((recipient) => channels.map((channel) => standingOf(recipient, channel, asked)));
  const byChannel = Object.fromEntries(channels.map((channel) => [channel, about(sentOn(channel))]));
  return {
    sample: { people: recipients.length, exact: recipients.length >= size },
    channels: Object.fromEntries(
      channels.map((channel, at) => [
        channel,
        Object.fromEntries(
          STANDINGS.map((one) => [one, about(standing.filter((channels) => channels[at] === one).length)]),
        ),
      ]),
    ) as Summary['channels'],
    reachable: about(standing.filter((channels) => channels.includes('reachable')).length),
    heldOut: about(reasons.get('holdout') ?? 0),
    caps: {
      now: about(recipients.filter((recipient) => fateOf(recipient, nowMs, unread, false).cap).length),
      atSend: count(({ cap }) => cap === true),
    },
    quietHours: {
      waits: about(ends.length),
      dropped: count(({ quiet }) => quiet === 'dropped'),
      tooLate: count(({ quiet }) => quiet === 'too-late'),
      ...(ends.length > 0 && { untilMs: ends.reduce((last, one) => Math.max(last, one)) }),
    },
    expected: {
      sent: count((fate) => 'channel' in fate),
      byChannel,
      skipped: Object.fromEntries([...reasons].map(([reason, hits]) => [reason, about(hits)])),
    },
    cost: costOf(byChannel, settings),
    duration: durationOf(byChannel, { settings, perMinute: asked.perMinute, sendTime: plan.sendTime }),
  };
};

/** Each gets it in an hour that is found when it begins, not a quiet one. */
const isBest = ({ sendTime }: Asked['plan']): boolean => sendTime !== undefined && 'best' in sendTime;

const STANDINGS = ['reachable', 'noAddress', 'noConsent', 'suppressed'] as const;

/** Whether a channel may write to somebody at all, in the order of the gate. */
const standingOf = (
  { row, contact }: Recipient,
  channel: Channel,
  { plan: { topic, lane }, nowMs }: Asked,
): (typeof STANDINGS)[number] => {
  const address = addressOf(channel, row);
  if (!address) return 'noAddress';
  const suppression = contact.suppressed[channel];
  if (suppression && isInForce(suppression, { address, nowMs })) return 'suppressed';
  return allows(contact.consents, channel, topic, lane) ? 'reachable' : 'noConsent';
};

type ByChannel = Partial<Record<Channel, Estimate>>;
const namesIn = (byChannel: ByChannel): Channel[] => Object.keys(byChannel) as Channel[];

/** In millionths, as budgets are counted: sums of decimal fractions are not exact. */
const costOf = (byChannel: ByChannel, { prices = {} }: DeliverySettings): Summary['cost'] => {
  const total = (of: keyof Estimate): number =>
    namesIn(byChannel).reduce(
      (sum, channel) => sum + Math.round((prices[channel] ?? 0) * 1e6) * (byChannel[channel]?.[of] ?? 0),
      0,
    ) / 1e6;
  const priced = namesIn(byChannel).filter((channel) => prices[channel] !== undefined);
  return {
    amount: { size: total('size'), low: total('low'), high: total('high') },
    prices: Object.fromEntries(priced.map((channel) => [channel, prices[channel]])),
    unpriced: namesIn(byChannel).filter((channel) => prices[channel] === undefined),
  };
};

/** What the transactional lane does not have for sure is the promotional lane's. Channels send side by side, each at its rate; the speed is of all of them together. The slowest says how long it takes. */
const durationOf = (
  byChannel: ByChannel,
  {
    settings: { rates = {} },
    perMinute,
    sendTime,
  }: { settings: DeliverySettings; perMinute: number | undefined; sendTime: PlanVersion['sendTime'] },
): Summary['duration'] => {
  const messages = (channel: Channel): number => byChannel[channel]?.size ?? 0;
  const limits: { by: Channel | 'speed'; seconds: number }[] = namesIn(byChannel).flatMap((channel) => {
    const rate = rates[channel];
    if (!rate || messages(channel) === 0) return [];
    const perSecond = rate.perSecond * (1 - (rate.transactionalShare ?? DEFAULT_SHARE));
    return [{ by: channel, seconds: messages(channel) / perSecond }];
  });
  const all = namesIn(byChannel).reduce((sum, channel) => sum + messages(channel), 0);
  if (perMinute !== undefined && all > 0) limits.push({ by: 'speed', seconds: (all * 60) / perMinute });
  const slowest = limits.sort((one, other) => other.seconds - one.seconds)[0];
  return {
    seconds: slowest ? Math.ceil(slowest.seconds) : null,
    limitedBy: slowest?.by ?? null,
    spreadSeconds: sendTime ? longestWaitMs(sendTime) / 1_000 : 0,
  };
};
