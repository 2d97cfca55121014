import * as z from 'zod/mini';
import { definitionId } from './definition-id.ts';
import type { Segment } from './segment.ts';

/** A set expression over segments and lists. It has no evaluator of its own: it is compiled to a segment. */
export type Audience =
  | { segment: string }
  | { list: string }
  | { union: Audience[] }
  | { intersection: Audience[] }
  /** Who is in the first and not in the second. */
  | { difference: [Audience, Audience] };

/** An audience that was given a name. */
export type NamedAudience = {
  id: string;
  version: number;
  name: string;
  audience: Audience;
  author: string;
  createdMs: number;
  /** Set for good when it is deleted. */
  deletedMs?: number;
};

/** Deeper expressions are nobody's thought. */
export const MAX_AUDIENCE_DEPTH = 8;
/** Segments and lists of one expression, counted as often as they are named. */
export const MAX_OPERANDS = 20;

const operands = <T extends z.ZodMiniType>(node: T) => z.array(node).check(z.minLength(1), z.maxLength(MAX_OPERANDS));
const node: z.ZodMiniType<Audience, Audience> = z.lazy(() =>
  z.union(
    [
      z.strictObject({ segment: definitionId }),
      z.strictObject({ list: definitionId }),
      z.strictObject({ union: operands(node) }),
      z.strictObject({ intersection: operands(node) }),
      z.strictObject({ difference: z.tuple([node, node]) }),
    ],
    'Exactly one of segment, list, union, intersection and difference',
  ),
);

/** The schema of an audience. Depth and size are checked before the expression is walked. */
export const audience = z.pipe(
  z.transform((input: unknown, context) => {
    const problem = boundsProblem(input);
    if (problem) context.issues.push({ code: 'custom', message: problem, input });
    return input;
  }),
  node as z.ZodMiniType<Audience, unknown>,
) as unknown as z.ZodMiniType<Audience, Audience>;

/** Level by level, without recursion, so that no depth can hurt it. A level of the expression is two of its JSON. */
const boundsProblem = (input: unknown): string | undefined => {
  let level: unknown[] = [input];
  let leaves = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > 2 * MAX_AUDIENCE_DEPTH) return `An audience is nested at most ${MAX_AUDIENCE_DEPTH} deep`;
    const objects = level.filter((value) => typeof value === 'object' && value !== null);
    leaves += level.length - objects.length;
    if (leaves > MAX_OPERANDS) return `An audience names at most ${MAX_OPERANDS} segments and lists`;
    level = objects.flatMap((value) => Object.values(value as object));
  }
  return undefined;
};

/** The segment that holds the same people. */
export const audienceSegment = (audience: Audience): Segment => {
  if ('union' in audience) return { any: audience.union.map(audienceSegment) };
  if ('intersection' in audience) return { all: audience.intersection.map(audienceSegment) };
  if ('difference' in audience) {
    const [from, without] = audience.difference;
    return { all: [audienceSegment(from), { not: audienceSegment(without) }] };
  }
  return audience;
};

/** What the outermost operation combines; none when there is no operation. */
export const operandsOf = (audience: Audience): readonly Audience[] => {
  if ('union' in audience) return audience.union;
  if ('intersection' in audience) return audience.intersection;
  return 'difference' in audience ? audience.difference : [];
};
