import type { Segment } from '../../core/audience/segment.ts';
import {
  type ListeningPlan,
  type SegmentChange,
  type SubmittedSegment,
  segmentApproval,
} from '../../core/audience/segment-change.ts';
import { channelsOf } from '../../core/delivery/policy.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import { DEFAULT_EXPIRY_SECONDS, isUnderWay } from '../../core/strategy/approval/decisions.ts';
import { withdrawn } from '../../core/strategy/approval/in-force.ts';
import type { Journey } from '../../core/strategy/journey/journey.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { peopleOf } from '../adapters/audiences.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { journeys } from '../adapters/journeys.ts';
import { createDefinition } from '../adapters/outbox.ts';
import { loadPlanVersion } from '../adapters/plan-versions.ts';
import type { NamedSegment } from '../adapters/segments.ts';
import { storeSubmission } from '../adapters/submissions.ts';
import { listeningPlans, SUBMITTED } from '../audience/listening-plans.ts';
import { orProblem } from '../audience/or-problem.ts';
import { Problem } from '../middleware/problem.ts';
import type { Store } from './change-campaign.ts';
import { askForApproval, changeForced, isForceRefusal } from './change-forced.ts';
import { levelsFor } from './levels-for.ts';

/** Asks for approval of another rule of a segment that plans in force, or submitted, listen to; it takes the place of one that waits. */
export const submitSegment = async (
  store: Store,
  id: string,
  asked: { version: number; segment: Segment; expirySeconds?: number | undefined },
  actor: string,
  nowMs: number,
): Promise<SegmentChange> => {
  const { defs, sinks } = store;
  const { segment, version, expirySeconds = DEFAULT_EXPIRY_SECONDS } = asked;
  const current = (await defs.get<NamedSegment>('segment', id))?.body;
  if (!current) throw new Problem('not-found', `There is no segment ${id}`);
  if (current.version !== version) {
    throw new Problem('version-conflict', `The segment is at version ${current.version}, not ${version}`);
  }
  await peopleOf(defs, { segment }, { ownId: id }).catch(orProblem);
  // In one order, whatever they are found by: the same rule for the same plans has one hash.
  const plans = (await listeningPlans(defs, id)).sort((a, b) => (`${a.kind}/${a.id}` < `${b.kind}/${b.id}` ? -1 : 1));
  if (plans.length === 0) throw new Problem('state-conflict', 'No plan in force listens to it: just change it');
  const { name, author } = current;
  const submitted: SubmittedSegment = { segment, plans };
  const hash = await storeSubmission(defs, 'segment', id, submitted, nowMs);
  const facts = { kind: 'segment' as const, ...(await messagesOf(defs, plans)) };
  const policy = await levelsFor(defs, { author, editors: [] }, [], facts, actor);
  const start = { id, version: 1, state: 'draft' as const, name, author, editors: [] };
  const first: SegmentChange = { ...start, segmentVersion: version, segment, plans };
  const entry = { subject: `segment/${id}`, action: 'propose', actor, atMs: nowMs, version: 1, detail: name };
  await createDefinition(defs, 'segment-change', id, first, nowMs, [{ effect: 'audit', entry }], sinks);
  const result = await changeForced<SegmentChange>(
    store,
    'segment',
    id,
    actor,
    nowMs,
    (change) => {
      // One for an older version can be approved and put in force no more, though it were the same rule: it gives way, and the votes with it.
      const before = isUnderWay(change) && change.segmentVersion !== version ? withdrawn(change) : change;
      const now = { ...before, name, author, segmentVersion: version, segment, plans };
      return segmentApproval.submitted(now, { hash, expirySeconds, ...policy }, actor, nowMs);
    },
    (after) => [askForApproval('segment', after, nowMs)],
  );
  if (!result) throw new Error(`The change of segment ${id} is gone`);
  if (isForceRefusal(result)) throw new Problem(result.problem, result.detail);
  return result;
};

type Messages = Pick<PlanVersion, 'topic' | 'channelPolicy'>;

/** Topics and channels of all messages of these plans, as they are in force, and as they are submitted. */
const messagesOf = async (defs: Definitions, plans: readonly ListeningPlan[]) => {
  const found = await Promise.all(plans.map(({ kind, id }) => messages[kind](defs, id)));
  return {
    topics: [...new Set(found.flat().map(({ topic }) => topic))],
    channels: [...new Set(found.flat().flatMap(({ channelPolicy }) => channelsOf(channelPolicy)))],
  };
};

const messages = {
  trigger: async (defs: Definitions, id: string): Promise<Messages[]> => {
    const trigger = (await defs.get<Trigger>('trigger', id))?.body;
    if (trigger?.state !== 'active' || trigger.hash === undefined) return trigger ? [trigger] : [];
    return [await loadPlanVersion(defs, id, trigger.hash)];
  },

  journey: async (defs: Definitions, id: string): Promise<Messages[]> => {
    const [journey, live] = await Promise.all([
      defs.get<Journey>('journey', id),
      defs.get<LiveJourney>('live-journey', id),
    ]);
    const hashes = live && live.body.state !== 'stopped' ? await plansOf(defs, id, live.body.current) : [];
    return [
      ...(await Promise.all(hashes.map((hash) => loadPlanVersion(defs, id, hash)))),
      ...(journey && SUBMITTED.has(journey.body.state) ? writtenIn(journey.body) : []),
    ];
  },
};

const writtenIn = ({ topic, nodes }: Journey): Messages[] =>
  Object.values(nodes).flatMap((node): Messages[] => {
    if (node.kind === 'webhook') return [{ topic, channelPolicy: ['webhook'] }];
    return node.kind === 'message' ? [{ topic: node.topic ?? topic, channelPolicy: node.channelPolicy }] : [];
  });

const plansOf = async (defs: Definitions, id: string, current: string): Promise<string[]> => {
  const { nodes } = await journeys(defs).versionOf(id, current);
  return Object.values(nodes).flatMap((node) => ('plan' in node ? [node.plan] : []));
};
