import type { ResolvedSegment } from '../../audience/segment.ts';
import type { Needs } from '../../event/facts.ts';
import type { EventPattern } from '../../event/trigger.ts';
import type { LatePolicy } from '../late.ts';
import type { Schedule } from '../schedule.ts';
import type { JourneyNode, NodeId, NodeOf } from './journey-node.ts';

/** Names an event pattern by its content: equal patterns of any journey and version have the same id. */
export type PatternId = string;

/** Of what Herald says itself only its own queues make it late, by hours for millions of people, or in an outage. */
export const OWN_MAX_LATENESS_MS = 86_400_000;

/**
 * What enters. `maxLatenessMs`: an event that is older when it is handled starts nothing. `audience`: the rule as it was when the version
 * was made; who answers to it is looked up each time.
 */
export type VersionEntry =
  | { by: 'event'; pattern: PatternId; maxLatenessMs: number }
  | { by: 'segment'; segment: string; pattern: PatternId; includeMembers: boolean; maxLatenessMs: number }
  | { by: 'schedule'; schedule: Schedule; ifLate?: LatePolicy; audience: ResolvedSegment; maxLatenessMs: number }
  | { by: 'api'; sources?: string[]; maxLatenessMs: number };

/** A node as it runs. Of messages and webhooks `plan` is the hash of the plan version that senders load. */
export type VersionNode =
  | Exclude<JourneyNode, { kind: 'message' | 'webhook' | 'wait-for-event' | 'wait' }>
  | { kind: 'message' | 'webhook'; plan: string; next: NodeId }
  | { kind: 'wait'; ms: number; next: NodeId }
  | { kind: 'wait-for-event'; events: { pattern: PatternId; next: NodeId }[]; withinMs: number; onTimeout: NodeId };
export type VersionNodeOf<Kind extends VersionNode['kind']> = Extract<VersionNode, { kind: Kind }>;
export type ExperimentNode = NodeOf<'experiment'>;

/** What must be known of somebody before they are advanced, besides the participant. */
export type JourneyNeeds = Needs & {
  /** Ids of live segments and of lists of which the person may be a member. */
  segments: string[];
  lists: string[];
  /** Nodes of which the shares of the arms in force are needed. */
  experiments: NodeId[];
};

/**
 * A journey as it was approved, compiled and frozen: kind `journey-version`, id `<journeyId>@<hash>`. `hash` is that of the content of
 * everything else in here.
 */
export type JourneyVersion = {
  journeyId: string;
  hash: string;
  name: string;
  topic: string;
  entry: VersionEntry;
  /** Absent: once per person, for ever. */
  reentry?: { afterMs?: number; atMost?: number };
  start: NodeId;
  nodes: Record<NodeId, VersionNode>;
  goals: { name: string; pattern: PatternId; withinMs?: number; exits: boolean }[];
  /** `leavesSegment`: what the pattern stands for, for those who read why somebody left. */
  exits: { pattern: PatternId; leavesSegment?: string }[];
  holdoutPercent?: number;
  hold: 'pooled' | 'traced';
  longestMs: number;
  /** All patterns, that of the entry included: the rules of match-events. */
  patterns: Record<PatternId, EventPattern>;
  /** Patterns whose events may concern an entry that has not been handled yet: they are remembered of people who are not inside, too. */
  early: PatternId[];
  /** Names of the entry event's properties that anything in here reads, templates included; nothing else of them is kept. */
  properties: string[] | 'all';
  /** Of each node: what must be known to go from it to wherever the participant rests next. */
  needs: Record<NodeId, JourneyNeeds>;
};

/** Id among the definitions of kind `journey-version`. */
export const journeyVersionId = (journeyId: string, hash: string): string => `${journeyId}@${hash}`;
