import { edgesOf, reachableFrom } from '../journey/graph.ts';
import type { NodeId } from '../journey/journey-node.ts';
import type { ExperimentNode, JourneyVersion } from '../journey/journey-version.ts';
import { hashOf } from '../plan-hash.ts';
import type { ArmFigures } from './figures.ts';
import type { SampleRatio } from './sample-ratio.ts';
import type { Settled } from './settled.ts';
import type { Because } from './verdict.ts';

/** Shares (percent, in the order of the arms) that were in force from `sinceMs` on. Number 0 has those that are written. */
export type Round = { number: number; percents: number[]; sinceMs: number };

/**
 * What has become of an experiment of a journey: kind `journey-experiment`, by `journeyExperimentId`. It has counts and no people.
 */
export type JourneyExperiment = {
  journeyId: string;
  node: NodeId;
  key: string;
  startedMs: number;
  /**
   * Hashes of the versions that have gone on with it. The journey forgets those that nobody is inside of any more, but those who came in
   * them count for as long as the experiment does.
   */
  versions: string[];
  /** Absent: nobody was, so far. */
  settled?: Settled;
  /** Epoch ms of the last count. Nothing is counted after the decision. */
  countedMs: number;
  /** Oldest first; the last one is in force until there is a decision. */
  rounds: Round[];
  /** Of each arm, in their order: who came to it, and of those who count what they did. */
  arms: (ArmFigures & { assigned: number })[];
  /** Absent: too few people to tell. */
  sampleRatio?: SampleRatio;
  /** All who come from `atMs` on take this arm. */
  decision?: { atMs: number; arm: string; because: Because };
};

const nodeOf = ({ nodes }: JourneyVersion, id: NodeId): ExperimentNode | undefined => {
  const node = Object.hasOwn(nodes, id) ? nodes[id] : undefined;
  return node?.kind === 'experiment' ? node : undefined;
};

/** Experiments of a version, by node. */
export const experimentsIn = (version: JourneyVersion): { id: NodeId; node: ExperimentNode; key: string }[] =>
  Object.keys(version.nodes).flatMap((id) => {
    const node = nodeOf(version, id);
    return node ? [{ id, node, key: experimentKey(version, id, node) }] : [];
  });

/**
 * Names what is compared: the node, its goal, and whatever only some of its arms lead to. A version in which none of it has changed
 * goes on with the experiment; any other begins a new one. What all arms lead to alike may change.
 */
const experimentKey = (version: JourneyVersion, id: NodeId, node: ExperimentNode): string => {
  const { [id]: _self, ...others } = version.nodes;
  const led = edgesOf(node).map(({ to }) => reachableFrom(others, [to]));
  const some = [...new Set(led.flatMap((one) => [...one]))].filter((to) => !led.every((one) => one.has(to)));
  const goal = version.goals.find(({ name }) => name === node.goal);
  return hashOf({ node, goal, compared: Object.fromEntries(some.map((to) => [to, others[to]])) });
};

export const journeyExperimentId = (journeyId: string, node: NodeId, key: string): string =>
  `${journeyId}/${node}/${key}`;

const DAY_MS = 86_400_000;
/** A fixed experiment that does not say how long it goes on ends so long after the first people could count. */
const PATIENCE_MS = 90 * DAY_MS;

/**
 * How long somebody has for the goal: from their entry as the goal says, or, where it says nothing, `minimumDays` from the node. Only
 * those whose time is over count, whatever they did in it (decision 0032).
 */
export const timeForGoal = (
  { goals }: Pick<JourneyVersion, 'goals'>,
  { goal, minimumDays }: ExperimentNode,
): { from: 'entry' | 'node'; ms: number } => {
  const withinMs = goals.find(({ name }) => name === goal)?.withinMs;
  return withinMs === undefined ? { from: 'node', ms: minimumDays * DAY_MS } : { from: 'entry', ms: withinMs };
};

/** Epoch ms at which a winner may be named first, and at which the default is chosen; undefined: a bandit goes on. */
export const endsOf = (
  version: Pick<JourneyVersion, 'goals'>,
  node: ExperimentNode,
  startedMs: number,
): { earliestMs: number; latestMs?: number } => {
  const { method, minimumDays, maximumDays } = node;
  const earliestMs = startedMs + minimumDays * DAY_MS;
  if (maximumDays !== undefined) return { earliestMs, latestMs: startedMs + maximumDays * DAY_MS };
  if (method === 'bandit') return { earliestMs };
  return {
    earliestMs,
    latestMs: startedMs + Math.max(minimumDays * DAY_MS, timeForGoal(version, node).ms) + PATIENCE_MS,
  };
};
