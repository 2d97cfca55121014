import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { condition } from '../../../../core/event/condition.ts';
import type { Facts } from '../../../../core/event/evaluate.ts';
import { buildIndex } from '../../../../core/event/matcher/build-index.ts';
import { conjunctionsOf } from '../../../../core/event/matcher/conjunctions.ts';
import { generate } from '../../../../core/event/matcher/generate.ts';
import { type MatchRules, openIndex } from '../../../../core/event/matcher/open-index.ts';
import { buildSnapshot, loadMatcher, type Matcher } from '../../../../core/event/matcher.ts';
import { plainMatch, type Rule } from '../../../../core/event/plain-matcher.ts';
import { aCondition, someFacts, someRules } from './rule-arbitrary.ts';

// A new seed each time, so that CI looks further every day; a failure prints how to repeat it.
const seed = Date.now() & 0x7fffffff;
console.info(`seed ${seed}`);
/** Of many events, for making one takes longer than matching it against most lists of rules. */
const pool = fc.sample(someFacts, { seed, numRuns: 3_000 });
const anEvent = fc.nat(pool.length - 1).map((n) => pool[n]!);
let pairs = 0;
afterAll(() => {
  console.info(`${pairs} rule–event pairs`);
  expect(pairs).toBeGreaterThan(300_000);
});

const bothWays = (rules: readonly Rule[]): [string, MatchRules][] => {
  const numbered = rules.flatMap(({ where }, rule) => conjunctionsOf(where).map((tests) => ({ rule, tests })));
  return [
    ['generated', generate(numbered)],
    ['indexed', openIndex(buildIndex(numbered, rules.length))],
  ];
};
const idsOf = ({ match, found }: MatchRules, rules: readonly Rule[], facts: Facts): string[] =>
  Array.from(found.subarray(0, match(facts)), (number) => rules[number]!.id).sort();

test('conditions that are tried here are conditions that a trigger may have', () => {
  fc.assert(
    fc.property(aCondition, (one) => {
      expect(condition.safeParse(one).error).toBeUndefined();
    }),
    { seed, numRuns: 2_000 },
  );
});

test.each([
  ['few', 1, 6, 120],
  ['some', 10, 60, 60],
  ['many', 200, 300, 8],
])(
  '%s rules of one type, as code and as an index, match what each rule matches by itself',
  (_, minLength, maxLength, numRuns) => {
    fc.assert(
      fc.property(
        someRules({ minLength, maxLength }),
        fc.array(anEvent, { minLength: 40, maxLength: 80 }),
        (rules, events) => {
          const oneType = rules.map((rule) => ({ ...rule, eventType: 'any' }));
          const ways = bothWays(oneType);
          for (const facts of events) {
            const one = { ...facts, event: { ...facts.event, type: 'any' } };
            const expected = plainMatch(oneType, one).sort();
            for (const [name, match] of ways) expect([name, idsOf(match, oneType, one)]).toEqual([name, expected]);
            pairs += ways.length * rules.length;
          }
        },
      ),
      { seed, numRuns },
    );
  },
);

/** What is done to a matcher and to the list of rules that it stands for. */
const change = fc.oneof(
  fc.record({ add: fc.nat(80), like: fc.nat(1_000) }),
  fc.record({ remove: fc.nat(80) }),
  fc.record({ match: fc.nat(1_000) }),
);

test('a matcher stays what its rules are, whatever is added, replaced and removed, in whatever order', () => {
  fc.assert(
    fc.property(
      someRules({ minLength: 1, maxLength: 60 }),
      someRules({ minLength: 20, maxLength: 20 }),
      fc.array(change, { maxLength: 60 }),
      fc.array(anEvent, { minLength: 10, maxLength: 20 }),
      (stored, others, changes, events) => {
        const rules = new Map(stored.map((rule) => [rule.id, rule]));
        const matcher: Matcher = loadMatcher(buildSnapshot(stored));
        const agree = (facts: Facts) => {
          expect(matcher.match(facts).sort()).toEqual(plainMatch([...rules.values()], facts).sort());
          pairs += rules.size;
        };
        for (const step of changes) {
          if ('match' in step) agree(events[step.match % events.length]!);
          else if ('remove' in step) {
            rules.delete(`r${step.remove}`);
            matcher.remove(`r${step.remove}`);
          } else {
            const rule = { ...others[step.like % others.length]!, id: `r${step.add}` };
            rules.set(rule.id, rule);
            matcher.add(rule);
          }
        }
        events.forEach(agree);
      },
    ),
    { seed, numRuns: 150 },
  );
});

test('the order of rules makes no difference', () => {
  const rulesTwice = someRules({ minLength: 30, maxLength: 60 }).chain((rules) =>
    fc.tuple(fc.constant(rules), fc.shuffledSubarray(rules, { minLength: rules.length })),
  );
  fc.assert(
    fc.property(rulesTwice, fc.array(anEvent, { minLength: 20, maxLength: 20 }), ([rules, shuffled], events) => {
      const [one, other] = [loadMatcher(buildSnapshot(rules)), loadMatcher(buildSnapshot(shuffled))];
      for (const facts of events) expect(one.match(facts).sort()).toEqual(other.match(facts).sort());
    }),
    { seed, numRuns: 40 },
  );
});
