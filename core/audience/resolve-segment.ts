import { MAX_SEGMENT_BYTES, type ResolvedSegment, type Segment } from './segment.ts';
import { MAX_DEPTH } from './tree-bounds.ts';

/**
 * The segment refers to something that cannot be put in its place. `reason`: `unknown`, a segment that does not exist; `cycle`, one that
 * refers to itself in the end; `too-large`, the whole is beyond the limits of a segment.
 */
export class UnresolvableSegment extends Error {
  override name = 'UnresolvableSegment';
  readonly reason: 'unknown' | 'cycle' | 'too-large';

  constructor(reason: UnresolvableSegment['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The rule of a segment by its id; undefined when there is none. */
export type SegmentLookup = (id: string) => Promise<Segment | undefined>;

/** A tree with its nesting and its bytes as JSON. */
type Sized = { tree: ResolvedSegment; depth: number; bytes: number };

/**
 * The segment with the rules of other segments in the place of `{segment: id}`. Each of them is looked up once. `ownId` is the id
 * of the segment itself, if it has one yet. Throws UnresolvableSegment.
 */
export const resolveSegment = async (
  segment: Segment,
  lookup: SegmentLookup,
  ownId?: string,
): Promise<ResolvedSegment> => {
  const known = new Map<string, Sized>();

  const resolve = async (node: Segment, open: readonly string[]): Promise<Sized> => {
    if ('segment' in node) return referred(node.segment, open);
    if ('not' in node) {
      const { tree, depth, bytes } = await resolve(node.not, open);
      return within({ tree: { not: tree }, depth: depth + 1, bytes: bytes + '{"not":}'.length });
    }
    if (!('all' in node || 'any' in node)) return { tree: node, depth: 1, bytes: bytesOf(node) };
    const inner: Sized[] = [];
    // One after the other, so that `known` holds what several of them refer to.
    for (const one of 'all' in node ? node.all : node.any) inner.push(await resolve(one, open));
    const trees = inner.map(({ tree }) => tree);
    return within({
      tree: 'all' in node ? { all: trees } : { any: trees },
      depth: 1 + Math.max(...inner.map(({ depth }) => depth)),
      bytes: inner.reduce((sum, { bytes }) => sum + bytes + 1, '{"all":[]}'.length - 1),
    });
  };

  const referred = async (id: string, open: readonly string[]): Promise<Sized> => {
    if (open.includes(id)) throw new UnresolvableSegment('cycle', `Segment ${id} would refer to itself`);
    const before = known.get(id);
    if (before) return before;
    const rule = await lookup(id);
    if (!rule) throw new UnresolvableSegment('unknown', `There is no segment ${id}`);
    const sized = await resolve(rule, [...open, id]);
    known.set(id, sized);
    return sized;
  };

  return (await resolve(segment, ownId === undefined ? [] : [ownId])).tree;
};

/** What is shared by several places counts in each, so a small segment cannot stand for an endless one. */
const within = (sized: Sized): Sized => {
  const { depth, bytes } = sized;
  if (depth > MAX_DEPTH) {
    throw new UnresolvableSegment(
      'too-large',
      `With what it refers to, the segment is nested more than ${MAX_DEPTH} deep`,
    );
  }
  if (bytes > MAX_SEGMENT_BYTES) {
    throw new UnresolvableSegment(
      'too-large',
      `With what it refers to, the segment has more than ${MAX_SEGMENT_BYTES} bytes of JSON`,
    );
  }
  return sized;
};

const bytesOf = (node: object): number => new TextEncoder().encode(JSON.stringify(node)).length;
