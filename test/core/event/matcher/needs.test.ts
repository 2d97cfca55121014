import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Facts } from '../../../../core/event/evaluate.ts';
import { rowsNamed } from '../../../../core/event/facts.ts';
import { buildSnapshot, loadMatcher } from '../../../../core/event/matcher.ts';
import { plainMatch, type Rule } from '../../../../core/event/plain-matcher.ts';
import { someFacts, someRules } from './rule-arbitrary.ts';

const rule = (id: string, ...where: Rule['where']): Rule => ({ id, eventType: 'order', where });
const event = (properties: Record<string, unknown>) => ({ type: 'order', timeMs: 0, properties });

describe('what must be read before an event can be matched', () => {
  const rules = [
    rule('big', { property: 'total', atLeast: 100 }),
    rule('vip', { property: 'total', atLeast: 1_000 }, { attribute: 'tier', equals: 'gold' }),
    rule('sms', { property: 'coupon', exists: true }, { consent: 'sms', equals: true }),
    rule(
      'near',
      { property: 'store', startsWith: 's' },
      { reference: 'stores', by: 'store', column: 'city', equals: 'Paris' },
    ),
  ];
  const filler = Array.from({ length: 200 }, (_, n) => rule(`f${n}`, { property: 'n', equals: n }));
  describe.each([
    ['few', rules],
    ['many', [...rules, ...filler]],
  ])('%s rules', (_, all) => {
    const matcher = loadMatcher(buildSnapshot(all));
    test.each([
      ['nothing where no rule can match', { total: 1 }, undefined],
      ['nothing where the event answers all', { total: 500 }, undefined],
      ['the profile', { total: 1_000 }, { profile: true, contact: false, references: [] }],
      ['the contact state', { coupon: 'x' }, { profile: false, contact: true, references: [] }],
      ['rows', { store: 's1' }, { profile: false, contact: false, references: [{ table: 'stores', by: 'store' }] }],
      [
        'all of it',
        { total: 1e4, coupon: 'x', store: 's' },
        { profile: true, contact: true, references: [{ table: 'stores', by: 'store' }] },
      ],
    ])('%s', (__, properties, expected) => expect(matcher.needs(event(properties))).toEqual(expected));
  });

  test('always, where a condition on the person is all there is', () => {
    const matcher = loadMatcher(buildSnapshot([rule('one', { not: { attribute: 'tier', equals: 'gold' } })]));
    expect(matcher.needs(event({}))).toEqual({ profile: true, contact: false, references: [] });
    expect(matcher.needs({ ...event({}), type: 'other' })).toBeUndefined();
  });

  test('follows what is added', () => {
    const matcher = loadMatcher(buildSnapshot([]));
    matcher.add(rule('one', { attribute: 'tier', exists: true }));
    expect(matcher.needs(event({}))).toEqual({ profile: true, contact: false, references: [] });
  });
});

/** Only what was asked for, as match-events reads it. */
const limited = (facts: Facts, needs: ReturnType<ReturnType<typeof loadMatcher>['needs']>): Facts => {
  const { event: own, profile, contact, references } = facts;
  const rows = needs ? rowsNamed(own, needs) : [];
  const read: Record<string, Record<string, Record<string, unknown> | undefined>> = {};
  for (const { table, key } of rows) {
    const stored = references && Object.hasOwn(references, table) ? references[table] : undefined;
    read[table] = { ...read[table], [key]: stored && Object.hasOwn(stored, key) ? stored[key] : undefined };
  }
  return {
    event: own,
    ...(needs?.profile && profile && { profile }),
    ...(needs?.contact && contact && { contact }),
    ...(rows.length > 0 && { references: read }),
  };
};

test.each([
  ['few', 1, 8, 150],
  ['many', 120, 160, 8],
])('%s rules: with only that the matches are those with everything', (_, minLength, maxLength, numRuns) => {
  fc.assert(
    fc.property(
      someRules({ minLength, maxLength }),
      fc.array(someFacts, { minLength: 20, maxLength: 30 }),
      (rules, all) => {
        const matcher = loadMatcher(buildSnapshot(rules));
        for (const facts of all) {
          const known = limited(facts, matcher.needs(facts.event));
          expect(matcher.match(known).sort()).toEqual(plainMatch(rules, facts).sort());
        }
      },
    ),
    { numRuns },
  );
});
