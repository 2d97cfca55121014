import type { Channel } from './channel.ts';
import { knownZone, periodStart } from './local-time.ts';
import type { SkipReason } from './outcome.ts';
import type { Priority } from './priority.ts';
import type { DeliverySettings } from './settings.ts';

type Cap = NonNullable<DeliverySettings['caps']>[number];

/** No more than `touches` from `fromSeconds` on (epoch seconds), of a channel or topic where they are named. */
export type Limit = {
  touches: number;
  fromSeconds: number;
  channel?: Channel;
  topic?: string;
  reason: Extract<SkipReason, 'frequency-cap' | 'channel-cap' | 'minimum-gap'>;
};

/** When, and for whom. `timeZone`: what the profile names. */
export type Moment = { settings: DeliverySettings; nowMs: number; timeZone?: string | undefined };

/**
 * First second inside a window of so many milliseconds: touches from then on count, also those of the future (another
 * machine's clock). Never negative.
 */
const rollingStart = (nowMs: number, lengthMs: number): number =>
  Math.max(0, Math.floor((nowMs - lengthMs) / 1_000) + 1);

const startOf = ({ within }: Pick<Cap, 'within'>, { settings, nowMs, timeZone }: Moment): number =>
  'hours' in within
    ? rollingStart(nowMs, within.hours * 3_600_000)
    : Math.floor(periodStart(nowMs, knownZone(timeZone, settings.fallbackTimeZone), within.calendar) / 1_000);

const isScoped = ({ channel, topic }: Cap): boolean => channel !== undefined || topic !== undefined;

/** Scoped caps: what the newest touches of all say nothing about. */
const scopedCaps = ({ caps = [] }: DeliverySettings): Cap[] => caps.filter(isScoped);

type About = { channel: Channel; topic: string };
const concerns = (cap: Cap, { channel, topic }: About): boolean =>
  (cap.channel ?? channel) === channel && (cap.topic ?? topic) === topic;

const limitOf = (cap: Cap, moment: Moment, reserved: number): Limit => ({
  touches: cap.touches - reserved,
  fromSeconds: startOf(cap, moment),
  ...(cap.channel && { channel: cap.channel }),
  ...(cap.topic && { topic: cap.topic }),
  reason: cap.channel ? 'channel-cap' : 'frequency-cap',
});

/** Every limit on a promotional message; those of a channel last, for another channel may do where only they are reached. */
export const limitsOn = (about: About & { priority?: Priority | undefined }, moment: Moment): Limit[] => {
  const { frequencyCap, minimumGap, caps = [] } = moment.settings;
  const all: Cap[] = [{ ...frequencyCap, within: { hours: frequencyCap.hours } }, ...caps];
  const limits = all
    .filter((cap) => concerns(cap, about))
    .map((cap) => limitOf(cap, moment, about.priority === 'high' ? 0 : (cap.reserved ?? 0)));
  const gap: Limit[] = minimumGap
    ? [{ touches: 1, fromSeconds: rollingStart(moment.nowMs, minimumGap.minutes * 60_000), reason: 'minimum-gap' }]
    : [];
  return [...limits.filter(({ channel }) => !channel), ...gap, ...limits.filter(({ channel }) => channel)];
};

/** Whom a cap on a channel or topic counts for is looked at first: the newest touches alone do not decide. */
export const needsLook = (settings: DeliverySettings, about: About): boolean =>
  scopedCaps(settings).some((cap) => concerns(cap, about));

/** What scoped caps still count, whatever the message that they will be asked about. */
export const scopedLimits = (moment: Moment): Limit[] =>
  scopedCaps(moment.settings).map((cap) => limitOf(cap, moment, 0));

/** Whether it matters which channel a touch was on, and what it said. */
export const remembersChannel = ({ caps = [], noDuplicatesWithin }: DeliverySettings): boolean =>
  noDuplicatesWithin !== undefined || caps.some(({ channel }) => channel !== undefined);

/** First second from which on the same content is a duplicate; undefined: it never is. */
export const duplicatesFrom = ({ settings, nowMs }: Moment): number | undefined =>
  settings.noDuplicatesWithin && rollingStart(nowMs, settings.noDuplicatesWithin.hours * 3_600_000);
