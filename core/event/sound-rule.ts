import { buildSnapshot, loadMatcher } from './matcher.ts';
import type { Rule } from './plain-matcher.ts';
import { assertSound } from './sound-condition.ts';

/**
 * Throws for a rule that this release cannot carry out. What cannot be compiled, or fails on an event that has nothing, would
 * fail for the rules beside it.
 */
export const assertSoundRule = (rule: Rule): void => {
  for (const condition of rule.where) assertSound(condition);
  const alone = loadMatcher(buildSnapshot([rule]));
  const event = { type: rule.eventType, timeMs: 0, properties: {} };
  alone.needs(event);
  alone.match({ event });
};
