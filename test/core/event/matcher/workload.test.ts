import { expect, test } from 'vitest';
import { documentOf, makePairs, textOf } from '../../../../bench/matching/documents.ts';
import { heraldRule } from '../../../../bench/matching/engines/herald-rule.ts';
import { hardRules, makeRules } from '../../../../bench/matching/rules.ts';
import { buildSnapshot, loadMatcher } from '../../../../core/event/matcher.ts';
import { plainMatch } from '../../../../core/event/plain-matcher.ts';

const facts = makePairs(512).map((pair) => documentOf(textOf(pair)).facts);
const shared = makeRules(10_000, 'shared');

test.each([
  ['10,000 rules of one type', shared, 5],
  ['10,000 rules of ten types', makeRules(10_000, 'mixed'), 5],
  // A shorter list is the beginning of a longer one.
  ['1,000 rules of one type', shared.slice(0, 1_000), 1],
  ['the rules that are left without their equality conditions', hardRules(shared), 5],
])('%s match what each matches by itself, over all pairs of rules and events', (_, made, step) => {
  const rules = made.map(heraldRule);
  const matcher = loadMatcher(buildSnapshot(rules));
  let [pairs, matches] = [0, 0];
  for (let n = 0; n < facts.length; n += step) {
    const expected = plainMatch(rules, facts[n]!).sort();
    expect(matcher.match(facts[n]!).sort()).toEqual(expected);
    pairs += rules.length;
    matches += expected.length;
  }
  console.info(`${pairs} pairs, ${matches} matches`);
  expect(pairs).toBeGreaterThan(400_000);
  expect(matches).toBeGreaterThan(pairs / 200);
});
