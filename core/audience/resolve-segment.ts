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
  /** Where in what was written it is, when that is known. */
  readonly errors: { path: string; message: string }[];

  constructor(reason: UnresolvableSegment['reason'], message: string, errors: UnresolvableSegment['errors'] = []) {
    super(message);
    this.reason = reason;
    this.errors = errors;
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
    const trees: ResolvedSegment[] = [];
    let size: TreeSize = { depth: 1, bytes: '{"all":[]}'.length - 1, conditions: 0 };
    // One after the other, so that `known` holds what several of them refer to, and no more is looked up than may be in it.
    for (const one of innerOf(node)) {
      const { tree, depth, bytes, conditions } = await resolve(one, open);
      trees.push(tree);
      size = within({
        depth: Math.max(size.depth, 1 + depth),
        bytes: size.bytes + bytes + 1,
        conditions: size.conditions + conditions,
      });
    }
    const [first] = trees as [ResolvedSegment];
    return { ...size, tree: 'all' in node ? { all: trees } : 'any' in node ? { any: trees } : { not: first } };
  };

  const referred = async (id: string, open: readonly string[]): Promise<Sized> => {
    if (open.includes(id)) throw new UnresolvableSegment('cycle', `Segment ${id} would refer to itself`);
    const before = known.get(id);
    if (before) return before;
    if (open.length > MAX_DEPTH) throw tooLarge(`refers to others that refer to others, more than ${MAX_DEPTH} times`);
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
const within = (size: TreeSize): TreeSize => {
  const { depth, bytes, conditions } = size;
  if (depth > MAX_DEPTH) throw tooLarge(`is nested more than ${MAX_DEPTH} deep`);
  if (bytes > RESOLVED_LIMITS.bytes) throw tooLarge(`has more than ${RESOLVED_LIMITS.bytes} bytes of JSON`);
  if (conditions > RESOLVED_LIMITS.conditions) throw tooLarge(`has more than ${RESOLVED_LIMITS.conditions} conditions`);
  return size;
};

const tooLarge = (what: string) => new UnresolvableSegment('too-large', `With what it refers to, the segment ${what}`);
