import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BranchCondition, branchHolds } from '../../../../core/strategy/journey/branch-condition.ts';
import { alwaysHold, neverHold } from '../../../../core/strategy/journey/contradictions.ts';

const a = (question: object) => ({ attribute: 'a', ...question }) as BranchCondition;
const b = (question: object) => ({ attribute: 'b', ...question }) as BranchCondition;

describe('nobody ever', () => {
  test.each<[string, BranchCondition[]]>([
    ['two values', [a({ equals: 1 }), a({ equals: 2 })]],
    ['a value and another', [a({ equals: 'x' }), a({ notEquals: 'x' })]],
    ['lists that share nothing', [a({ in: ['x', 'y'] }), a({ in: ['z'] })]],
    ['more and less', [a({ atLeast: 10 }), a({ lessThan: 10 })]],
    ['a number within no range', [a({ equals: 5 }), a({ moreThan: 5 })]],
    ['between what is left out', [a({ atLeast: 1 }), a({ atMost: 2 }), { not: a({ atLeast: 0 }) }]],
    ['dates', [a({ before: '2026-01-01' }), a({ notBefore: '2026-06-01' })]],
    ['ages', [a({ withinDays: 7 }), a({ moreThanDaysAgo: 30 })]],
    ['past and future', [a({ withinDays: 7 }), a({ moreThanDaysAhead: 1 })]],
    ['there and not there', [a({ exists: true }), a({ exists: false })]],
    ['a value of nothing', [a({ equals: 1 }), a({ exists: false })]],
    ['the opposite of nothing', [{ not: a({ exists: false }) }, a({ exists: false })]],
    ['a number that is a text', [a({ atLeast: 1 }), a({ startsWith: 'x' })]],
    ['two beginnings', [a({ startsWith: 'de' }), a({ startsWith: 'fr' })]],
    ['a beginning that is refused', [a({ startsWith: 'de-AT' }), { not: a({ startsWith: 'de' }) }]],
    ['two ends', [a({ endsWith: '.de' }), a({ endsWith: '.fr' })]],
    ['a value that ends in another way', [a({ equals: 'x.fr' }), a({ endsWith: '.de' })]],
    ['a question and its opposite', [a({ contains: 'x' }), { not: a({ contains: 'x' }) }]],
    ['in a segment and not', [{ in: { segment: 's' } }, { not: { in: { segment: 's' } } }]],
    ['a consent that is a number', [{ consent: 'sms', equals: 1 }]],
    [
      'neither yes nor no',
      [
        { consent: 'sms', exists: true },
        { not: { consent: 'sms', equals: true } },
        { not: { consent: 'sms', equals: false } },
      ],
    ],
    ['a locale that is a number', [{ field: 'locale', atLeast: 1 }]],
    ['all ways of any', [{ any: [a({ equals: 1 }), a({ equals: 2 })] }, a({ equals: 3 })]],
    ['not any of all there is', [{ not: { any: [a({ exists: true }), a({ exists: false })] } }]],
    ['deep inside', [{ all: [{ any: [{ all: [a({ equals: 1 }), a({ equals: 2 })] }] }] }]],
  ])('%s', (_, when) => expect(neverHold(when)).toBe(true));
});

describe('somebody', () => {
  test.each<[string, BranchCondition[]]>([
    ['of two subjects', [a({ equals: 1 }), b({ equals: 2 })]],
    ['one value twice', [a({ equals: 1 }), a({ in: [1, 2] })]],
    ['within a range', [a({ atLeast: 10 }), a({ atMost: 10 })]],
    ['outside of it, both sides', [{ not: a({ atLeast: 10 }) }, { not: a({ lessThan: 10 }) }]],
    ['around what is left out', [a({ atLeast: 0 }), a({ atMost: 10 }), { not: a({ atLeast: 5 }) }]],
    ['a longer beginning', [a({ startsWith: 'de' }), a({ startsWith: 'de-AT' })]],
    ['who is known for nothing', [{ not: a({ equals: 1 }) }, { not: a({ exists: true }) }]],
    ['one of two ways', [{ any: [a({ equals: 1 }), a({ equals: 2 })] }, a({ equals: 2 })]],
    ['in one segment and not in another', [{ in: { segment: 's' } }, { not: { in: { segment: 't' } } }]],
    ['in a segment and not on the list of its name', [{ in: { segment: 's' } }, { not: { in: { list: 's' } } }]],
  ])('%s', (_, when) => expect(neverHold(when)).toBe(false));
});

