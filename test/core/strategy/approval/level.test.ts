import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Role } from '../../../../core/access/role.ts';
import { impossibleLevel, type Level, mayDecideAt } from '../../../../core/strategy/approval/level.ts';

const level = (change: Partial<Level>): Level => ({ name: 'L', quorum: 1, ...change });

describe('who decides at a level', () => {
  test.each([
    ['a role', level({ roles: ['approver'] }), 'ada', ['approver'], true],
    ['another role', level({ roles: ['approver'] }), 'ada', ['marketer', 'operator'], false],
    ['an admin has every role', level({ roles: ['operator'] }), 'ada', ['admin'], true],
    ['a name', level({ people: ['ada'] }), 'ada', [], true],
    ['another name', level({ people: ['ada'] }), 'abe', ['approver', 'admin'], false],
    ['either', level({ people: ['ada'], roles: ['operator'] }), 'oscar', ['operator'], true],
  ] as const)('%s', (_, at, person, roles, expected) => {
    expect(mayDecideAt(at, person, roles)).toBe(expected);
  });
});

/** Tries every way to give each level its people. */
const isPossible = (levels: readonly Level[], excluded: ReadonlySet<string>, used: readonly string[] = []): boolean => {
  const [first, ...rest] = levels;
  if (!first) return true;
  if (first.roles) return isPossible(rest, excluded, used);
  const people = (first.people ?? []).filter((one) => !excluded.has(one) && (first.mayRepeat || !used.includes(one)));
  const choices = (from: readonly string[], count: number): string[][] =>
    count === 0 ? [[]] : from.flatMap((one, n) => choices(from.slice(n + 1), count - 1).map((more) => [one, ...more]));
  return choices(people, first.quorum).some((some) =>
    isPossible(rest, excluded, first.mayRepeat ? used : [...used, ...some]),
  );
};

test('a level that nobody could fulfil is found, exactly as by trying everything', () => {
  const person = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const anyLevel = fc.record(
    {
      name: fc.constant('L'),
      quorum: fc.integer({ min: 1, max: 3 }),
      people: fc.uniqueArray(person, { minLength: 1 }),
      roles: fc.constant<Role[]>(['approver']),
      mayRepeat: fc.constant(true as const),
    },
    { requiredKeys: ['name', 'quorum', 'people'] },
  );
  fc.assert(
    fc.property(fc.array(anyLevel, { maxLength: 4 }), fc.uniqueArray(person, { maxLength: 2 }), (levels, excluded) => {
      const out = new Set(excluded);
      expect(impossibleLevel(levels, out) === undefined).toBe(isPossible(levels, out));
    }),
    { numRuns: 2_000 },
  );
});
