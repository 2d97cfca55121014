export type Tree<Leaf> = { all: Tree<Leaf>[] } | { any: Tree<Leaf>[] } | { not: Tree<Leaf> } | Leaf;

/** Only segments ask it: the date's next anniversary is today or in the next n days. See anniversary.ts. */
export type AnniversaryQuestion = { anniversaryWithinDays: number };

/** All leaves of a tree, in order. */
export const leavesOf = <Leaf extends object>(tree: Tree<Leaf>): Leaf[] => {
  if ('all' in tree) return tree.all.flatMap((inner) => leavesOf<Leaf>(inner));
  if ('any' in tree) return tree.any.flatMap((inner) => leavesOf<Leaf>(inner));
  return 'not' in tree ? leavesOf<Leaf>(tree.not) : [tree];
};

/** Whether the tree holds, when this is whether a leaf does. */
export const treeHolds = <Leaf extends object>(tree: Tree<Leaf>, holds: (leaf: Leaf) => boolean): boolean => {
  if ('all' in tree) return tree.all.every((inner) => treeHolds(inner, holds));
  if ('any' in tree) return tree.any.some((inner) => treeHolds(inner, holds));
  return 'not' in tree ? !treeHolds(tree.not, holds) : holds(tree);
};
