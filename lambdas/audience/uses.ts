import type { NamedAudience } from '../../core/audience/audience.ts';
import type { Model } from '../../core/audience/models/model.ts';
import { referencesOf } from '../../core/audience/references.ts';
import type { Segment } from '../../core/audience/segment.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { isOver } from '../../core/strategy/campaign-states.ts';
import { planVersionId } from '../../core/strategy/plan-hash.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { Problem } from '../middleware/problem.ts';

/** Something that uses a list, a segment or an audience itself; what uses that in turn is another question. */
export type Use = { kind: 'segment' | 'audience' | 'campaign' | 'model'; id: string; name: string };
/** What may be used, as campaigns name it. */
export type Used = { segmentId: string } | { listId: string } | { audienceId: string };

/**
 * Everything that uses it. A campaign counts until it is over, also by what was frozen for its approval: that may name a
 * list which its segment has dropped since. Reads all segments, audiences, campaigns and models, of which there are thousands.
 */
export const usesOf = async (defs: Definitions, used: Used): Promise<Use[]> => {
  const [segments, audiences, campaigns, models] = await Promise.all([
    defs.all<{ name: string; segment: Segment }>('segment'),
    defs.all<NamedAudience>('audience'),
    defs.all<Campaign>('campaign'),
    defs.all<Model>('model'),
  ]);
  const uses: Use[] = [];
  for (const { id, body } of segments) {
    if (refers(body.segment, used)) uses.push({ kind: 'segment', id, name: body.name });
  }
  for (const { id, body } of audiences) {
    if (!body.deletedMs && refers(body.audience, used)) uses.push({ kind: 'audience', id, name: body.name });
  }
  for (const { id, body } of campaigns) {
    if (isOver(body.state) || body.deletedMs !== undefined) continue;
    if (same(body.audience, used) || (await freezes(defs, body, used))) {
      uses.push({ kind: 'campaign', id, name: body.name });
    }
  }
  for (const { id, body } of models) {
    if (body.deletedMs === undefined && body.input.type === 'lookalike' && same(body.input.seed, used)) {
      uses.push({ kind: 'model', id, name: body.input.name });
    }
  }
  return uses;
};

/** Throws `in-use`, naming where, when something uses it. */
export const refuseIfUsed = async (defs: Definitions, what: string, used: Used): Promise<void> => {
  const uses = await usesOf(defs, used);
  if (uses.length === 0) return;
  const names = uses.slice(0, 10).map(({ kind, name }) => `${kind} “${name}”`);
  const more = uses.length > 10 ? ` and ${uses.length - 10} more` : '';
  throw new Problem('in-use', `The ${what} is used by ${names.join(', ')}${more}`, { uses });
};

const refers = (tree: Segment | NamedAudience['audience'], used: Used): boolean => {
  const { lists, segments } = referencesOf(tree);
  if ('listId' in used) return lists.includes(used.listId);
  return 'segmentId' in used && segments.includes(used.segmentId);
};

const same = (one: object, other: object): boolean => JSON.stringify(one) === JSON.stringify(other);

const freezes = async (defs: Definitions, { id, approval }: Campaign, used: Used): Promise<boolean> => {
  if (!('listId' in used) || !approval) return false;
  const frozen = await defs.get<PlanVersion>('plan-version', planVersionId(id, approval.hash));
  return frozen?.body.segment !== undefined && refers(frozen.body.segment, used);
};
