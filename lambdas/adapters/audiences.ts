import { type Audience, audienceSegment, type NamedAudience } from '../../core/audience/audience.ts';
import type { List } from '../../core/audience/list.ts';
import type { PeopleRef } from '../../core/audience/people-ref.ts';
import { referencesOf } from '../../core/audience/references.ts';
import { resolveSegment, UnresolvableSegment } from '../../core/audience/resolve-segment.ts';
import type { ResolvedSegment, Segment } from '../../core/audience/segment.ts';
import type { Definitions } from './definitions.ts';
import { segmentLookup } from './segments.ts';

/** A question about people as it is asked of the lake: one tree, without references to segments. */
export type People = {
  tree: ResolvedSegment;
  /** The set expression that it was, if it was one. */
  audience?: Audience;
};

/** With everything that it refers to, as that is now. Throws UnresolvableSegment, also when a list does not exist. */
export const peopleOf = async (defs: Definitions, ref: PeopleRef): Promise<People> => {
  const audience = await expressionOf(defs, ref);
  const tree = await treeOf(defs, audience ? audienceSegment(audience) : segmentOf(ref));
  return { tree, ...(audience && { audience }) };
};

/** A segment without references to others, all of whose lists exist. Throws UnresolvableSegment. */
export const treeOf = async (defs: Definitions, segment: Segment): Promise<ResolvedSegment> => {
  const tree = await resolveSegment(segment, segmentLookup(defs));
  await Promise.all(
    referencesOf(tree).lists.map(async (id) => {
      const list = await defs.get<List>('list', id);
      if (!list || list.body.deletedMs) throw new UnresolvableSegment('unknown', `There is no list ${id}`);
    }),
  );
  return tree;
};

const expressionOf = async (defs: Definitions, ref: PeopleRef): Promise<Audience | undefined> => {
  if ('audience' in ref) return ref.audience;
  if (!('audienceId' in ref)) return undefined;
  const stored = await defs.get<NamedAudience>('audience', ref.audienceId);
  if (!stored || stored.body.deletedMs) {
    throw new UnresolvableSegment('unknown', `There is no audience ${ref.audienceId}`);
  }
  return stored.body.audience;
};

const segmentOf = (ref: PeopleRef): Segment => {
  if ('segment' in ref) return ref.segment;
  if ('segmentId' in ref) return { segment: ref.segmentId };
  if ('listId' in ref) return { list: ref.listId };
  throw new TypeError('A set expression is no segment');
};
