import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { documentOf, makePairs, textOf } from '../../../bench/matching/documents.ts';
import { heraldRule } from '../../../bench/matching/engines/herald-rule.ts';
import { referenceMatch } from '../../../bench/matching/rule.ts';
import { hardRules, makeRules } from '../../../bench/matching/rules.ts';
import { condition } from '../../../core/event/condition.ts';
import { plainMatch } from '../../../core/event/plain-matcher.ts';

/** Pinned, so that figures of different days compare: whoever changes the workload starts a new series. */
const hash = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

describe('the workload is the same for ever', () => {
  test('512 events with their profiles', () => expect(hash(makePairs())).toBe('6fee7fffc35a082b'));
  test.each([
    ['mixed', 10, '584da843ce7f5750'],
    ['mixed', 100, '8724f01ed14b0575'],
    ['mixed', 1_000, '91bb32c03329be1b'],
    ['mixed', 10_000, '1a122997450054d6'],
    ['shared', 10, 'dc2fb9e8e882d213'],
    ['shared', 100, 'c5070863de7aed2c'],
    ['shared', 1_000, 'dd4fd66f4e4e4d65'],
  ] as const)('%s, %i rules', (variant, count, expected) => expect(hash(makeRules(count, variant))).toBe(expected));

  test('a shorter list of rules is the beginning of a longer one', () => {
    expect(makeRules(300, 'shared').slice(0, 100)).toEqual(makeRules(100, 'shared'));
  });

  test('events and profiles have the sizes that the figures name', () => {
    const texts = makePairs().map(textOf);
    const mean = (part: 'event' | 'profile') => texts.reduce((sum, text) => sum + text[part].length, 0) / texts.length;
    expect(Math.round(mean('event'))).toBe(807);
    expect(Math.round(mean('profile'))).toBe(1_402);
  });
});

test('the hard corpus asks for equality of nothing but the event type', () => {
  const text = JSON.stringify(hardRules(makeRules(200, 'shared')));
  expect(text).not.toContain('"op":"in"');
  expect(text.match(/"op":"eq"/g)).toHaveLength(text.match(/"f":"event.type"/g)!.length);
});

describe('rules of the workload as triggers', () => {
  const rules = makeRules(200, 'mixed');
  const triggers = rules.map(heraldRule);

  test('are conditions that a marketer could write', () => {
    for (const { where } of triggers) for (const one of where) expect(condition.safeParse(one).error).toBeUndefined();
  });

  test('mean the same', () => {
    const documents = makePairs(100).map((pair) => documentOf(textOf(pair)));
    for (const document of documents) {
      expect(plainMatch(triggers, document.facts)).toEqual(referenceMatch(rules, document));
    }
  });
});
