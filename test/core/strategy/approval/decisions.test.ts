import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Role } from '../../../../core/access/role.ts';
import type { Approvable, Approval } from '../../../../core/strategy/approval/approval.ts';
import {
  asked,
  openedAt,
  pastSubmissions,
  revoked,
  type Verdict,
  voted,
  waitOf,
  woken,
} from '../../../../core/strategy/approval/decisions.ts';
import type { Level } from '../../../../core/strategy/approval/level.ts';

type Thing = Approvable & { approval: Approval };

const LEVELS: Level[] = [
  { name: 'Colleague', roles: ['approver'], quorum: 2 },
  { name: 'Legal', people: ['lea', 'leo', 'ada'], quorum: 1 },
];
const TOKEN = 'token';
/** As the state machine does: there is a token for each level that waits. */
const opened = (thing: Thing): Thing => {
  const { hash, submission, level } = thing.approval;
  return { ...thing, approval: openedAt(thing, { hash, submission, level }, TOKEN) ?? thing.approval };
};
const inReview = (levels = LEVELS, remindSeconds?: number): Thing => {
  const thing = { id: 'x', version: 4, state: 'in review', author: 'mia', editors: ['ed'] };
  const submission = { hash: 'h', levels, writers: ['tia'], expirySeconds: 100, remindSeconds };
  return opened({ ...thing, approval: asked(thing, submission, 'sue', 0) });
};
const states = { approve: 'approved', reject: 'rejected', expire: 'draft', vote: 'in review', remind: 'in review' };
const apply = (thing: Thing, verdict: Verdict): Thing => {
  if (verdict.kind !== 'change') return thing;
  const state = verdict.action === 'revoke' ? 'revoked' : states[verdict.action];
  return { ...thing, version: thing.version + 1, state, approval: verdict.approval };
};
const APPROVER: Role[] = ['approver'];
const yes = (thing: Thing, actor: string, roles: readonly Role[] = APPROVER, more: object = {}) =>
  voted(thing, 'approved', { actor, roles, comment: '', ...more }, 5);
const no = (thing: Thing, actor: string, roles: readonly Role[] = APPROVER) =>
  voted(thing, 'rejected', { actor, roles, comment: 'no' }, 5);
const said = (verdict: Verdict) =>
  verdict.kind === 'refuse' ? verdict.problem : verdict.kind === 'change' ? verdict.action : verdict.kind;
const approvedBy = (thing: Thing, ...people: string[]): Thing =>
  people.reduce((now, person) => opened(apply(now, yes(now, person))), thing);

describe('levels', () => {
  test('the quorum of one opens the next, whose last yes approves', () => {
    const one = apply(inReview(), yes(inReview(), 'abe'));
    expect([one.approval.level, one.approval.taskToken]).toEqual([0, TOKEN]);
    const two = apply(one, yes(one, 'ann'));
    // The token is answered, and the state machine asks for the next level with another one.
    expect([two.approval.level, two.approval.taskToken, two.state]).toEqual([1, undefined, 'in review']);
    expect(said(yes(two, 'lea'))).toBe('approval-not-ready');
    const done = apply(opened(two), yes(opened(two), 'lea', []));
    expect(done.state).toBe('approved');
    expect(done.approval.votes.map(({ by, level }) => [by, level])).toEqual([
      ['abe', 0],
      ['ann', 0],
      ['lea', 1],
    ]);
    expect(done.approval.decision).toMatchObject({ outcome: 'approved', by: 'lea' });
  });

  test.each([
    ['its author', 'mia'],
    ['an editor', 'ed'],
    ['who submitted it', 'sue'],
    ['who wrote its template', 'tia'],
  ])('%s never counts, at any level', (_, person) => {
    expect(said(yes(inReview(), person))).toBe('own-approval');
    expect(said(no(inReview(), person))).toBe('own-approval');
    const named = inReview([{ name: 'L', people: [person], quorum: 1 }]);
    expect(said(yes(named, person))).toBe('own-approval');
  });

  test('a person counts once over all levels, unless the level lets them repeat', () => {
    const second = approvedBy(inReview(), 'ada', 'abe');
    expect(yes(second, 'ada')).toMatchObject({ kind: 'refuse', problem: 'already-decided' });
    const [first, legal] = LEVELS as [Level, Level];
    const lenient = approvedBy(inReview([first, { ...legal, mayRepeat: true }]), 'ada', 'abe');
    expect(said(yes(lenient, 'ada'))).toBe('approve');
  });

  test('a yes that is repeated, its answer lost, is none for the next level: it says for which it is', () => {
    const [first, second] = [
      { ...LEVELS[0]!, quorum: 1 },
      { ...LEVELS[1]!, mayRepeat: true as const },
    ];
    const next = approvedBy(inReview([first, second]), 'ada');
    expect(said(yes(next, 'ada', APPROVER, { level: 0 }))).toBe('same');
    expect(said(yes(next, 'abe', APPROVER, { level: 0 }))).toBe('version-conflict');
    expect(said(yes(next, 'ada', APPROVER, { level: 1 }))).toBe('approve');
    expect(said(yes(inReview([first, second]), 'ada', APPROVER, { level: 1 }))).toBe('version-conflict');
  });

  test('who is of another level waits for their turn; who is of none may never', () => {
    expect(said(yes(inReview(), 'lea', []))).toBe('forbidden-role');
    expect(said(yes(approvedBy(inReview(), 'abe', 'ann'), 'zoe'))).toBe('forbidden-role');
    expect(said(yes(inReview(), 'vera', ['viewer']))).toBe('forbidden-role');
  });

  test('one no, at any level, rejects; saying it again is harmless', () => {
    for (const thing of [inReview(), approvedBy(inReview(), 'abe')]) {
      const rejected = apply(thing, no(thing, 'ann'));
      expect(rejected).toMatchObject({ state: 'rejected', approval: { decision: { outcome: 'rejected', by: 'ann' } } });
      expect(rejected.approval.taskToken).toBeUndefined();
      expect([said(no(rejected, 'ann')), said(yes(rejected, 'ann')), said(no(rejected, 'abe'))]).toEqual([
        ...['same', 'already-decided', 'already-decided'],
      ]);
    }
  });

  test('the same yes again is harmless, before and after the decision', () => {
    const one = approvedBy(inReview(), 'abe');
    expect(said(yes(one, 'abe'))).toBe('same');
    const done = approvedBy(one, 'ann', 'lea');
    expect([said(yes(done, 'abe')), said(yes(done, 'lea')), said(yes(done, 'leo', APPROVER))]).toEqual([
      ...['same', 'same', 'already-decided'],
    ]);
  });
});

