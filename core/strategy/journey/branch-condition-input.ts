import * as z from 'zod/mini';
import { branches } from '../../audience/condition.ts';
import { definitionId } from '../../audience/definition-id.ts';
import { boundedTree } from '../../audience/tree-bounds.ts';
import { leaves, MAX_CONDITION_BYTES } from '../../event/condition.ts';
import type { BranchCondition } from './branch-condition.ts';

// Apart from what is done with conditions: whoever moves participants on parses none, and has no room for the schemas.

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
