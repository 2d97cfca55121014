import type { Campaign } from '../campaign.ts';
import { planHashOf } from '../campaign-schedule.ts';
import { nextOccurrence } from '../schedule.ts';
import { beginsAtMs } from '../send-time.ts';
import type { NearCampaign } from './pre-flight-id.ts';

/** Whoever gets two messages within so long gets them on one day. */
export const NEAR_MS = 12 * 3_600_000;

/** So many are named of each kind. */
export const MAX_NAMED = 20;
/** Of so many it is counted whom they share: each is a column of the query. */
export const MAX_COUNTED = 5;

/** Those that are approved, or are to be, and others that send now. */
const PLANNED: ReadonlySet<Campaign['state']> = new Set<Campaign['state']>([
  'in review',
  'approved',
  'scheduled',
  'preparing',
  'sending',
]);

/** The begin of the other one that is nearest to `atMs` on the safe side: its next one within the hours, or else any. Undefined: none is known. */
const begins = (other: Campaign, atMs: number, nowMs: number): number | undefined => {
  if (other.run) return other.run.startedMs;
  if (other.repeat) return nextOccurrence(other.repeat.schedule, Math.max(nowMs, atMs - NEAR_MS) - 1)?.atMs;
  return other.due?.atMs ?? Math.max(nowMs, beginsAtMs(other) ?? nowMs);
};

/** Runs belong to their series. */
const rootOf = ({ id, runOf }: Pick<Campaign, 'id' | 'runOf'>): string => runOf?.campaignId ?? id;

/** Other campaigns that begin within 12 hours of `atMs`: of the same topic first, then who is nearest. */
export const nearCampaigns = (
  own: Campaign,
  others: readonly Campaign[],
  atMs: number,
  nowMs: number,
): NearCampaign[] => {
  const near = others.flatMap((other): NearCampaign[] => {
    if (rootOf(other) === rootOf(own) || !PLANNED.has(other.state) || other.deletedMs !== undefined) return [];
    const beginMs = begins(other, atMs, nowMs);
    if (beginMs === undefined || Math.abs(beginMs - atMs) > NEAR_MS) return [];
    const { id, name, state, topic } = other;
    const hash = planHashOf(other);
    return [{ id, name, state, atMs: beginMs, sameTopic: topic === own.topic, ...(hash && { hash }) }];
  });
  return near.sort(
    (a, b) => Number(b.sameTopic) - Number(a.sameTopic) || Math.abs(a.atMs - atMs) - Math.abs(b.atMs - atMs),
  );
};
