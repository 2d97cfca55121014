import * as z from 'zod/mini';

/** Deeper trees are nobody's thought; the bound also keeps recursive code off the stack's end. */
export const MAX_DEPTH = 20;

/** The most of a tree: its JSON in UTF-8, and its conditions. */
export type TreeLimits = { bytes: number; conditions: number };

/**
 * The schema of a tree of `all`, `any` and `not`, with its depth and size checked before the tree is walked. `what` names
 * it in messages.
 */
export const boundedTree = <T>(node: z.ZodMiniType<T, T>, what: string, limits: TreeLimits) =>
  z.pipe(
    z.transform((input: unknown, context) => {
      const problem = boundsProblem(input, what, limits);
      if (problem) context.issues.push({ code: 'custom', message: problem, input });
      return input;
    }),
    node as z.ZodMiniType<T, unknown>,
  ) as unknown as z.ZodMiniType<T, T>;

/** Nesting of the JSON itself: four levels are inside a condition. No recursion, so no depth can hurt it. */
const boundsProblem = (input: unknown, what: string, limits: TreeLimits): string | undefined => {
  let level: unknown[] = [input];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > 2 * MAX_DEPTH + 4) return `${what} is nested at most ${MAX_DEPTH} deep`;
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  const size = measure(input);
  if (size.bytes > limits.bytes) return `${what} has at most ${limits.bytes} bytes of JSON, this one ${size.bytes}`;
  if (size.depth > MAX_DEPTH) return `${what} is nested at most ${MAX_DEPTH} deep`;
  if (size.conditions <= limits.conditions) return undefined;
  return `${what} has at most ${limits.conditions} conditions, this one ${size.conditions}`;
};

/** How large a tree is: bytes of its JSON, nesting, and conditions, those on items, properties and steps of a sequence included. */
export type TreeSize = { bytes: number; depth: number; conditions: number };

/** Called on JSON whose own nesting is already bounded. */
export const measure = (tree: unknown): TreeSize => ({
  bytes: new TextEncoder().encode(JSON.stringify(tree) ?? '').length,
  ...shapeOf(tree),
});

/** The members of a tree in which there are conditions. A condition that has one is a condition itself, a branch is none. */
const BRANCHES = ['all', 'any', 'not'];
const PARTS = ['where', 'sequence', 'without', 'anyItem', 'everyItem'];

const shapeOf = (input: unknown): Omit<TreeSize, 'bytes'> => {
  if (typeof input !== 'object' || input === null) return { depth: 0, conditions: 0 };
  const node = input as Record<string, unknown>;
  const isBranch = BRANCHES.some((name) => name in node);
  const inner = [...BRANCHES, ...PARTS].flatMap((name) => node[name] ?? []).map(shapeOf);
  return inner.reduce(
    (size, one) => ({
      depth: Math.max(size.depth, 1 + one.depth),
      conditions: size.conditions + one.conditions,
    }),
    { depth: 1, conditions: isBranch ? 0 : 1 },
  );
};
