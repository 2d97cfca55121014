import type { Template } from 'liquidjs';
import { ArgumentFault, FILTERS, readerOf } from './filters.ts';

type Liquidjs = typeof import('liquidjs');
export type ArgumentSlip = { line: number; message: string };

/** Filters whose arguments make no sense for anybody, wherever they stand: also in branches that no trial takes. */
export const argumentSlips = (liquidjs: Liquidjs, nodes: readonly Template[]): ArgumentSlip[] =>
  nodes.flatMap((node) => [
    ...[...(node.arguments?.() ?? [])].flatMap((value) =>
      value instanceof liquidjs.Value
        ? value.filters.flatMap(({ name, args }) => slipOf(liquidjs, name, args, node.token.getPosition()[0]))
        : [],
    ),
    ...argumentSlips(liquidjs, node.children ? liquidjs.toValueSync(node.children(false, true)) : []),
  ]);

const slipOf = (
  liquidjs: Liquidjs,
  name: string,
  args: readonly unknown[],
  line: number | undefined,
): ArgumentSlip[] => {
  const filter = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
  const literals = args.map((arg) => literalOf(liquidjs, arg));
  // What a variable will say is not known yet.
  if (!filter || literals.includes(UNKNOWN)) return [];
  try {
    filter(undefined, readerOf(undefined, {}), literals);
    return [];
  } catch (error) {
    if (!(error instanceof ArgumentFault)) throw error;
    return [{ line: line ?? 1, message: error.message }];
  }
};

const UNKNOWN = Symbol('a variable');

const literalOf = (liquidjs: Liquidjs, arg: unknown): unknown => {
  if (Array.isArray(arg)) {
    const value = literalOf(liquidjs, arg[1]);
    return value === UNKNOWN ? UNKNOWN : [arg[0], value];
  }
  const { TokenKind, evalToken, toValueSync, Context } = liquidjs;
  const { kind } = arg as { kind: number };
  if (![TokenKind.Quoted, TokenKind.Number, TokenKind.Literal].includes(kind)) return UNKNOWN;
  return toValueSync(evalToken(arg as never, new Context()));
};