test.each<[string, BranchCondition[], boolean]>([
  ['known or not', [{ any: [a({ exists: true }), a({ exists: false })] }], true],
  ['below, above, or no number', [{ any: [a({ atLeast: 1 }), { not: a({ atLeast: 1 }) }] }], true],
  ['not both', [{ not: { all: [a({ equals: 1 }), a({ equals: 2 })] } }], true],
  ['below or above: a text is neither', [{ any: [a({ atLeast: 1 }), a({ lessThan: 1 })] }], false],
  ['an ordinary question', [a({ equals: 1 })], false],
])('always: %s', (_, when, expected) => expect(alwaysHold(when)).toBe(expected));

test('of more ways than can be walked nothing is said', () => {
  const either = { any: [a({ equals: 1 }), b({ equals: 2 })] };
  const many = Array.from({ length: 12 }, (_, n) => ({
    any: [
      { attribute: `x${n}`, equals: 1 },
      { attribute: `y${n}`, equals: 1 },
    ],
  }));
  expect(neverHold([either, ...many])).toBe(false);
});

describe('against everybody there is', () => {
  const value = fc.constantFrom(
    undefined,
    null,
    'a',
    'ab',
    'b',
    '',
    0,
    1,
    2,
    3,
    true,
    false,
    ['a'],
    '2026-01-01',
    '2026-12-31',
  );
  const question: fc.Arbitrary<object> = fc.oneof(
    fc.constantFrom('a', 'ab', 1, 2, true).map((equals) => ({ equals })),
    fc.constantFrom('a', 1, false).map((notEquals) => ({ notEquals })),
    fc.subarray(['a', 'b', 1, 2], { minLength: 1 }).map((list) => ({ in: list })),
    fc.constantFrom(0, 1, 2).map((atLeast) => ({ atLeast })),
    fc.constantFrom(1, 2, 3).map((lessThan) => ({ lessThan })),
    fc.constantFrom('a', 'ab', 'b').map((startsWith) => ({ startsWith })),
    fc.constantFrom('b', 'ab').map((endsWith) => ({ endsWith })),
    fc.boolean().map((exists) => ({ exists })),
    fc.constantFrom('2026-06-01', '2026-01-01').map((before) => ({ before })),
    fc.constantFrom('2026-06-01').map((notBefore) => ({ notBefore })),
    fc.constant({ contains: 'a' }),
    fc.constant({ anyItem: { equals: 'a' } }),
  );
  const leaf = fc.tuple(fc.constantFrom('a', 'b'), question).map(([attribute, asked]) => ({ attribute, ...asked }));
  const { condition } = fc.letrec<{ condition: BranchCondition }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf as fc.Arbitrary<BranchCondition>,
      fc.constantFrom<BranchCondition>({ in: { segment: 's' } }, { in: { list: 's' } }),
      tie('condition').map((not) => ({ not })),
      fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
      fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    ),
  }));
  test('what can never hold holds for nobody; what always holds, for all', () => {
    fc.assert(
      fc.property(
        fc.array(condition, { minLength: 1, maxLength: 3 }),
        fc.array(fc.record({ a: value, b: value }), { minLength: 20, maxLength: 40 }),
        fc.boolean(),
        fc.boolean(),
        (when, people, inSegment, onList) => {
          const [never, always] = [neverHold(when), alwaysHold(when)];
          const memberships = { segments: new Set(inSegment ? ['s'] : []), lists: new Set(onList ? ['s'] : []) };
          for (const attributes of people) {
            const event = { type: 'e', properties: {}, timeMs: Date.parse('2026-07-01') };
            const facts = { event, profile: { attributes: attributes as Record<string, string> } };
            const holds = when.every((one) => branchHolds(one, facts, memberships));
            if (never) expect(holds).toBe(false);
            if (always) expect(holds).toBe(true);
          }
        },
      ),
      { seed: 20_261_129, numRuns: 3_000 },
    );
  });
});
