import { valueAt } from '../../audience/question.ts';
import { knownZone, wallAt, instantOf as wallInstant } from '../../delivery/local-time.ts';
import { instantOf } from '../../event/instant.ts';
import { WEEKDAYS } from '../schedule.ts';
import type { NodeOf } from './journey-node.ts';
import type { JourneyFacts } from './participant.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

type Moment = NodeOf<'wait-until'>['at'];

/** What a wait until a local moment comes to: when (epoch ms), and by whose clock; or why there is no such moment. */
export type Until = { atMs: number; zone: string } | { missing: string };

/**
 * The first instant from `fromMs` on at which the person's clock shows the moment. A time that the clock leaves out is taken by the
 * clock before the change: 02:30 in the hour that is missing is 03:30; one that it shows twice is meant the first time. Without a zone,
 * or with one that does not exist, the fallback counts.
 */
export const untilOf = (moment: Moment, facts: JourneyFacts, fromMs: number): Until => {
  const zone = knownZone(facts.profile?.timeZone || undefined, facts.fallbackTimeZone);
  const minutes = Number(moment.time.slice(0, 2)) * 60 + Number(moment.time.slice(3));
  const shownOn = (dayMs: number, afterMs = Number.NEGATIVE_INFINITY) =>
    wallInstant(dayMs + minutes * MINUTE_MS, zone, afterMs);
  if (!('attribute' in moment)) {
    const today = Math.floor(wallAt(fromMs, zone) / DAY_MS) * DAY_MS;
    for (let dayMs = today - DAY_MS; ; dayMs += DAY_MS) {
      const isWanted = moment.weekdays?.includes(weekdayOf(dayMs)) ?? true;
      const atMs = isWanted ? shownOn(dayMs, fromMs - 1) : Number.NEGATIVE_INFINITY;
      if (atMs >= fromMs) return { atMs, zone };
    }
  }
  const value = facts.profile && valueAt(facts.profile.attributes, moment.attribute);
  if (typeof value !== 'string' || instantOf(value) === undefined) return { missing: `${moment.attribute} is no date` };
  const offsetMs = (moment.offsetDays ?? 0) * DAY_MS;
  const day = value.slice(0, 10);
  if (!moment.yearly) {
    const atMs = shownOn(Date.parse(day) + offsetMs);
    return atMs >= fromMs ? { atMs, zone } : { missing: `${moment.attribute} is past: ${day}` };
  }
  const year = new Date(wallAt(fromMs, zone) - offsetMs).getUTCFullYear() - 1;
  for (let at = year; ; at += 1) {
    const atMs = shownOn(anniversary(day, at) + offsetMs);
    if (atMs >= fromMs) return { atMs, zone };
  }
};

/** 1970-01-01 was a Thursday. */
const weekdayOf = (dayMs: number) => WEEKDAYS[(((Math.floor(dayMs / DAY_MS) + 3) % 7) + 7) % 7] ?? 'mon';

/** Midnight of the day in a year. That of 29 February is 28 February in years that have no 29th. */
const anniversary = (day: string, year: number): number => {
  const [month = 1, date = 1] = [Number(day.slice(5, 7)), Number(day.slice(8, 10))];
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return Date.UTC(year, month - 1, Math.min(date, last));
};
