import fc from 'fast-check';
import { type Audience, MAX_OPERANDS } from '../../../core/audience/audience.ts';

/** Set expressions over these lists. */
export const audiencesOf = (lists: readonly string[]): fc.Arbitrary<Audience> =>
  fc
    .letrec<{ tree: Audience }>((tie) => {
      const some = fc.array(tie('tree'), { minLength: 1, maxLength: 3 });
      return {
        tree: fc.oneof(
          { maxDepth: 3, withCrossShrink: true },
          fc.constantFrom(...lists).map((list) => ({ list })),
          some.map((union) => ({ union })),
          some.map((intersection) => ({ intersection })),
          fc.tuple(tie('tree'), tie('tree')).map((difference) => ({ difference })),
        ),
      };
    })
    .tree.filter((one) => JSON.stringify(one).split('"list"').length - 1 <= MAX_OPERANDS);

export const common = <Who>(a: Set<Who>, b: Set<Who>): Set<Who> => new Set([...a].filter((one) => b.has(one)));
const without = <Who>(a: Set<Who>, b: Set<Who>): Set<Who> => new Set([...a].filter((one) => !b.has(one)));

/** Who is in it, by JavaScript's own sets. `listed`: who is on each list. */
export const inAudience = <Who>(expression: Audience, listed: ReadonlyMap<string, Set<Who>>): Set<Who> => {
  const all = (parts: readonly Audience[]) => parts.map((part) => inAudience(part, listed));
  if ('union' in expression) return new Set(all(expression.union).flatMap((part) => [...part]));
  if ('intersection' in expression) return all(expression.intersection).reduce(common);
  if ('difference' in expression) return all(expression.difference).reduce(without);
  if ('list' in expression) return listed.get(expression.list) ?? new Set();
  throw new Error('These expressions name lists only');
};
