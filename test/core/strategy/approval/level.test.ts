import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Role } from '../../../../core/access/role.ts';
import type { Approvable } from '../../../../core/strategy/approval/approval.ts';
import { asked, voted } from '../../../../core/strategy/approval/decisions.ts';
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

/** What may still happen: every person says yes as soon, and as often, as they are let. */
const mayBeApproved = (thing: Approvable, people: readonly string[], seen = new Set<string>()): boolean => {
  const { approval, state } = thing;
  if (state === 'approved') return true;
  const key = JSON.stringify(approval?.votes.map(({ level, by }) => [level, by]).sort());
  if (seen.has(key)) return false;
  seen.add(key);
  return people.some((actor) => {
    // Who has a role is not known to Herald: these people have it.
    const roles: Role[] = actor.startsWith('role') ? ['approver'] : [];
    const verdict = voted(thing, 'approved', { actor, roles, comment: '' }, 1);
    if (verdict.kind !== 'change') return false;
    const next = verdict.action === 'approve' ? 'approved' : 'in review';
    const after = { ...thing, state: next, approval: { ...verdict.approval, taskToken: 'token' } };
    return mayBeApproved(after, people, seen);
  });
};

test('a level that nobody could fulfil is found, exactly as by letting everybody vote', () => {
  const person = fc.constantFrom('a', 'b', 'c', 'd');
  const anyLevel = fc.record(
    {
      name: fc.constant('L'),
      quorum: fc.integer({ min: 1, max: 2 }),
      people: fc.uniqueArray(person, { minLength: 1 }),
      roles: fc.constant<Role[]>(['approver']),
      mayRepeat: fc.constant(true as const),
    },
    { requiredKeys: ['name', 'quorum', 'people'] },
  );
  const fresh = Array.from({ length: 6 }, (_, n) => `role-${n}`);
  fc.assert(
    fc.property(
      fc.array(anyLevel, { minLength: 1, maxLength: 3 }),
      fc.uniqueArray(person, { maxLength: 2 }),
      (levels, writers) => {
        const submission = { hash: 'h', levels, writers, expirySeconds: 60 };
        const draft = { id: 'x', version: 1, state: 'in review', author: 'mia', editors: [] };
        const thing = { ...draft, approval: { ...asked(draft, submission, 'mia', 0), taskToken: 'token' } };
        const people = ['a', 'b', 'c', 'd', ...(levels.some(({ roles }) => roles) ? fresh : [])];
        expect(impossibleLevel(levels, new Set(writers)) === undefined).toBe(mayBeApproved(thing, people));
      },
    ),
    { numRuns: 1_000 },
  );
});
