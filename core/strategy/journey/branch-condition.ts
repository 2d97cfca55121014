import * as z from 'zod/mini';
import { branches } from '../../audience/condition.ts';
import { definitionId } from '../../audience/definition-id.ts';
import { boundedTree } from '../../audience/tree-bounds.ts';
import { type Leaf, leaves, MAX_CONDITION_BYTES } from '../../event/condition.ts';

/** Whether somebody is in a live segment, or on a list. */
export type Membership = { in: { segment: string } | { list: string } };

/**
 * The language of branches: that of triggers, where `property` reads the event with which the participant entered, and membership of
 * live segments and lists. Relative dates are relative to the moment of the decision.
 */
export type BranchCondition =
  | { all: BranchCondition[] }
  | { any: BranchCondition[] }
  | { not: BranchCondition }
  | Leaf
  | Membership;

/** `in` with a list of values is a question, and has a subject beside it. */
export const isMembership = (condition: BranchCondition): condition is Membership =>
  'in' in condition && !Array.isArray(condition.in);

const membership = z.strictObject({
  in: z.union(
    [z.strictObject({ segment: definitionId }), z.strictObject({ list: definitionId })],
    'Either segment or list, with its id',
  ),
});

const node: z.ZodMiniType<BranchCondition, BranchCondition> = z.lazy(
  () =>
    z.union(
      [...branches(node), ...leaves(), membership],
      'Either all, any or not, or a question as in a trigger, or in with a segment or list',
    ) as unknown as z.ZodMiniType<BranchCondition, BranchCondition>,
);

node.register(z.globalRegistry, { id: 'BranchCondition' });

/** The schema of a condition of a branch. Depth and size are checked before the tree is walked. */
export const branchCondition = boundedTree(node, 'a condition', {
  bytes: MAX_CONDITION_BYTES,
  conditions: Number.POSITIVE_INFINITY,
});
