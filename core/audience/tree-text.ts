import type { Tree } from './segment-tree.ts';

/** `and` and `or` between what a tree asks, in brackets where one is inside of the other. */
export const treeText = <Leaf extends object>(tree: Tree<Leaf>, leafText: (leaf: Leaf) => string): string => {
  const list = (inner: readonly Tree<Leaf>[], word: string) => {
    const [only, ...others] = inner;
    if (only && others.length === 0) return treeText(only, leafText);
    return inner.map((one) => bracketed(one, leafText)).join(` ${word} `);
  };
  if ('all' in tree) return list(tree.all, 'and');
  if ('any' in tree) return list(tree.any, 'or');
  return 'not' in tree ? `not (${treeText(tree.not, leafText)})` : leafText(tree);
};

const bracketed = <Leaf extends object>(tree: Tree<Leaf>, leafText: (leaf: Leaf) => string): string => {
  const inner = 'all' in tree ? tree.all : 'any' in tree ? tree.any : [];
  return inner.length > 1 ? `(${treeText(tree, leafText)})` : treeText(tree, leafText);
};
