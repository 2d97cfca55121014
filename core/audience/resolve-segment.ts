import { RESOLVED_LIMITS, type ResolvedSegment, type Segment } from './segment.ts';
import { segmentSql } from './segment-sql.ts';
import { MAX_DEPTH, measure, type TreeSize } from './tree-bounds.ts';

/** Athena takes queries of 262,144 bytes; what a snapshot or the parts of a preview add has room in the rest. */
export const MAX_MEMBERS_SQL_BYTES = 160_000;

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

type Sized = TreeSize & { tree: ResolvedSegment };

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
    if (!('all' in node || 'any' in node || 'not' in node)) return { tree: node, ...measure(node) };
    const inner: Sized[] = [];
    // One after the other, so that `known` holds what several of them refer to.
    for (const one of innerOf(node)) inner.push(await resolve(one, open));
    const trees = inner.map(({ tree }) => tree);
    const [first] = trees as [ResolvedSegment];
    return within({
      tree: 'all' in node ? { all: trees } : 'any' in node ? { any: trees } : { not: first },
      depth: 1 + Math.max(...inner.map(({ depth }) => depth)),
      bytes: inner.reduce((sum, { bytes }) => sum + bytes + 1, '{"all":[]}'.length - 1),
      conditions: inner.reduce((sum, { conditions }) => sum + conditions, 0),
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

  const { tree } = await resolve(segment, ownId === undefined ? [] : [ownId]);
  const sqlBytes = new TextEncoder().encode(segmentSql(tree, 0).withMembers).length;
  if (sqlBytes > MAX_MEMBERS_SQL_BYTES)
    throw tooLarge(`makes a query of ${sqlBytes} bytes, more than ${MAX_MEMBERS_SQL_BYTES}`);
  return tree;
};

const innerOf = (branch: { all: Segment[] } | { any: Segment[] } | { not: Segment }): Segment[] => {
  if ('all' in branch) return branch.all;
  return 'any' in branch ? branch.any : [branch.not];
};

/** What is shared by several places counts in each, so a small segment cannot stand for an endless one. */
const within = (sized: Sized): Sized => {
  const { depth, bytes, conditions } = sized;
  if (depth > MAX_DEPTH) throw tooLarge(`is nested more than ${MAX_DEPTH} deep`);
  if (bytes > RESOLVED_LIMITS.bytes) throw tooLarge(`has more than ${RESOLVED_LIMITS.bytes} bytes of JSON`);
  if (conditions > RESOLVED_LIMITS.conditions) throw tooLarge(`has more than ${RESOLVED_LIMITS.conditions} conditions`);
  return sized;
};

const tooLarge = (what: string) => new UnresolvableSegment('too-large', `With what it refers to, the segment ${what}`);
