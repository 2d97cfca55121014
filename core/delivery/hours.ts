import { createHash } from 'node:crypto';
import { MAX_RINGING_MS } from '../event/timer.ts';
import type { Moment } from './caps.ts';
import type { Channel, Lane } from './channel.ts';
import { instantOf, knownZone, wallAt } from './local-time.ts';
import type { SkipReason } from './outcome.ts';
import { usZonesOf } from './us-area-codes.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A time of day, `HH:MM`, as minutes after midnight. */
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** From … to, by the clock of a zone; over midnight when `to` is not later than `from`. */
type Daily = { from: string; to: string; timeZone: string };

/**
 * The first instant after `nowMs` at which this stretch of the day has ended; undefined while it has not begun. Where the clock
 * changes, the wall counts, not the hours.
 */
export const endOf = ({ from, to, timeZone }: Daily, nowMs: number): number | undefined => {
  const wall = wallAt(nowMs, timeZone);
  const midnight = Math.floor(wall / DAY_MS) * DAY_MS;
  const minute = (wall - midnight) / MINUTE_MS;
  const [begins, ends] = [minutesOf(from), minutesOf(to)];
  const isIn = begins < ends ? begins <= minute && minute < ends : begins <= minute || minute < ends;
  if (!isIn) return undefined;
  const day = minute < ends ? midnight : midnight + DAY_MS;
  return instantOf(day + ends * MINUTE_MS, timeZone, nowMs);
};

/** Until 08:00 and from 21:00 on nobody in the United States is to be solicited by phone (47 CFR 64.1200(c)(1)). */
const US_NIGHT = { from: '21:00', to: '08:00' };

/** Where, and to whom. `unit` names the batch, for the jitter. `deadlineMs` absent: there is none. */
export type Hours = Moment & {
  channel: Channel;
  lane: Lane;
  phone?: string | undefined;
  unit: string;
  deadlineMs?: number;
};
/** `untilMs` absent: the message is not to wait. */
export type Closed = { reason: Extract<SkipReason, 'quiet-hours' | 'sms-window'>; untilMs?: number };

type Night = Daily & { reason: Closed['reason']; drops: boolean };

const nightsOf = ({ settings, channel, lane, phone, timeZone }: Hours): Night[] => {
  if (lane === 'transactional') return [];
  const { quietHours, usSmsWindow, fallbackTimeZone } = settings;
  const nights: Night[] = [];
  if (usSmsWindow && channel === 'sms' && phone) {
    const zones = usZonesOf(phone);
    const known = timeZone && knownZone(timeZone) === timeZone ? [timeZone] : zones;
    if (zones.length > 0) {
      for (const zone of known) nights.push({ ...US_NIGHT, timeZone: zone, reason: 'sms-window', drops: false });
    }
  }
  if (quietHours && (quietHours.channels?.includes(channel) ?? true)) {
    const zone = knownZone(timeZone, fallbackTimeZone);
    nights.push({ ...quietHours, timeZone: zone, reason: 'quiet-hours', drops: quietHours.otherwise === 'drop' });
  }
  return nights;
};

/** Two nights have a day between them within this many rounds, or they never have. */
const MAX_ROUNDS = 20;

const openFrom = (nights: readonly Night[], fromMs: number): number | undefined => {
  let atMs = fromMs;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const ends = nights.flatMap((night) => endOf(night, atMs) ?? []);
    if (ends.length === 0) return atMs;
    atMs = Math.max(...ends);
  }
  return undefined;
};

/** 0 to 1, by the hash of a text. */
const share = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32;

/**
 * Why no promotional message may go to this person on this channel now, and when it may; undefined when it may now. Everybody
 * whose night ends at the same time would get it at the same second: each batch waits a while longer, up to `jitterMinutes`, the
 * same whenever it is asked, but none past its deadline or into the next night. Quiet hours and the SMS window may leave no hour of
 * the day between them: then it is not to wait.
 */
export const closedNow = (asked: Hours): Closed | undefined => {
  const { settings, nowMs, unit, deadlineMs = Number.POSITIVE_INFINITY } = asked;
  const nights = nightsOf(asked);
  const [first] = nights
    .filter((night) => endOf(night, nowMs) !== undefined)
    .sort((a, b) => Number(b.drops) - Number(a.drops));
  if (!first) return undefined;
  const opensMs = first.drops ? undefined : openFrom(nights, nowMs);
  if (opensMs === undefined) return { reason: first.reason };
  const { jitterMinutes = DEFAULT_JITTER_MINUTES } = settings.quietHours ?? {};
  // What is due then is sent a while later.
  const leftMs = Math.max(0, deadlineMs - MAX_RINGING_MS - opensMs);
  const spreadMs = opensMs + Math.floor(share(unit) * Math.min(jitterMinutes * MINUTE_MS, leftMs));
  return { reason: first.reason, untilMs: openFrom(nights, spreadMs) === spreadMs ? spreadMs : opensMs };
};

const DEFAULT_JITTER_MINUTES = 15;
