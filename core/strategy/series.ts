import type { Campaign } from './campaign.ts';
import { act, type Decision, paused } from './campaign-decisions.ts';
import { isOver } from './campaign-states.ts';
import { type LatePolicy, whenLate } from './late.ts';
import { MACHINE } from './machine.ts';
import { minutesOf, nextOccurrence, type Occurrence, type Recurrence } from './schedule.ts';

/**
 * Where a campaign that repeats stands, while it is `scheduled` from its first run to the end of its last. Each run is a campaign of its own,
 * with its own snapshot, report and states. `chain` numbers the executions that wait for the next time: a new one begins whenever the series is
 * scheduled, and the old one ends when it wakes.
 */
export type Series = {
  chain: number;
  /** Epoch ms at which that began. */
  sinceMs: number;
  /** The next time; absent: there is none any more. */
  next?: Occurrence;
  /** The newest run. `ended`: what it ended as has been noted. */
  last?: { id: string; number: number; dueMs: number; beginMs: number; ended?: true };
  runs: number;
  /** Times that passed without a run. */
  skipped: number;
  /** Of the newest runs. */
  failedInARow: number;
};

/** Of a run: which campaign repeats, and the how many-th time it is. `hash` names what it sends. */
export type RunOf = { campaignId: string; number: number; hash: string };

/** When so many runs in a row have failed, the series is paused: somebody is to look. */
export const MAX_FAILED_RUNS = 3;

const DAY_MS = 86_400_000;
/** An execution of Step Functions lives for a year. */
const LONGEST_WAIT_MS = 300 * DAY_MS;
/** An execution that wakes a moment early, by another clock, begins the run, which waits for its time. */
const EARLY_MS = 30_000;
/**
 * Nearer than that, the execution that asks waits itself: woken by a clock that is ahead of this one, it would start the execution that it is, by
 * name, and end, and there would be no next time.
 */
const NEAR_MS = 3_600_000;
const SEND_NOW: LatePolicy = { do: 'send-now' };

/** The series of a campaign that is scheduled, from `nowMs` on. What came before counts no more, but for how many there were. */
export const seriesFrom = (schedule: Recurrence, before: Series | undefined, chain: number, nowMs: number): Series => {
  const { last, runs = 0, skipped = 0 } = before ?? {};
  // Begun a moment early, by another clock, it has begun.
  const next = nextOccurrence(schedule, Math.max(nowMs - 1, last?.dueMs ?? 0));
  return { chain, sinceMs: nowMs, ...(next && { next }), ...(last && { last }), runs, skipped, failedInARow: 0 };
};

/** Sorts behind its campaign, in the order of its runs. */
export const runIdOf = (campaignId: string, number: number): string =>
  `${campaignId}-${String(number).padStart(5, '0')}`;

/** What the chain does next. */
export type Step =
  /** Save, and ask again. */
  | { do: 'save'; decision: Decision }
  /** Start the next execution, which wakes then (epoch ms). */
  | { do: 'wake'; atMs: number }
  /** Ask again in so many seconds: a run is still under way. */
  | { do: 'wait'; seconds: number };

/** `newest`: the run that `last` names. The campaign is scheduled. */
export const nextStep = (campaign: Campaign, newest: Campaign | undefined, nowMs: number): Step => {
  const { series, repeat } = campaign;
  if (!series || !repeat) throw new Error(`Campaign ${campaign.id} does not repeat`);
  const isUnderWay = newest !== undefined && !isOver(newest.state);
  if (newest && !isUnderWay && !series.last?.ended) return save(noted(campaign, series, newest, nowMs));
  const { next } = series;
  if (!next) return isUnderWay ? wait(series, nowMs) : save(act(campaign, 'finish', {}, `${series.runs} runs`));
  const leftMs = next.atMs - nowMs;
  if (leftMs > NEAR_MS) return { do: 'wake', atMs: Math.min(next.atMs, nowMs + LONGEST_WAIT_MS) };
  if (leftMs > EARLY_MS) return { do: 'wait', seconds: Math.ceil(leftMs / 1_000) };
  if (isUnderWay && repeat.ifStillSending === 'queue') return wait(series, nowMs);
  if (isUnderWay) return save(skipped(campaign, series, next, 'The run before is still under way', nowMs));
  const { schedule } = repeat;
  const at = { ms: minutesOf(schedule.time) * 60_000, timeZone: schedule.timeZone };
  const beginMs = whenLate(campaign.ifLate ?? SEND_NOW, next.atMs, nowMs, at);
  if (beginMs === undefined) return save(skipped(campaign, series, next, 'Its time had passed', nowMs));
  return save(beginning(campaign, series, next, beginMs, nowMs));
};

const save = (decision: Decision): Step => ({ do: 'save', decision });

/** A quarter of what it has taken so far, from a minute to an hour: 900 questions in the 37 days that a run may take. */
const wait = ({ last }: Series, nowMs: number): Step => {
  const quarter = Math.round((nowMs - (last?.beginMs ?? nowMs)) / 4_000);
  return { do: 'wait', seconds: Math.min(3_600, Math.max(60, quarter)) };
};

const changed = (
  campaign: Campaign,
  action: 'note-run' | 'begin-run' | 'skip-run',
  series: Series,
  detail: string,
): Decision => ({
  kind: 'change',
  action,
  campaign: { ...campaign, series },
  detail,
});

/** The run has ended. One that was cancelled says nothing about the next. */
const noted = (campaign: Campaign, series: Series, { id, state, reason }: Campaign, nowMs: number): Decision => {
  const failedInARow = state === 'failed' ? series.failedInARow + 1 : state === 'finished' ? 0 : series.failedInARow;
  const { last } = series;
  const after = {
    ...campaign,
    series: { ...series, ...(last && { last: { ...last, ended: true as const } }), failedInARow },
  };
  if (failedInARow < MAX_FAILED_RUNS) return changed(campaign, 'note-run', after.series, `${id} ${state}`);
  return paused(after, MACHINE, `${failedInARow} runs in a row have failed, the last one with: ${reason ?? ''}`, nowMs);
};

/** The time after this one; those that have passed meanwhile are left out. */
const following = (campaign: Campaign, now: Occurrence, nowMs: number): { next?: Occurrence; passed: number } => {
  const next = campaign.repeat && nextOccurrence(campaign.repeat.schedule, Math.max(now.atMs, nowMs - 1));
  return next ? { next, passed: next.number - now.number - 1 } : { passed: 0 };
};

const skipped = (
  campaign: Campaign,
  { next: _now, ...series }: Series,
  now: Occurrence,
  why: string,
  nowMs: number,
): Decision => {
  const { passed, ...after } = following(campaign, now, nowMs);
  return changed(
    campaign,
    'skip-run',
    { ...series, ...after, skipped: series.skipped + 1 + passed },
    `${now.date}: ${why}`,
  );
};

const beginning = (
  campaign: Campaign,
  { next: _now, ...series }: Series,
  now: Occurrence,
  beginMs: number,
  nowMs: number,
): Decision => {
  const { passed, ...after } = following(campaign, now, nowMs);
  const last = { id: runIdOf(campaign.id, now.number), number: now.number, dueMs: now.atMs, beginMs };
  const counts = { runs: series.runs + 1, skipped: series.skipped + passed };
  return changed(campaign, 'begin-run', { ...series, ...after, ...counts, last }, last.id);
};
