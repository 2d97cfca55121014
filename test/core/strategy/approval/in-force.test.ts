import { describe, expect, test } from 'vitest';
import type { Role } from '../../../../core/access/role.ts';
import { isAtVersion } from '../../../../core/strategy/approval/decisions.ts';
import { decisionsOf, type ForceDecision, isApproved } from '../../../../core/strategy/approval/in-force.ts';
import { DEFAULT_LEVELS, type Level } from '../../../../core/strategy/approval/level.ts';
import { type Journey, type JourneyState, journeyTransitions } from '../../../../core/strategy/journey/journey.ts';

const decisions = decisionsOf<JourneyState, Journey>('journey', journeyTransitions);
const draft = {
  id: 'j',
  version: 4,
  state: 'draft',
  name: 'Welcome',
  author: 'mia',
  editors: ['max'],
} as unknown as Journey;
const ada = { actor: 'ada', roles: ['approver' as Role] };
const abe = { actor: 'abe', roles: ['approver' as Role] };
const legal: Level = { name: 'Legal', people: ['lea'], quorum: 1 };
const TWO = [...DEFAULT_LEVELS, legal];

const thingOf = (decision: ForceDecision<Journey>): Journey => {
  if (decision.kind === 'refuse') throw new Error(decision.detail);
  return decision.thing;
};
const submission = (levels = DEFAULT_LEVELS, writers: string[] = []) => ({ hash: 'h', levels, writers });
const submit = (thing = draft, levels = DEFAULT_LEVELS) =>
  thingOf(decisions.submitted(thing, { ...submission(levels), expirySeconds: 60 }, 'mia', 1_000));
const ref = { hash: 'h', submission: 4 };
const open = (thing: Journey, level = 0) => decisions.opened(thing, { ...ref, level }, `token-${level}`)!;
const say = (thing: Journey, by: typeof ada, level?: number) =>
  decisions.decided(thing, 'approved', { ...by, comment: '', level }, 2_000);

describe('levels', () => {
  test('nothing is in force before the last one has said yes, and then once', () => {
    const first = thingOf(say(open(submit(draft, TWO)), ada));
    expect(first).toMatchObject({ state: 'in review', approval: { level: 1 } });
    expect(decisions.putInForce(first, ref, { hash: 'v' })).toEqual({ kind: 'same', thing: first });
    const approved = thingOf(say(open(first, 1), { actor: 'lea', roles: [] }));
    expect(approved.state).toBe('approved');
    expect(isApproved(approved, ref)).toBe(true);
    const inForce = thingOf(decisions.putInForce(approved, ref, { hash: 'v' }));
    expect(inForce).toMatchObject({ state: 'published', hash: 'v' });
    expect(decisions.putInForce(inForce, ref, { hash: 'other' })).toEqual({ kind: 'same', thing: inForce });
    expect(say(inForce, { actor: 'lea', roles: [] })).toEqual({ kind: 'same', thing: inForce });
  });

  test('an edit voids what was said, and a vote about it is refused', () => {
    const waiting = open(submit(draft, TWO));
    const { approval: _void, ...content } = waiting;
    const edited = thingOf(decisions.edited(waiting, content, 'Edited'));
    expect(edited).toMatchObject({ state: 'draft', history: [{ hash: 'h', submission: 4, outcome: 'withdrawn' }] });
    expect(edited).not.toHaveProperty('approval');
    expect(say(edited, ada)).toMatchObject({ kind: 'refuse', problem: 'state-conflict' });
    expect(decisions.opened(edited, { ...ref, level: 0 }, 'late')).toBeUndefined();
  });

  test('what waits already is not submitted anew, whoever does it, unless its time is over', () => {
    const waiting = open(submit(draft, TWO));
    const again = (hash: string, nowMs: number) =>
      decisions.submitted(waiting, { ...submission(), hash, expirySeconds: 9 }, 'max', nowMs);
    expect(again('h', 60_999)).toEqual({ kind: 'same', thing: waiting });
    expect(again('h', 61_000)).toMatchObject({ kind: 'refuse', problem: 'state-conflict' });
    expect(again('other', 2_000)).toMatchObject({ kind: 'refuse', problem: 'state-conflict' });
    expect([isAtVersion(waiting, 4), isAtVersion({ ...waiting, version: 6 }, 6), isAtVersion(waiting, 5)]).toEqual([
      ...[true, true, false],
    ]);
    expect(isAtVersion({ ...waiting, version: 6, state: 'draft' }, 4)).toBe(false);
  });

  test('what is approved and not in force yet is not submitted anew either', () => {
    const approved = thingOf(say(open(submit()), ada));
    const again = (hash: string) =>
      decisions.submitted(approved, { ...submission(), hash, expirySeconds: 9 }, 'max', 99_000);
    expect(again('h')).toEqual({ kind: 'same', thing: approved });
    expect(again('other')).toMatchObject({ kind: 'refuse', problem: 'state-conflict' });
    expect([isAtVersion({ ...approved, version: 6 }, 4), isAtVersion({ ...approved, version: 6 }, 5)]).toEqual([
      ...[true, false],
    ]);
  });

  test('nobody decides in time: a draft again', () => {
    const waiting = open(submit());
    expect(decisions.waited(waiting, ref, false, 60_999)).toMatchObject({ kind: 'same' });
    expect(thingOf(decisions.waited(waiting, ref, false, 61_000))).toMatchObject({ state: 'draft' });
  });
});

