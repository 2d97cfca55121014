import type { Template } from 'liquidjs';

type Liquidjs = typeof import('liquidjs');
const LOOPS: ReadonlySet<string> = new Set(['for', 'tablerow']);

/** `break` and `continue` outside of a loop: Liquid leaves the whole text there, and whatever follows is not sent. */
export const strayBreaks = (liquidjs: Liquidjs, nodes: readonly Template[]): { line: number; message: string }[] =>
  nodes.flatMap((node) => {
    const name = 'name' in node.token ? String(node.token.name) : '';
    if (LOOPS.has(name)) return [];
    if (name === 'break' || name === 'continue')
      return [{ line: node.token.getPosition()[0] ?? 1, message: `There is no loop around ${name}: use if` }];
    return node.children ? strayBreaks(liquidjs, liquidjs.toValueSync(node.children(false, true))) : [];
  });