describe('on behalf of somebody', () => {
  const forAda = { onBehalfOf: { person: 'ada', roles: APPROVER } };
  test('counts as that person, and is named', () => {
    const one = apply(inReview(), yes(inReview(), 'vic', ['viewer'], forAda));
    expect(one.approval.votes).toEqual([{ level: 0, by: 'vic', onBehalfOf: 'ada', atMs: 5, comment: '' }]);
    expect(said(yes(one, 'vic', ['viewer'], forAda))).toBe('same');
  });
  test('neither the one nor the other counts a second time', () => {
    const one = apply(inReview(), yes(inReview(), 'vic', APPROVER, forAda));
    expect(said(yes(one, 'vic'))).toBe('already-decided');
    expect(said(yes(one, 'ada'))).toBe('already-decided');
    expect(said(yes(one, 'abe', APPROVER, forAda))).toBe('already-decided');
  });
  test.each(['mia', 'ed', 'sue', 'tia'])('%s may neither give it nor use it', (own) => {
    expect(said(yes(inReview(), own, APPROVER, forAda))).toBe('own-approval');
    const given = { onBehalfOf: { person: own, roles: APPROVER } };
    expect(said(yes(inReview(), 'vic', APPROVER, given))).toBe('own-approval');
  });
  test('it is no more than that person may', () => {
    const given = { onBehalfOf: { person: 'moe', roles: ['marketer' as const] } };
    expect(said(yes(inReview(), 'abe', APPROVER, given))).toBe('forbidden-role');
  });
});

describe('waiting', () => {
  const ref = { hash: 'h', submission: 4 };
  test('until the expiry, or the next reminder, whichever comes first', () => {
    expect(waitOf(inReview(), ref, 0)).toEqual({ level: 0, seconds: 100 });
    expect(waitOf(inReview(LEVELS, 30), ref, 0)).toEqual({ level: 0, seconds: 30 });
    expect(waitOf(inReview(LEVELS, 30), ref, 29_999)).toEqual({ level: 0, seconds: 1 });
    expect(waitOf(inReview(LEVELS, 300), ref, 0)).toEqual({ level: 0, seconds: 100 });
    expect(waitOf(inReview(), { ...ref, submission: 3 }, 0)).toBeUndefined();
    expect(waitOf({ ...inReview(), state: 'draft' }, ref, 0)).toBeUndefined();
  });
  test('reminds again and again, once each, then expires as a whole, whatever level it has come to', () => {
    let thing = inReview(LEVELS, 30);
    const log: string[] = [];
    for (const atMs of [29_999, 30_000, 30_000, 60_000, 90_000, 99_999, 100_000, 100_001]) {
      const verdict = woken(thing, ref, false, atMs);
      log.push(`${atMs} ${said(verdict)}`);
      thing = apply(thing, verdict);
    }
    expect(log).toEqual([
      ...['29999 same', '30000 remind', '30000 same', '60000 remind', '90000 remind', '99999 same'],
      ...['100000 expire', '100001 same'],
    ]);
    expect(thing.approval).toMatchObject({ reminders: 3, decision: { outcome: 'expired', by: 'herald' } });
    expect(thing.approval.taskToken).toBeUndefined();
  });
  test('a new level begins to wait anew', () => {
    const second = approvedBy(inReview(LEVELS, 30), 'abe', 'ann');
    expect(second.approval).toMatchObject({ toldMs: 5, reminders: 0 });
    expect(woken(second, ref, false, 30_000)).toEqual({ kind: 'same' });
    expect(said(woken(second, ref, false, 30_005))).toBe('remind');
  });
  test('given up, it expires at once', () => expect(said(woken(inReview(), ref, true, 1))).toBe('expire'));
  test('a level that is over keeps no token', () => {
    const second = approvedBy(inReview(), 'abe', 'ann');
    expect(openedAt(second, { ...ref, level: 0 }, 'late')).toBeUndefined();
  });
});

