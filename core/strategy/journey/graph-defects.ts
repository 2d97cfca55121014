import type { Defect } from './defect.ts';
import { type Edge, edgesOf, reachableFrom } from './graph.ts';
import type { JourneyInput } from './journey-input.ts';
import type { NodeId } from './journey-node.ts';

type Graph = Pick<JourneyInput, 'start' | 'nodes'>;

/** What is wrong with the ways: those that lead nowhere, nodes that nobody comes to, and circles that take no time. */
export const graphDefects = (graph: Graph): Defect[] => [...lost(graph), ...unreachable(graph), ...loops(graph)];

const lost = ({ start, nodes }: Graph): Defect[] => {
  const exists = (id: NodeId) => Object.hasOwn(nodes, id);
  const nowhere = Object.entries(nodes).flatMap(([id, node]) =>
    edgesOf(node).flatMap(({ path, to }): Defect[] =>
      exists(to)
        ? []
        : [{ path: `nodes.${id}.${path}`, code: 'unknown-node', message: `There is no node “${to}” to go to` }],
    ),
  );
  if (exists(start)) return nowhere;
  return [{ path: 'start', code: 'unknown-node', message: `There is no node “${start}” to start at` }, ...nowhere];
};

const unreachable = ({ start, nodes }: Graph): Defect[] => {
  const reached = reachableFrom(nodes, [start]);
  return Object.keys(nodes)
    .filter((id) => !reached.has(id))
    .map((id) => ({ path: `nodes.${id}`, code: 'unreachable-node', message: 'No way leads here from the start' }));
};

/** A way that goes on at once, and does so again and again. */
const spins = (edge: Edge & { takesEvent?: true }): boolean => edge.atOnce && !edge.takesEvent;

/** Each circle once, told at the first of its nodes. */
const loops = ({ nodes }: Graph): Defect[] => {
  const told = new Set<NodeId>();
  return Object.keys(nodes).flatMap((id): Defect[] => {
    const circle = told.has(id) ? undefined : circleThrough(nodes, id);
    if (!circle) return [];
    for (const one of circle) told.add(one);
    const node = nodes[id];
    if (node?.kind === 'jump' && circle.length === 1) {
      return [{ path: `nodes.${id}.to`, code: 'jump-to-itself', message: 'It jumps to itself' }];
    }
    const round = [...circle, id].join(' → ');
    const until = circle.some((one) => nodes[one]?.kind === 'wait-until');
    const advice = until
      ? 'who has no such date goes on at once, so give ifMissing'
      : 'put a wait, or a wait for an event, between them';
    return [
      { path: `nodes.${id}`, code: 'endless-loop', message: `It goes round without taking time: ${round}; ${advice}` },
    ];
  });
};

/** The shortest way from a node back to it along ways that take no time. */
const circleThrough = (nodes: Graph['nodes'], from: NodeId): NodeId[] | undefined => {
  const cameFrom = new Map<NodeId, NodeId>();
  const open = [from];
  for (let id = open.shift(); id !== undefined; id = open.shift()) {
    const node = Object.hasOwn(nodes, id) ? nodes[id] : undefined;
    for (const { to } of node ? edgesOf(node).filter(spins) : []) {
      if (to === from) {
        const way = [id];
        for (let at = id; at !== from; ) {
          at = cameFrom.get(at) ?? from;
          way.unshift(at);
        }
        return way;
      }
      if (cameFrom.has(to)) continue;
      cameFrom.set(to, id);
      open.push(to);
    }
  }
  return undefined;
};
