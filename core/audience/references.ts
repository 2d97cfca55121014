import type { Audience } from './audience.ts';
import type { Segment } from './segment.ts';

/** A place where a list or a segment is named, in a path like `all.0.not.list`. */
export type Reference = { kind: 'list' | 'segment'; id: string; path: string };

/**
 * What a segment or a set expression names itself, not what the segments that it names do; in order, each as often as it is
 * named. `at` is the path of the tree.
 */
export const referencesIn = (tree: Segment | Audience, at: string): Reference[] => {
  if ('list' in tree) return [{ kind: 'list', id: tree.list, path: `${at}.list` }];
  if ('segment' in tree) return [{ kind: 'segment', id: tree.segment, path: `${at}.segment` }];
  return partsOf(tree).flatMap(([name, inner]) => referencesIn(inner, `${at}.${name}`));
};

/** Ids of the lists and segments that a tree names, each once. */
export const referencesOf = (tree: Segment | Audience): { lists: string[]; segments: string[] } => {
  const all = referencesIn(tree, '');
  const idsOf = (kind: Reference['kind']) => [...new Set(all.flatMap((one) => (one.kind === kind ? one.id : [])))];
  return { lists: idsOf('list'), segments: idsOf('segment') };
};

const partsOf = (node: Segment | Audience): [name: string, inner: Segment | Audience][] => {
  if ('not' in node) return [['not', node.not]];
  return Object.entries(node)
    .filter(([name]) => BRANCHES.includes(name))
    .flatMap(([name, inner]) =>
      (inner as (Segment | Audience)[]).map((one, n): [string, Segment | Audience] => [`${name}.${n}`, one]),
    );
};
const BRANCHES = ['all', 'any', 'union', 'intersection', 'difference'];
