import { type LatePolicy, whenLate } from '../late.ts';
import { minutesOf, nextOccurrence, type Occurrence, type Schedule } from '../schedule.ts';
import { OWN_MAX_LATENESS_MS, type VersionEntry } from './journey-version.ts';

/**
 * Where a journey that people enter on schedule stands. `chain` numbers the executions that wait for the next time: a new one begins
 * whenever the schedule changes or a pause ends, and the old one ends when it wakes.
 */
export type JourneySeries = {
  schedule: Schedule;
  ifLate?: LatePolicy;
  chain: number;
  /** Epoch ms at which that began. */
  sinceMs: number;
  /** The next time; absent: there is none any more. */
  next?: Occurrence;
  last?: Entering;
  /** Times that have begun. */
  times: number;
  /** Times that passed while it was live, and nobody was let in. */
  skipped: number;
};

/**
 * The newest time that has begun. Its members are those whom the audience had then, and they enter as of `beginMs` (epoch ms), so telling
 * them again is harmless. `attempt`: how often they are told, for a pause may have come in between.
 */
export type Entering = {
  dueMs: number;
  beginMs: number;
  attempt: number;
  /** S3 address of Athena's list of the files with their ids, '' when there is nobody; absent: not asked yet. */
  manifest?: string;
  /** How many were told. Exactly when `isDone`, unless it failed. */
  people?: number;
  isDone?: true;
  problem?: string;
};

type BySchedule = Extract<VersionEntry, { by: 'schedule' }>;

/** An execution of Step Functions lives for a year. */
const LONGEST_WAIT_MS = 300 * 86_400_000;
/**
 * Nearer than that, the execution that asks waits itself: woken by a clock that is ahead of this one, it would start the execution that it is, by
 * name, and end, and there would be no next time.
 */
const NEAR_MS = 3_600_000;
const SEND_NOW: LatePolicy = { do: 'send-now' };

/**
 * What a version that is published makes of it. The same schedule goes on as it was, chain and all; another one begins at `nowMs` with a chain
 * of its own, which first brings to its end what the old one had begun.
 */
export const seriesOf = (
  entry: VersionEntry,
  before: JourneySeries | undefined,
  chain: number,
  nowMs: number,
): JourneySeries | undefined => {
  if (entry.by !== 'schedule') return undefined;
  const { schedule, ifLate }: BySchedule = entry;
  const timing = { schedule, ...(ifLate && { ifLate }) };
  if (before && isSame(timing, before)) return before;
  const { last, times = 0, skipped = 0 } = before ?? {};
  const next = nextOccurrence(schedule, sinceLast(last, nowMs));
  return {
    ...timing,
    chain,
    sinceMs: nowMs,
    ...(next && { next }),
    ...(last && { last: again(last) }),
    times,
    skipped,
  };
};

/** From when on times are to come: none again that has begun a moment early, by another clock, and none before one that was late begins. */
const sinceLast = (last: Entering | undefined, nowMs: number): number => Math.max(nowMs - 1, last?.beginMs ?? 0);

type Timing = { schedule: Schedule; ifLate?: LatePolicy | undefined };
const isSame = (a: Timing, b: Timing): boolean =>
  JSON.stringify([a.schedule, a.ifLate]) === JSON.stringify([b.schedule, b.ifLate]);

/** Whether a version has times at which somebody may still enter, if it is published. A schedule that goes on may be over: people are inside. */
export const hasTimes = (entry: Timing, before: JourneySeries | undefined, nowMs: number): boolean =>
  (before !== undefined && isSame(entry, before)) || nextOccurrence(entry.schedule, nowMs - 1) !== undefined;

const again = (last: Entering): Entering => (last.isDone ? last : { ...last, attempt: last.attempt + 1 });

/**
 * After a pause, with a chain of its own. Times that came again and again are not made up for; the only one of a schedule is, as `ifLate`
 * says. Whom the newest time would have let in are told once more, if that was lately: some of them may have been refused by the pause.
 */
export const resumedSeries = (before: JourneySeries, chain: number, nowMs: number): JourneySeries => {
  const { next: _missed, last, ...rest } = before;
  const next = 'at' in before.schedule ? before.next : nextOccurrence(before.schedule, sinceLast(last, nowMs));
  return {
    ...rest,
    ...{ chain, sinceMs: nowMs },
    ...(next && { next }),
    ...(last && { last: reopened(last, nowMs) }),
  };
};

const reopened = (last: Entering, nowMs: number): Entering => {
  const isLate = nowMs > last.beginMs + OWN_MAX_LATENESS_MS;
  if (last.isDone && (isLate || last.problem !== undefined)) return last;
  if (isLate) return { ...last, isDone: true, problem: 'It was paused until it was too late to enter' };
  const { isDone: _done, people: _people, ...open } = last;
  return { ...open, attempt: last.attempt + 1 };
};

/** What the chain does next. */
export type SeriesStep =
  /** Save, and ask again. */
  | { do: 'save'; series: JourneySeries; action: 'begin-time' | 'skip-time'; detail: string }
  /** Let in those of the newest time, who are still to be looked up where it has no manifest. */
  | { do: 'enter'; last: Entering }
  /** Start the next execution, which wakes then (epoch ms). */
  | { do: 'wake'; atMs: number }
  /** Ask again in so many seconds. */
  | { do: 'wait'; seconds: number }
  | { do: 'nothing' };

export const nextSeriesStep = (series: JourneySeries, nowMs: number): SeriesStep => {
  const { next, last, schedule, ifLate = SEND_NOW } = series;
  if (last && !last.isDone) return last.beginMs > nowMs ? rest(last.beginMs, nowMs) : { do: 'enter', last };
  if (!next) return { do: 'nothing' };
  if (next.atMs > nowMs) return rest(next.atMs, nowMs);
  const beginMs = whenLate(ifLate, next.atMs, nowMs, clockOf(schedule, next));
  const { next: following, passed } = after(schedule, next, Math.max(nowMs, beginMs ?? 0));
  const { next: _now, ...others } = series;
  const going = { ...others, ...(following && { next: following }) };
  const due = new Date(next.atMs).toISOString();
  if (beginMs === undefined) {
    const skipped = series.skipped + 1 + passed;
    return { do: 'save', action: 'skip-time', series: { ...going, skipped }, detail: `${due}: its time had passed` };
  }
  const begun = { times: series.times + 1, skipped: series.skipped + passed };
  const entering: Entering = { dueMs: next.atMs, beginMs, attempt: 1 };
  return { do: 'save', action: 'begin-time', series: { ...going, ...begun, last: entering }, detail: due };
};

const rest = (atMs: number, nowMs: number): SeriesStep =>
  atMs > nowMs + NEAR_MS
    ? { do: 'wake', atMs: Math.min(atMs, nowMs + LONGEST_WAIT_MS) }
    : { do: 'wait', seconds: Math.ceil((atMs - nowMs) / 1_000) };

/** The time of day at which it would happen a day later. */
const clockOf = (schedule: Schedule, { atMs }: Occurrence) =>
  'at' in schedule
    ? { ms: atMs % 86_400_000, timeZone: 'UTC' }
    : { ms: minutesOf(schedule.time) * 60_000, timeZone: schedule.timeZone };

/** The time after this one; those that will have passed at `untilMs`, when this one has begun, are left out. */
const after = (schedule: Schedule, now: Occurrence, untilMs: number): { next?: Occurrence; passed: number } => {
  const next = 'at' in schedule ? undefined : nextOccurrence(schedule, Math.max(now.atMs, untilMs));
  return next ? { next, passed: next.number - now.number - 1 } : { passed: 0 };
};
