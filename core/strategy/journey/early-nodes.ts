import { durationMs } from '../../event/duration.ts';
import { edgesOf } from './graph.ts';
import type { JourneyInput } from './journey-input.ts';
import type { JourneyNode, NodeId } from './journey-node.ts';
import { LATE_MS } from './logical-time.ts';

/**
 * Nodes to which somebody may come within five minutes of their entry: only there an event counts that was handled before the entry
 * was (decision 0031). What a later wait waits for happens after the entry has been handled.
 */
export const earlyNodes = ({ start, nodes }: Pick<JourneyInput, 'start' | 'nodes'>): NodeId[] => {
  const reached = new Map<NodeId, number>([[start, 0]]);
  const open = [start];
  for (let id = open.shift(); id !== undefined; id = open.shift()) {
    const node = nodes[id];
    const atMs = reached.get(id) ?? 0;
    if (!node) continue;
    for (const { to, path } of edgesOf(node)) {
      const thenMs = atMs + leastMs(node, path);
      if (thenMs >= LATE_MS || thenMs >= (reached.get(to) ?? Number.POSITIVE_INFINITY)) continue;
      reached.set(to, thenMs);
      open.push(to);
    }
  }
  return [...reached.keys()].filter((id) => id in nodes).sort();
};

/** How long it takes at least to leave a node by this edge. A time of day may be a moment away. */
const leastMs = (node: JourneyNode, path: string): number => {
  if (node.kind === 'wait') return durationMs(node.for);
  return node.kind === 'wait-for-event' && path === 'onTimeout' ? durationMs(node.within) : 0;
};