describe('taking it back', () => {
  const by = (actor: string, roles: Role[]) => ({ actor, roles, reason: 'Wrong price' });
  const approved = approvedBy(inReview(), 'abe', 'ann', 'lea');
  test.each([
    ['a voter of whatever role', by('lea', ['viewer']), 'revoke'],
    ['another approver', by('zoe', ['approver']), 'revoke'],
    ['an operator', by('oscar', ['operator']), 'revoke'],
    ['a marketer', by('moe', ['marketer']), 'forbidden-role'],
    ['a viewer', by('vera', ['viewer']), 'forbidden-role'],
  ])('by %s', (_, who, expected) => {
    expect(said(revoked(approved, who, false, 9))).toBe(expected);
  });
  test('is kept beside the decision, once', () => {
    const back = apply(approved, revoked(approved, by('lea', []), false, 9));
    expect(back.approval.revoked).toEqual({ by: 'lea', atMs: 9, reason: 'Wrong price' });
    expect(said(revoked(back, by('abe', []), false, 10))).toBe('same');
  });
  test('in review it is a no, though the level is another', () => {
    const second = approvedBy(inReview(), 'abe', 'ann');
    const back = apply(second, revoked(second, by('abe', []), false, 9));
    expect([back.state, back.approval.decision?.comment]).toEqual(['rejected', 'Wrong price']);
    expect(said(revoked(back, by('abe', []), false, 10))).toBe('same');
    expect(said(revoked(back, by('zoe', APPROVER), false, 10))).toBe('state-conflict');
  });
  test('of what is over, or was never approved, is refused', () => {
    expect(said(revoked(approved, by('oscar', ['operator']), true, 9))).toBe('state-conflict');
    const rejected = apply(inReview(), no(inReview(), 'abe'));
    expect(said(revoked(rejected, by('oscar', ['operator']), false, 9))).toBe('state-conflict');
  });
});

test('submissions that are over are kept, the last twenty', () => {
  const { approval: _none, ...thing } = inReview();
  expect(pastSubmissions(thing)).toEqual([]);
  const once = pastSubmissions(inReview());
  expect(once).toEqual([{ hash: 'h', submission: 4, outcome: 'withdrawn' }]);
  const revoked = (by: string) => ({ ...inReview().approval!, revoked: { by, atMs: 9, reason: 'No' } });
  expect(pastSubmissions({ ...inReview(), approval: revoked('abe') })).toMatchObject([{ outcome: 'revoked' }]);
  expect(pastSubmissions({ ...inReview(), approval: revoked('herald') })).toEqual(once);
  const many = { ...inReview(), history: Array.from({ length: 20 }, (_, n) => ({ ...once[0]!, submission: n })) };
  expect(pastSubmissions(many).map(({ submission }) => submission)).toEqual([
    ...Array.from({ length: 19 }, (_, n) => n + 1),
    4,
  ]);
});

test('whoever says what in whatever order: what is approved has its quorum at each level, by different people whose work it is not', () => {
  const person = fc.constantFrom('mia', 'ed', 'abe', 'ada', 'ann', 'lea', 'leo');
  const step = fc.record({ by: person, forAda: fc.boolean(), no: fc.integer({ min: 0, max: 30 }) });
  let approvals = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let thing = inReview();
      for (const { by, forAda, no: n } of steps) {
        const more = forAda ? { onBehalfOf: { person: 'ada', roles: APPROVER } } : {};
        const verdict = n === 0 ? no(thing, by) : yes(thing, by, APPROVER, more);
        thing = opened(apply(thing, verdict));
        if (thing.state !== 'approved') continue;
        approvals += 1;
        const { votes, levels } = thing.approval;
        for (const [n, level] of levels.entries()) {
          expect(votes.filter((vote) => vote.level === n)).toHaveLength(level.quorum);
        }
        const people = votes.flatMap(({ by: one, onBehalfOf }) => [...new Set([one, onBehalfOf ?? one])]);
        expect(new Set(people).size).toBe(people.length);
        expect(people).not.toContain('mia');
        expect(people).not.toContain('ed');
        return;
      }
    }),
    { numRuns: 3_000 },
  );
  expect(approvals).toBeGreaterThan(100);
});
