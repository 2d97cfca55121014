import { type Audience, operandsOf } from './audience.ts';
import type { Segment } from './segment.ts';

/** Ids of the lists and segments that a tree names, each once. */
export type References = { lists: string[]; segments: string[] };

/** What a segment or a set expression refers to itself, not what the segments that it names refer to. */
export const referencesOf = (tree: Segment | Audience): References => {
  const lists = new Set<string>();
  const segments = new Set<string>();
  const visit = (node: Segment | Audience): void => {
    for (const inner of partsOf(node)) visit(inner);
    if ('list' in node) lists.add(node.list);
    if ('segment' in node) segments.add(node.segment);
  };
  visit(tree);
  return { lists: [...lists], segments: [...segments] };
};

const partsOf = (node: Segment | Audience): readonly (Segment | Audience)[] => {
  if ('all' in node) return node.all;
  if ('any' in node) return node.any;
  if ('not' in node) return [node.not];
  return operandsOf(node as Audience);
};
