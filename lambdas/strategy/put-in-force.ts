import type { Trigger } from '../../core/event/trigger.ts';
import { type SubmittedTrigger, triggerApproval } from '../../core/event/trigger-approval.ts';
import type { ApprovalRef } from '../../core/strategy/approval/approval.ts';
import { type ForceDecision, isApproved, isRevoked } from '../../core/strategy/approval/in-force.ts';
import { type Journey, journeyApproval, type SubmittedJourney } from '../../core/strategy/journey/journey.ts';
import type { JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import { publishedOnce, stoppedLive } from '../../core/strategy/journey/live-decisions.ts';
import { type LiveJourney, MAX_LIVE_JOURNEYS } from '../../core/strategy/journey/live-journey.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { journeys } from '../adapters/journeys.ts';
import { loadSubmission } from '../adapters/submissions.ts';
import type { Store } from './change-campaign.ts';
import { changeForced, isForceRefusal } from './change-forced.ts';
import { changeLiveJourney, isLiveRefusal } from './change-live-journey.ts';

/**
 * Has people walk the version of the journey that was approved. It may be repeated, and done by two at once: the version that runs
 * is the same then, and nobody enters twice. A journey that cannot run, for it was stopped, or too many do, is a draft again. One that was edited
 * meanwhile is left alone, and whatever runs of an approval that was taken back is stopped. Undefined when there is no such journey.
 */
export const putJourneyInForce = async (
  store: Store,
  id: string,
  ref: ApprovalRef,
  actor: string,
  nowMs: number,
): Promise<Journey | undefined> => {
  const { defs } = store;
  const stored = await defs.get<Journey>('journey', id);
  if (!stored || !isApproved(stored.body, ref)) return stored && stopRevoked(store, stored.body, ref, actor, nowMs);
  const { version: hash, inside } = await loadSubmission<SubmittedJourney>(defs, 'journey', id, ref.hash);
  const version = await journeys(defs).versionOf(id, hash);
  const problem =
    (await tooMany(defs, id)) ?? (await publish(store, version, { inside, submission: ref.submission }, actor, nowMs));
  const publishedBy = stored.body.approval?.decision?.by ?? actor;
  const decide = (journey: Journey): ForceDecision<Journey> =>
    problem === undefined
      ? journeyApproval.putInForce(journey, ref, { hash, publishedBy })
      : journeyApproval.returned(journey, ref, problem, nowMs);
  const result = await changeForced(store, 'journey', id, actor, nowMs, decide);
  if (result && isForceRefusal(result)) throw new Error(`Journey ${id} cannot be published: ${result.detail}`);
  return result && stopRevoked(store, result, ref, actor, nowMs);
};

/**
 * Stops for good what runs of an approval that was taken back, and gives the journey. Who has people walk it writes what runs and then looks at the
 * journey; who takes it back writes the journey and then looks at what runs: whichever comes last sees the other. What runs of an
 * earlier approval goes on.
 */
export const stopRevoked = async (
  store: Store,
  journey: Journey,
  { submission }: Pick<ApprovalRef, 'submission'>,
  actor: string,
  nowMs: number,
): Promise<Journey> => {
  const { id, approval } = journey;
  if (!isRevoked(journey, submission)) return journey;
  // Of one that was edited since the reason is in the audit log.
  const said = approval?.submission === submission ? approval.revoked?.reason : undefined;
  const reason = ['Its approval was revoked', ...(said === undefined ? [] : [said])].join(': ');
  const isOurs = (await store.defs.get<LiveJourney>('live-journey', id))?.body.submission === submission;
  if (!isOurs) return journey;
  const result = await changeLiveJourney(store, id, actor, nowMs, (live) =>
    live?.submission === submission
      ? stoppedLive(live, reason)
      : { kind: 'refuse', problem: 'state-conflict', detail: 'Something else runs of it by now' },
  );
  if (!isLiveRefusal(result)) return journey;
  throw new Error(`Journey ${id} cannot be stopped: ${result.detail}`);
};

/** Undefined, or why it does not run. */
const publish = async (
  store: Store,
  version: JourneyVersion,
  submitted: { inside: SubmittedJourney['inside']; submission: number },
  actor: string,
  nowMs: number,
): Promise<string | undefined> => {
  const decide = (live: LiveJourney | undefined) => publishedOnce(live, version, submitted, nowMs);
  const result = await changeLiveJourney(store, version.journeyId, actor, nowMs, decide);
  return isLiveRefusal(result) ? result.detail : undefined;
};

/** Undefined, or the words for whoever wants one more. */
export const tooMany = async (defs: Definitions, id: string): Promise<string | undefined> => {
  const others = (await defs.all<LiveJourney>('live-journey')).filter((one) => one.id !== id);
  if (others.filter(({ body }) => body.state !== 'stopped').length < MAX_LIVE_JOURNEYS) return undefined;
  return `${MAX_LIVE_JOURNEYS} journeys are live; stop one first`;
};

/** Has the trigger send what was approved. Repeated, it changes nothing. Undefined when there is no such trigger. */
export const putTriggerInForce = async (
  store: Store,
  id: string,
  ref: ApprovalRef,
  actor: string,
  nowMs: number,
): Promise<Trigger | undefined> => {
  const stored = await store.defs.get<Trigger>('trigger', id);
  if (!stored || !isApproved(stored.body, ref)) return stored?.body;
  const { plan: hash } = await loadSubmission<SubmittedTrigger>(store.defs, 'trigger', id, ref.hash);
  const result = await changeForced<Trigger>(store, 'trigger', id, actor, nowMs, (trigger) =>
    triggerApproval.putInForce(trigger, ref, { hash, activatedBy: trigger.approval?.decision?.by ?? actor }),
  );
  if (result && isForceRefusal(result)) throw new Error(`Trigger ${id} cannot be activated: ${result.detail}`);
  return result;
};
