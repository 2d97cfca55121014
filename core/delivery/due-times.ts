import { createHash } from 'node:crypto';
import { isPopulationRow, type PopulationRow } from '../measurement/activity-sql.ts';
import {
  type PopulationHours,
  personHours,
  populationHours,
  WEEK_HOURS,
  weekHourOf,
} from '../measurement/weekly-hours.ts';
import { type LatePolicy, whenLate } from '../strategy/late.ts';
import { midnightOf, minutesOf } from '../strategy/schedule.ts';
import { longestWaitMs, type SendTime } from '../strategy/send-time.ts';
import { NOT_AT_ALL } from './due-table.ts';
import { endOf } from './hours.ts';
import { instantOf, knownZone, wallAt } from './local-time.ts';
import type { DeliverySettings } from './settings.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** In no zone of today is the hour full at another minute than a quarter of an hour. */
const QUARTER_MS = 900_000;

/**
 * Of so many one gets it in an hour that chance chose, of those that were open to them. Who always gets a message at eight opens at
 * eight: without others nobody would learn that ten is better, or what the hours are worth. A tenth costs a campaign at most a
 * tenth of what they are worth.
 */
export const EXPLORED_SHARE = 0.1;

/** `runId` decides together with the person who is explored; `channels`: of the plan's policy. */
export type DueTimes = {
  sendTime: SendTime;
  /** Of those whose time has passed when the run begins. Absent: as soon as their clock shows it again. */
  ifLate?: LatePolicy | undefined;
  runId: string;
  /** Epoch ms from which on it may be sent. */
  startMs: number;
  channels: readonly string[];
  settings: Pick<DeliverySettings, 'fallbackTimeZone' | 'quietHours'>;
  population: PopulationHours | undefined;
};

/** What is asked of a recipient. `active`: see UnloadedRow. */
export type Waiting = { profile_id: string; time_zone?: string | null; active?: string | null };

/** `dueMs` 0: at once, which is the rest of the hour in which the run began. */
type Choice = { dueMs: number; cell: number };

/**
 * When each recipient is due (epoch ms, 0: at once, NOT_AT_ALL). The best hour is that of the window with the highest `personHours`, of
 * several the first: by its beginning on the person's clock. Hours that are quiet for a channel of the plan are chosen only when there are no
 * others; the sender asks about them again. Nobody has a history: all at once, but for those who explore.
 */
export const dueTimes = (asked: DueTimes): ((recipient: Waiting) => number) => {
  const { sendTime, settings, population, runId } = asked;
  const zoneOf = kept((name: string) => knownZone(name || undefined, settings.fallbackTimeZone));
  if ('local' in sendTime) {
    const dueIn = kept((zone: string) => localDue(sendTime.local, sendTime.on, zone, asked));
    return ({ time_zone }) => dueIn(zoneOf(time_zone ?? ''));
  }
  const choicesIn = kept((zone: string) => openChoices(asked, zone));
  const hourIn = kept(localHours);
  const usual = kept((zone: string) => (population ? best(choicesIn(zone), personHours(new Map(), population)) : 0));
  return ({ profile_id, time_zone, active }) => {
    const zone = zoneOf(time_zone ?? '');
    const explored = exploredAt(runId, profile_id);
    if (explored !== undefined) {
      const choices = choicesIn(zone);
      return choices[Math.floor(explored * choices.length)]?.dueMs ?? 0;
    }
    const seen = active ? sightings(active, hourIn(zone)) : undefined;
    return seen && population ? best(choicesIn(zone), personHours(seen, population)) : usual(zone);
  };
};

/** Keeps what was found for each name: zones are few. */
const kept = <T>(find: (name: string) => T): ((name: string) => T) => {
  const known = new Map<string, T>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const found = find(name);
    known.set(name, found);
    return found;
  };
};

