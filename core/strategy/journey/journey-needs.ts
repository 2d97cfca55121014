import type { Leaf } from '../../event/condition.ts';
import { needsOf, withNeeds } from '../../event/matcher/needs.ts';
import { isMembership, questionsOf } from './branch-condition.ts';
import { edgesOf, reachableFrom } from './graph.ts';
import type { JourneyNode, NodeId } from './journey-node.ts';
import type { JourneyNeeds } from './journey-version.ts';

export const NO_JOURNEY_NEEDS: JourneyNeeds = {
  profile: false,
  contact: false,
  references: [],
  segments: [],
  lists: [],
  experiments: [],
};

const union = (...lists: string[][]): string[] => [...new Set(lists.flat())].sort();
export const withJourneyNeeds = (one: JourneyNeeds, other: JourneyNeeds): JourneyNeeds => ({
  ...withNeeds(one, other),
  segments: union(one.segments, other.segments),
  lists: union(one.lists, other.lists),
  experiments: union(one.experiments, other.experiments),
});

/** What the node itself asks about somebody. */
const ownNeeds = (id: NodeId, node: JourneyNode): JourneyNeeds => {
  if (node.kind === 'wait-until') return { ...NO_JOURNEY_NEEDS, profile: true };
  if (node.kind === 'experiment') return { ...NO_JOURNEY_NEEDS, experiments: [id] };
  if (node.kind !== 'branch') return NO_JOURNEY_NEEDS;
  const asked = node.branches.flatMap(({ when }) => when.flatMap(questionsOf));
  const named = asked.flatMap((one) => (isMembership(one) ? [one.in] : []));
  return {
    ...needsOf(asked.filter((one): one is Leaf => !isMembership(one))),
    segments: union(named.flatMap((one) => ('segment' in one ? [one.segment] : []))),
    lists: union(named.flatMap((one) => ('list' in one ? [one.list] : []))),
    experiments: [],
  };
};

/** Of each node: what must be known to go from it, by whichever way out, to where the participant rests next. */
export const needsOfNodes = (nodes: Record<NodeId, JourneyNode>): Record<NodeId, JourneyNeeds> =>
  Object.fromEntries(
    Object.entries(nodes).map(([from, node]) => {
      const next = edgesOf(node).map(({ to }) => to);
      const passed = new Set([from, ...reachableFrom(nodes, next, ({ atOnce }) => atOnce)]);
      const needs = [...passed].map((id) => ownNeeds(id, nodes[id] as JourneyNode));
      return [from, needs.reduce(withJourneyNeeds, NO_JOURNEY_NEEDS)];
    }),
  );
