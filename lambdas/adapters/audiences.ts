import { type Audience, audienceSegment, type NamedAudience } from '../../core/audience/audience.ts';
import type { PeopleRef } from '../../core/audience/people-ref.ts';
import { type Reference, referencesIn, referencesOf } from '../../core/audience/references.ts';
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

/**
 * With everything that it refers to, as that is now. Throws UnresolvableSegment, also when a list does not exist. `at`: the path of
 * `ref` in the body, with a dot; `ownId`: id of the segment that is being written, if it has one.
 */
export const peopleOf = async (
  defs: Definitions,
  ref: PeopleRef,
  { at = '', ownId }: { at?: string; ownId?: string } = {},
): Promise<People> => {
  await refuseUnknown(defs, ref, at);
  const audience = await expressionOf(defs, ref);
  const tree = await treeOf(defs, audience ? audienceSegment(audience) : segmentOf(ref), ownId);
  return { tree, ...(audience && { audience }) };
};

/** A segment without references to others, all of whose lists exist. Throws UnresolvableSegment. */
export const treeOf = async (defs: Definitions, segment: Segment, ownId?: string): Promise<ResolvedSegment> => {
  const tree = await resolveSegment(segment, segmentLookup(defs), ownId);
  const { lists } = referencesOf(tree);
  const known = await Promise.all(lists.map((id) => exists(defs, 'list', id)));
  const missing = lists.find((_, n) => !known[n]);
  if (missing !== undefined) throw new UnresolvableSegment('unknown', `There is no list ${missing}`);
  return tree;
};

/**
 * Throws UnresolvableSegment, which names every place where something is named that does not exist. What is named may in turn
 * name what does not. `at` as above.
 */
export const refuseUnknown = async (defs: Definitions, ref: PeopleRef, at = ''): Promise<void> => {
  const asked = new Map<string, Promise<boolean>>();
  const isThere = ({ kind, id }: Named): Promise<boolean> => {
    const found = asked.get(`${kind}/${id}`) ?? exists(defs, kind, id);
    asked.set(`${kind}/${id}`, found);
    return found;
  };
  const named = namedBy(ref);
  const known = await Promise.all(named.map(isThere));
  const errors = named
    .filter((_, n) => !known[n])
    .map(({ kind, id, path }) => ({ path: `${at}${path}`, message: `There is no ${kind} ${id}` }));
  if (errors.length === 0) return;
  const messages = new Set(errors.map(({ message }) => message));
  throw new UnresolvableSegment('unknown', [...messages].join('; '), errors);
};

type Named = Omit<Reference, 'kind'> & { kind: Reference['kind'] | 'audience' };

const namedBy = (ref: PeopleRef): Named[] => {
  if ('segment' in ref) return referencesIn(ref.segment, 'segment');
  if ('audience' in ref) return referencesIn(ref.audience, 'audience');
  if ('segmentId' in ref) return [{ kind: 'segment', id: ref.segmentId, path: 'segmentId' }];
  if ('listId' in ref) return [{ kind: 'list', id: ref.listId, path: 'listId' }];
  return [{ kind: 'audience', id: ref.audienceId, path: 'audienceId' }];
};

const exists = async (defs: Definitions, kind: Named['kind'], id: string): Promise<boolean> => {
  const stored = await defs.get<{ deletedMs?: number }>(kind, id);
  return stored !== undefined && stored.body.deletedMs === undefined;
};

const expressionOf = async (defs: Definitions, ref: PeopleRef): Promise<Audience | undefined> => {
  if ('audience' in ref) return ref.audience;
  return 'audienceId' in ref ? (await defs.get<NamedAudience>('audience', ref.audienceId))?.body.audience : undefined;
};

const segmentOf = (ref: PeopleRef): Segment => {
  if ('segment' in ref) return ref.segment;
  if ('segmentId' in ref) return { segment: ref.segmentId };
  if ('listId' in ref) return { list: ref.listId };
  throw new TypeError('A set expression is no segment');
};
