import type { JourneyNode, NodeId } from './journey-node.ts';
import type { VersionNode } from './journey-version.ts';

type Node = JourneyNode | VersionNode;

/** A way out of a node: the field that says so, and whether a participant may take it in the moment in which they came. */
export type Edge = { path: string; to: NodeId; atOnce: boolean };

const edge = (path: string, to: NodeId, atOnce = true): Edge => ({ path, to, atOnce });

/**
 * All ways out of a node. An event that is waited for may have come already, so that way can be taken at once; but each time it takes
 * another event, so that nobody goes round by it for ever: `takesEvent`.
 */
export const edgesOf = (node: Node): (Edge & { takesEvent?: true })[] => {
  switch (node.kind) {
    case 'wait':
      return [edge('next', node.next, false)];
    case 'wait-until':
      return [
        edge('next', node.next, 'attribute' in node.at && node.ifMissing === undefined),
        ...(node.ifMissing === undefined ? [] : [edge('ifMissing', node.ifMissing)]),
      ];
    case 'wait-for-event':
      return [
        ...node.events.map(({ next }, n) => ({ ...edge(`events.${n}.next`, next), takesEvent: true as const })),
        edge('onTimeout', node.onTimeout, false),
      ];
    case 'branch':
      return [
        ...node.branches.map(({ next }, n) => edge(`branches.${n}.next`, next)),
        edge('otherwise', node.otherwise),
      ];
    case 'split':
    case 'experiment':
      return node.arms.map(({ next }, n) => edge(`arms.${n}.next`, next));
    case 'jump':
      return [edge('to', node.to)];
    case 'exit':
      return [];
    default:
      return [edge('next', node.next)];
  }
};

/** The node, and all that can be come to from it along edges of this kind. Nodes that do not exist are left out. */
export const reachableFrom = (
  nodes: Readonly<Record<NodeId, Node>>,
  from: readonly NodeId[],
  along: (edge: Edge) => boolean = () => true,
): Set<NodeId> => {
  const found = new Set<NodeId>();
  const open = [...from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = Object.hasOwn(nodes, id) ? nodes[id] : undefined;
    if (!node || found.has(id)) continue;
    found.add(id);
    open.push(
      ...edgesOf(node)
        .filter(along)
        .map(({ to }) => to),
    );
  }
  return found;
};