describe('a second person at once', () => {
  test.each<[string, Level[], string[], typeof ada, string | undefined]>([
    ['one approver is all that is asked for', DEFAULT_LEVELS, [], ada, undefined],
    ['its author', DEFAULT_LEVELS, [], { actor: 'mia', roles: ['approver', 'marketer'] }, 'own-approval'],
    ['its editor', DEFAULT_LEVELS, [], { actor: 'max', roles: ['approver'] }, 'own-approval'],
    ['who wrote a template', DEFAULT_LEVELS, ['ada'], ada, 'own-approval'],
    ['two levels', TWO, [], ada, 'needs-approval'],
    ['two people of one level', [{ ...DEFAULT_LEVELS[0]!, quorum: 2 }], [], ada, 'needs-approval'],
    ['a level of others', [legal], [], ada, 'forbidden-role'],
    ['a level of their own', [legal], [], { actor: 'lea', roles: [] }, undefined],
    ['no level at all', [], [], ada, 'needs-approval'],
  ])('%s', (_, levels, writers, by, problem) => {
    const decision = decisions.approvedAtOnce(draft, submission(levels, writers), by, 5);
    if (problem) expect(decision).toMatchObject({ kind: 'refuse', problem });
    else
      expect(thingOf(decision)).toMatchObject({
        state: 'approved',
        approval: { votes: [{ by: by.actor }], hash: 'h' },
      });
  });

  test('who published the last one may publish the next one', () => {
    const published = thingOf(
      decisions.putInForce(thingOf(decisions.approvedAtOnce(draft, submission(), ada, 5)), ref, { hash: 'v' }),
    );
    const next = { ...published, version: 6 };
    const again = thingOf(decisions.approvedAtOnce(next, { ...submission(), hash: 'h2' }, ada, 9));
    expect(again).toMatchObject({ state: 'approved', approval: { hash: 'h2', submission: 6 } });
    expect(again.history).toEqual([{ hash: 'h', submission: 4, outcome: 'approved' }]);
  });
});

describe('after the approval', () => {
  const approved = thingOf(say(open(submit()), ada));
  test('what cannot be put in force is a draft again, and says why', () => {
    const returned = thingOf(decisions.returned(approved, ref, 'It was stopped', 9));
    expect(returned).toMatchObject({
      state: 'draft',
      approval: { revoked: { by: 'herald', reason: 'It was stopped' } },
    });
    expect(decisions.returned(returned, ref, 'It was stopped', 10)).toEqual({ kind: 'same', thing: returned });
  });
  test('it is taken back once it is in force, once', () => {
    const inForce = thingOf(decisions.putInForce(approved, ref, { hash: 'v' }));
    const by = { ...abe, reason: 'Wrong price' };
    const revoked = thingOf(decisions.disapproved(inForce, by, 9));
    expect(revoked).toMatchObject({ state: 'rejected', approval: { revoked: { by: 'abe' } } });
    expect(decisions.disapproved(revoked, by, 10)).toEqual({ kind: 'same', thing: revoked });
    expect(decisions.disapproved(inForce, { actor: 'mia', roles: ['marketer'], reason: '?' }, 9)).toMatchObject({
      problem: 'forbidden-role',
    });
    // Seconds after the last yes it is on its way into force, and comes no further.
    const early = thingOf(decisions.disapproved(approved, by, 9));
    expect(early).toMatchObject({ state: 'rejected', approval: { revoked: { by: 'abe' } } });
    expect(decisions.putInForce(early, ref, { hash: 'v' })).toEqual({ kind: 'same', thing: early });
  });
});
