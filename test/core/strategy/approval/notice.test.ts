import { expect, test } from 'vitest';
import type { Approval } from '../../../../core/strategy/approval/approval.ts';
import { noticeOf } from '../../../../core/strategy/approval/notice.ts';

const approval: Approval = {
  ...{ hash: 'h', submission: 4, submittedBy: 'mia', submittedMs: 1_000, expiresMs: 61_000 },
  levels: [{ name: 'Colleague', roles: ['approver'], quorum: 1 }],
  ...{ writers: [], level: 0, votes: [], toldMs: 1_000, reminders: 0 },
};
const said = { by: 'ada', atMs: 2_000, comment: '' };
const approved = { ...approval, decision: { outcome: 'approved' as const, ...said } };
const taken = (by: string) => ({ ...approved, revoked: { by, atMs: 3_000, reason: 'Wrong' } });
const notice = (state: string, approval?: Approval) =>
  noticeOf('journey', {
    ...{ id: 'j', name: 'Welcome', version: 9, author: 'mia', editors: [], state },
    ...(approval && { approval }),
  });

test.each<[string, string, Approval, string, object]>([
  ['a level waits', 'in review', approval, 'approval.waiting', { level: 'Colleague', reminders: 0 }],
  ['people are reminded', 'in review', { ...approval, reminders: 1 }, 'approval.reminder', { reminders: 1 }],
  ['it is in force', 'published', approved, 'approval.ended', { outcome: 'approved', by: 'ada' }],
  [
    'taken back before',
    'rejected',
    taken('abe'),
    'approval.ended',
    { outcome: 'revoked', by: 'abe', comment: 'Wrong' },
  ],
  ['not to be put in force', 'draft', taken('herald'), 'approval.ended', { outcome: 'revoked', by: 'herald' }],
])('%s', (_, state, approval, type, data) => {
  expect(notice(state, approval)).toMatchObject({ type, data });
});

test('who edits it tells nobody', () => {
  expect([notice('draft'), notice('draft', approval)]).toEqual([undefined, undefined]);
});

test('the same is told by the same id, and anything else by another', () => {
  const ids = [approval, approved, taken('abe'), approved].map((one) => notice('in review', one)?.id);
  expect(ids[3]).toBe(ids[1]);
  expect(new Set(ids).size).toBe(3);
});
