import * as z from 'zod/mini';

/** Deeper trees are nobody's thought; the bound also keeps recursive code off the stack's end. */
export const MAX_DEPTH = 20;

/**
 * The schema of a tree of `all`, `any` and `not`, with its depth and size checked before the tree is walked. `what` names
 * it in messages, `maxBytes` is its JSON in UTF-8.
 */
export const boundedTree = <T>(node: z.ZodMiniType<T, T>, what: string, maxBytes: number) =>
  z.pipe(
    z.transform((input: unknown, context) => {
      const problem = boundsProblem(input, what, maxBytes);
      if (problem) context.issues.push({ code: 'custom', message: problem, input });
      return input;
    }),
    node as z.ZodMiniType<T, unknown>,
  ) as unknown as z.ZodMiniType<T, T>;

/** Nesting of the JSON itself: four levels are inside a condition. No recursion, so no depth can hurt it. */
const boundsProblem = (input: unknown, what: string, maxBytes: number): string | undefined => {
  let level: unknown[] = [input];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > 2 * MAX_DEPTH + 4) return `${what} is nested at most ${MAX_DEPTH} deep`;
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  const bytes = new TextEncoder().encode(JSON.stringify(input) ?? '').length;
  if (bytes > maxBytes) return `${what} has at most ${maxBytes} bytes of JSON, this one ${bytes}`;
  return depthOf(input) > MAX_DEPTH ? `${what} is nested at most ${MAX_DEPTH} deep` : undefined;
};

/** Nesting of all, any, not and conditions on items. Called on JSON whose own nesting and size are already bounded: lists become arguments. */
const depthOf = (input: unknown): number => {
  if (typeof input !== 'object' || input === null) return 0;
  if (Array.isArray(input)) return Math.max(0, ...input.map(depthOf));
  const { all, any, not, anyItem, everyItem } = input as Record<string, unknown>;
  const inner = [
    ...[all, any].flatMap((list) => (Array.isArray(list) ? list : [])),
    ...[not, anyItem, everyItem].filter((one) => one !== undefined),
  ];
  return 1 + Math.max(0, ...inner.map(depthOf));
};
