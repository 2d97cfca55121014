import { hashOf } from '../plan-hash.ts';
import type { JourneyVersion } from './journey-version.ts';

/**
 * The version `current` with the messages in which `to` differs from `from`, where it still has those of `from`; undefined when it has
 * none of them. What else has changed since `from` stays. Entry properties that either reads are kept.
 */
export const withMessagesOf = (
  current: JourneyVersion,
  from: JourneyVersion,
  to: JourneyVersion,
): JourneyVersion | undefined => {
  if (current.hash === from.hash) return to;
  const moved = changed(from, to).filter(({ id, before }) => planOf(current, id) === before);
  if (moved.length === 0) return undefined;
  const nodes = { ...current.nodes };
  for (const { id, after } of moved) {
    const node = nodes[id];
    if (node && 'plan' in node) nodes[id] = { ...node, plan: after };
  }
  const { hash: _old, ...content } = current;
  const properties = both(current.properties, to.properties);
  const version = { ...content, nodes, properties };
  return { ...version, hash: hashOf(version) };
};

/** It has a message of `to` that `from` had otherwise. */
export const says = (current: JourneyVersion, from: JourneyVersion, to: JourneyVersion): boolean =>
  changed(from, to).some(({ id, after }) => planOf(current, id) === after);

const planOf = ({ nodes }: JourneyVersion, id: string): string | undefined => {
  const node = nodes[id];
  return node && 'plan' in node ? node.plan : undefined;
};

const changed = (from: JourneyVersion, to: JourneyVersion): { id: string; before: string; after: string }[] =>
  Object.keys(to.nodes).flatMap((id) => {
    const [before, after] = [planOf(from, id), planOf(to, id)];
    return before !== undefined && after !== undefined && before !== after ? [{ id, before, after }] : [];
  });

const both = (one: JourneyVersion['properties'], other: JourneyVersion['properties']): JourneyVersion['properties'] =>
  one === 'all' || other === 'all' ? 'all' : [...new Set([...one, ...other])].sort();
