import { buildSnapshot, loadMatcher } from '../../../core/event/matcher.ts';
import type { Engine } from '../engine.ts';
import { heraldRule } from './herald-rule.ts';

/** As a Lambda has it: compiled at publish, then loaded from the snapshot. */
export const engine: Engine = (rules) => {
  const matcher = loadMatcher(buildSnapshot(rules.map(heraldRule)));
  return ({ facts }) => matcher.match(facts);
};
