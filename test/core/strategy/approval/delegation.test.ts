import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Role } from '../../../../core/access/role.ts';
import {
  type Delegation,
  type DelegationsDecision,
  delegated,
  givenTo,
  inForce,
  MAX_DELEGATION_MS,
  undelegated,
} from '../../../../core/strategy/approval/delegation.ts';

const settings = {
  levels: [
    { name: 'A', roles: ['approver' as const], quorum: 1 },
    { name: 'B', people: ['lea'], quorum: 1 },
  ],
};
const give = (now: Delegation[], from: string, to: string, change: { untilMs?: number; roles?: Role[] } = {}) =>
  delegated(now, { from, to, untilMs: 1_000, roles: ['approver'], ...change }, settings, 10);
const problem = (decision: DelegationsDecision) => (decision.kind === 'refuse' ? decision.problem : decision.kind);
const apply = (now: Delegation[], decision: DelegationsDecision) =>
  decision.kind === 'change' ? decision.delegations : now;
const one = apply([], give([], 'ada', 'ben'));

describe('handing over', () => {
  test('is in force until its time', () => {
    expect(givenTo(one, 'ben', 999)).toEqual([
      { from: 'ada', to: 'ben', untilMs: 1_000, givenMs: 10, roles: ['approver'] },
    ]);
    expect(givenTo(one, 'ben', 1_000)).toEqual([]);
  });
  test('again replaces what was given before', () => {
    expect(apply(one, give(one, 'ada', 'cleo')).map(({ to }) => to)).toEqual(['cleo']);
  });
  test.each<[string, DelegationsDecision, string]>([
    ['to oneself', give([], 'ada', 'ada'), 'state-conflict'],
    ['for a time that is over', give([], 'ada', 'ben', { untilMs: 10 }), 'state-conflict'],
    ['for too long', give([], 'ada', 'ben', { untilMs: 11 + MAX_DELEGATION_MS }), 'state-conflict'],
    ['on to another', give(one, 'ben', 'cleo'), 'state-conflict'],
    ['to who has handed theirs over', give(one, 'cleo', 'ada'), 'state-conflict'],
    ['back', give(one, 'ben', 'ada'), 'state-conflict'],
    ['what one may not do oneself', give([], 'moe', 'ben', { roles: ['marketer'] }), 'forbidden-role'],
    ['what one is named for', give([], 'lea', 'ben', { roles: [] }), 'change'],
    ['of several to one person', give(one, 'abe', 'ben'), 'change'],
  ])('%s: %j', (_, decision, expected) => expect(problem(decision)).toBe(expected));
  test('when an earlier one is over, nothing stands in the way', () => {
    const late = delegated(one, { from: 'ben', to: 'cleo', untilMs: 3_000, roles: ['approver'] }, settings, 2_000);
    expect(apply(one, late).map(({ from }) => from)).toEqual(['ben']);
  });
});

describe('ending it', () => {
  test.each<[string, Role[], string]>([
    ['ada', [], 'change'],
    ['ben', [], 'change'],
    ['oscar', ['operator'], 'change'],
    ['abe', ['approver'], 'forbidden-role'],
  ])('by %s', (actor, roles, expected) => {
    expect(problem(undelegated(one, 'ada', { actor, roles }, 20))).toBe(expected);
  });
  test('twice finds nothing', () => {
    const none = apply(one, undelegated(one, 'ada', { actor: 'ada', roles: [] }, 20));
    expect(none).toEqual([]);
    expect(problem(undelegated(none, 'ada', { actor: 'ada', roles: [] }, 21))).toBe('not-found');
  });
});

test('whoever hands over to whomever in whatever order: nobody who has handed theirs over decides for others', () => {
  const person = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.record({ from: person, to: person, forMs: fc.integer({ min: 1, max: 5 }), end: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      let now: Delegation[] = [];
      for (const [n, { from, to, forMs, end }] of steps.entries()) {
        const decision = end
          ? undelegated(now, from, { actor: from, roles: [] }, n)
          : delegated(now, { from, to, untilMs: n + forMs, roles: ['approver'] }, settings, n);
        now = apply(now, decision);
        const givers = inForce(now, n).map((it) => it.from);
        expect(new Set(givers).size).toBe(givers.length);
        expect(inForce(now, n).filter((it) => givers.includes(it.to))).toEqual([]);
      }
    }),
    { numRuns: 2_000 },
  );
});