/** When the zone's clock shows the time on the day that is meant, or what becomes of those for whom it has; 0: now. */
const localDue = (local: string, on: string | undefined, zone: string, { ifLate, startMs }: DueTimes): number => {
  const timeOfDayMs = minutesOf(local) * MINUTE_MS;
  const dayMs = on === undefined ? Math.floor(wallAt(startMs, zone) / DAY_MS) * DAY_MS : midnightOf(on);
  const shownMs = instantOf(dayMs + timeOfDayMs, zone);
  const dueMs = whenLate(ifLate ?? { do: 'next-day' }, shownMs, startMs, { ms: timeOfDayMs, timeZone: zone });
  if (dueMs === undefined) return NOT_AT_ALL;
  return dueMs === startMs ? 0 : dueMs;
};

const openChoices = ({ sendTime, startMs, channels, settings: { quietHours } }: DueTimes, zone: string): Choice[] => {
  const all = [{ dueMs: 0, cell: weekHourOf(wallAt(startMs, zone)) }];
  const endMs = startMs + longestWaitMs(sendTime);
  for (let atMs = (Math.floor(startMs / QUARTER_MS) + 1) * QUARTER_MS; atMs < endMs; atMs += QUARTER_MS) {
    const wall = wallAt(atMs, zone);
    if (wall % HOUR_MS === 0) all.push({ dueMs: atMs, cell: weekHourOf(wall) });
  }
  if (!quietHours || !(quietHours.channels?.some((channel) => channels.includes(channel)) ?? true)) return all;
  const open = all.filter(({ dueMs }) => endOf({ ...quietHours, timeZone: zone }, dueMs || startMs) === undefined);
  return open.length > 0 ? open : all;
};

const best = (choices: readonly Choice[], likely: (cell: number) => number): number => {
  let chosen = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (const { dueMs, cell } of choices) {
    const score = likely(cell);
    if (score <= most) continue;
    [chosen, most] = [dueMs, score];
  }
  return chosen;
};

/**
 * The hour that a zone's clock shows, as a number from 1970 on. The clock is asked once for each quarter of an hour, within which no
 * zone changes it: millions of recipients have millions of opens, in 90 days there are 8,640 quarters.
 */
const localHours = (zone: string): ((atMs: number) => number) => {
  const known = new Map<number, number>();
  return (atMs) => {
    const quarter = Math.floor(atMs / QUARTER_MS);
    const before = known.get(quarter);
    if (before !== undefined) return before;
    const hour = Math.floor(wallAt(quarter * QUARTER_MS, zone) / HOUR_MS);
    known.set(quarter, hour);
    return hour;
  };
};

/** In how many hours somebody was seen, by cell: several clicks within an hour of their clock are one. */
const sightings = (active: string, hourAt: (atMs: number) => number): Map<number, number> => {
  const hours = new Set(active.split(',').map((atMs) => hourAt(Number(atMs))));
  const seen = new Map<number, number>();
  for (const hour of hours) {
    const cell = weekHourOf(hour * HOUR_MS);
    seen.set(cell, (seen.get(cell) ?? 0) + 1);
  }
  return seen;
};

/** Where in the window chance has put somebody, 0 to 1; undefined for most. A query can tell it from the ids as well: it is MD5. */
const exploredAt = (runId: string, profileId: string): number | undefined => {
  const hash = createHash('md5').update(`${runId}#${profileId}`).digest();
  const share = (at: number) => hash.readUInt32BE(at) / 2 ** 32;
  return share(0) < EXPLORED_SHARE ? share(4) : undefined;
};

/** What a snapshot's rows tell of the population, each zone by its own clock. */
export const populationOf = async (
  rows: AsyncIterable<object>,
  { fallbackTimeZone }: Pick<DeliverySettings, 'fallbackTimeZone'>,
): Promise<PopulationHours | undefined> => {
  const seen = new Float64Array(WEEK_HOURS);
  for await (const row of rows) if (isPopulationRow(row)) note(seen, row, fallbackTimeZone);
  return populationHours(seen);
};

const note = (seen: Float64Array, { time_zone, hour, people }: PopulationRow, fallback: string | undefined): void => {
  const cell = weekHourOf(wallAt(Number(hour) * HOUR_MS, knownZone(time_zone || undefined, fallback)));
  seen[cell] = (seen[cell] ?? 0) + Number(people);
};
