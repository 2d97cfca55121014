import { channelsOf } from '../../core/delivery/policy.ts';
import { DEFAULT_EXPIRY_SECONDS, isAtVersion, type Voter } from '../../core/strategy/approval/decisions.ts';
import type { ForceDecision } from '../../core/strategy/approval/in-force.ts';
import { type Journey, journeyApproval, type SubmittedJourney } from '../../core/strategy/journey/journey.ts';
import type { JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import type { Inside } from '../../core/strategy/journey/live-journey.ts';
import { storeJourneyVersion } from '../adapters/journeys.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { storePlanVersion } from '../adapters/plan-versions.ts';
import { storeSubmission } from '../adapters/submissions.ts';
import { Problem } from '../middleware/problem.ts';
import type { Store } from './change-campaign.ts';
import { askForApproval, changeForced, isForceRefusal } from './change-forced.ts';
import type { Frozen } from './freeze-journey.ts';
import { levelsFor } from './levels-for.ts';
import { putJourneyInForce, tooMany } from './put-in-force.ts';

/** A journey as it is frozen now, without any defect, and what becomes of those inside. */
type Sound = { journey: Journey; frozen: Frozen; version: JourneyVersion; inside: Inside };

export const submitJourney = async (
  store: Store,
  sound: Sound,
  expirySeconds: number = DEFAULT_EXPIRY_SECONDS,
  actor: string,
  nowMs: number,
): Promise<Journey> => {
  const hash = await freeze(store, sound, nowMs);
  const submission = { hash, expirySeconds, ...(await levels(store, sound, actor)) };
  return change(store, sound.journey, actor, nowMs, (journey) =>
    journeyApproval.submitted(journey, submission, actor, nowMs),
  );
};

/**
 * A second person has people walk it at once. That they said yes is written first, and the state machine told: should this call die, it
 * publishes what was approved.
 */
export const publishJourney = async (store: Store, sound: Sound, by: Voter, nowMs: number): Promise<Journey> => {
  const { journey } = sound;
  const hash = await freeze(store, sound, nowMs);
  const submission = { hash, ...(await levels(store, sound, undefined)) };
  const approved = await change(store, journey, by.actor, nowMs, (now) =>
    journeyApproval.approvedAtOnce(now, submission, by, nowMs),
  );
  const ref = { hash, submission: journey.version };
  const after = (await putJourneyInForce(store, journey.id, ref, by.actor, nowMs)) ?? approved;
  if (after.state === 'draft' && after.approval?.revoked)
    throw new Problem('state-conflict', after.approval.revoked.reason);
  return after;
};

/** What is frozen is stored before anything names it: nobody ever finds a hash without its content. */
const freeze = async ({ defs }: Store, { journey, frozen, version, inside }: Sound, nowMs: number): Promise<string> => {
  const problem = await tooMany(defs, journey.id);
  if (problem) throw new Problem('state-conflict', problem);
  for (const plan of frozen.plans) await storePlanVersion(defs, plan, nowMs);
  await storeJourneyVersion(defs, version, nowMs);
  const submitted: SubmittedJourney = { version: version.hash, inside };
  return storeSubmission(defs, 'journey', journey.id, submitted, nowMs);
};

const levels = ({ defs }: Store, { journey, frozen: { plans, writers } }: Sound, submittedBy: string | undefined) => {
  const topics = [...new Set([journey.topic, ...plans.map(({ topic }) => topic)])];
  const channels = [...new Set(plans.flatMap(({ channelPolicy }) => channelsOf(channelPolicy)))];
  return levelsFor(defs, journey, writers, { kind: 'journey', topics, channels }, submittedBy);
};

const change = async (
  store: Store,
  { id, version }: Journey,
  actor: string,
  nowMs: number,
  decide: (journey: Journey) => ForceDecision<Journey>,
): Promise<Journey> => {
  const atVersion = (journey: Journey): ForceDecision<Journey> =>
    isAtVersion(journey, version)
      ? decide(journey)
      : { kind: 'refuse', problem: 'version-conflict', detail: `It is at version ${journey.version}, not ${version}` };
  const effects = (after: Journey): OutboxEntry[] => [askForApproval('journey', after, nowMs)];
  const result = await changeForced(store, 'journey', id, actor, nowMs, atVersion, effects);
  if (!result) throw new Problem('not-found', `There is no journey ${id}`);
  if (isForceRefusal(result)) throw new Problem(result.problem, result.detail);
  return result;
};
