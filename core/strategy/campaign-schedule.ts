import { wallAt } from '../delivery/local-time.ts';
import type { Campaign } from './campaign.ts';
import { act, cancelled, type Decision, resumed } from './campaign-decisions.ts';
import { type LatePolicy, whenLate } from './late.ts';
import { nextOccurrence } from './schedule.ts';
import { beginsAtMs, shownWorldwide } from './send-time.ts';
import { seriesFrom } from './series.ts';

const DAY_MS = 86_400_000;

/** Hash of the plan version that its runs send; undefined before it is submitted. */
export const planHashOf = ({ approval, runOf }: Campaign): string | undefined => runOf?.hash ?? approval?.hash;

/** A run is named by what it sends and, after a pause, by the version that says so: it begins once. */
const runIdOf = (campaign: Campaign, version?: number): string => {
  const hash = planHashOf(campaign);
  if (hash === undefined) throw new Error(`Campaign ${campaign.id} was never submitted`);
  return [campaign.id, hash.slice(0, 12), ...(version === undefined ? [] : [version])].join('-');
};

/**
 * When it begins, seen at `nowMs` (epoch ms): what would be late follows its policy, by the clock of `timeZone`; undefined: not at all.
 * At a time that each recipient's clock shows it is they who are late, or not.
 */
const beginsAt = (campaign: Campaign, dueMs: number, nowMs: number, timeZone: string): number | undefined => {
  const policy: LatePolicy = shownWorldwide(campaign.sendTime) ? NEVER_LATE : (campaign.ifLate ?? NEVER_LATE);
  return whenLate(policy, dueMs, nowMs, { ms: wallAt(dueMs, timeZone) % DAY_MS, timeZone });
};
const NEVER_LATE: LatePolicy = { do: 'send-now' };

/**
 * When it would begin (epoch ms), were it approved now: of one that repeats the next time; undefined: not at all. `plannedMs`: when it was to.
 */
export const nextBeginning = (
  campaign: Campaign,
  nowMs: number,
  timeZone: string,
): { plannedMs: number; atMs: number | undefined } | undefined => {
  const { repeat, series, due, state } = campaign;
  if (repeat) {
    const next = series && state === 'scheduled' ? series.next : nextOccurrence(repeat.schedule, nowMs - 1);
    return next && { plannedMs: next.atMs, atMs: Math.max(next.atMs, nowMs) };
  }
  const plannedMs = due?.atMs ?? beginsAtMs(campaign) ?? nowMs;
  return { plannedMs, atMs: beginsAt(campaign, plannedMs, nowMs, timeZone) };
};

/** A decision that schedules it also says which run begins, and when; or that it is too late for that. All others stay. */
export const withBeginning = (decision: Decision, nowMs: number, timeZone: string): Decision => {
  if (decision.kind !== 'change' || decision.action !== 'schedule') return decision;
  const { campaign } = decision;
  if (campaign.repeat) {
    const series = seriesFrom(campaign.repeat.schedule, undefined, campaign.version + 1, nowMs);
    if (!series.next) return cancelled(campaign, 'Its last time had passed when it was approved');
    return { ...decision, campaign: { ...campaign, series } };
  }
  const atMs = beginsAt(campaign, beginsAtMs(campaign) ?? nowMs, nowMs, timeZone);
  if (atMs === undefined) return cancelled(campaign, 'Its time had passed when it was approved');
  return { ...decision, campaign: { ...campaign, due: { runId: runIdOf(campaign), atMs } } };
};

/** Goes on: one that had begun where it was, one that had not at its time, if that is still to come. */
export const goneOn = (campaign: Campaign, nowMs: number, timeZone: string): Decision => {
  if (campaign.state === 'scheduled') return { kind: 'same', campaign };
  if (campaign.state !== 'paused' || campaign.run) return resumed(campaign);
  if (campaign.repeat) {
    // What was due meanwhile is not made up for.
    const series = seriesFrom(campaign.repeat.schedule, campaign.series, campaign.version + 1, nowMs);
    return act(campaign, 'reschedule', { series }, series.next ? new Date(series.next.atMs).toISOString() : '');
  }
  const dueMs = campaign.due?.atMs ?? beginsAtMs(campaign) ?? nowMs;
  const atMs = beginsAt(campaign, dueMs, nowMs, timeZone);
  if (atMs === undefined) return cancelled(campaign, 'Its time had passed when it was resumed');
  const due = { runId: runIdOf(campaign, campaign.version + 1), atMs };
  return act(campaign, 'reschedule', { due }, new Date(atMs).toISOString());
};

/** Whether a run that wakes is not to begin: the campaign is paused, or another run is to begin instead. */
export const isOvertaken = ({ state, run, due }: Campaign, runId: string): boolean =>
  (state === 'paused' && !run) || (due !== undefined && due.runId !== runId);
