import { type ConditionInterface, evalCondition } from '@growthbook/growthbook';
import { eachRule } from './each-rule.ts';
import { mongoQuery } from './mongo-query.ts';

/** GrowthBook's targeting conditions (mongrule), which it interprets. */
export const engine = eachRule((condition) => {
  const query = mongoQuery(condition, (prefix) => `^${prefix}`) as ConditionInterface;
  return (document) => evalCondition(document as Record<string, unknown>, query);
});
