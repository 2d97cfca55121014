import type { Condition } from './condition.ts';
import { type Facts, holds } from './evaluate.ts';

/** What is looked for in events: one pattern of a trigger. All of `where` must hold. */
export type Rule = { id: string; eventType: string; where: readonly Condition[] };

/** Ids of the rules that match, each tried by itself. The definition of a match: matcher.ts must agree with it. */
export const plainMatch = (rules: readonly Rule[], facts: Facts): string[] =>
  rules
    .filter(({ eventType, where }) => eventType === facts.event.type && where.every((one) => holds(one, facts)))
    .map(({ id }) => id);
