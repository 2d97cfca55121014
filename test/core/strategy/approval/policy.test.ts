import { describe, expect, test } from 'vitest';
import {
  APPROVABLE_KINDS,
  type ApprovalSettings,
  approvalSettingsInput,
  DEFAULT_APPROVAL_SETTINGS,
  type PolicyLevel,
} from '../../../../core/strategy/approval/approval-settings.ts';
import { type ApprovalFacts, policyFor, settingsSlips } from '../../../../core/strategy/approval/policy.ts';

const level = (change: Partial<PolicyLevel>): PolicyLevel => ({ name: 'L', roles: ['approver'], quorum: 1, ...change });
const first = level({ name: 'First' });
const facts: ApprovalFacts = { kind: 'campaign', audience: 500, topics: ['offers'], channels: ['push', 'sms'] };

describe('which levels are asked', () => {
  test.each<[string, PolicyLevel['when'], Partial<ApprovalFacts>, boolean]>([
    ['always', undefined, {}, true],
    ['the kind', { kinds: ['campaign'] }, {}, true],
    ['a larger audience', { audienceLargerThan: 499 }, {}, true],
    ['an audience of just that size', { audienceLargerThan: 500 }, {}, false],
    ['an audience of unknown size', { audienceLargerThan: 1_000_000 }, { audience: undefined }, true],
    ['a topic', { topics: ['news', 'offers'] }, {}, true],
    ['another topic', { topics: ['news'] }, {}, false],
    ['a channel that may be used', { channels: ['sms'] }, {}, true],
    ['no such channel', { channels: ['email'] }, {}, false],
    ['all of it', { topics: ['offers'], channels: ['sms'], audienceLargerThan: 100 }, {}, true],
    ['not all of it', { topics: ['offers'], channels: ['email'] }, {}, false],
  ])('%s', (_, when, change, expected) => {
    const { levels } = policyFor({ levels: [first, level({ when })] }, { ...facts, ...change });
    expect(levels.length === 2).toBe(expected);
    expect(levels.every((one) => !('when' in one))).toBe(true);
  });

  test('without settings one approver, and no reminder', () => {
    expect(policyFor(DEFAULT_APPROVAL_SETTINGS, facts)).toEqual({
      levels: [{ name: 'Approval', roles: ['approver'], quorum: 1 }],
    });
  });
  test('settings that say nothing about a kind leave it to one approver', () => {
    const levels = [level({ name: 'Boss', people: ['hal'], when: { kinds: ['campaign'] } })];
    expect(policyFor({ levels }, { ...facts, kind: 'journey' }).levels).toEqual(DEFAULT_APPROVAL_SETTINGS.levels);
  });
  test('reminders in seconds', () => {
    expect(policyFor({ levels: [first], remindAfter: { hours: 2 } }, facts).remindSeconds).toBe(7_200);
  });
});

describe('settings that cannot be saved', () => {
  const people = (change: Partial<PolicyLevel>): PolicyLevel => ({ name: 'P', people: ['ada'], quorum: 1, ...change });
  test.each<[string, PolicyLevel[], string[]]>([
    ['one level with a role', [first], []],
    ['only levels with conditions', [level({ when: { topics: ['offers'] } })], ['levels']],
    ['the kind alone is no condition', APPROVABLE_KINDS.map((kind) => level({ when: { kinds: [kind] } })), []],
    ['a kind that nobody decides about', [level({ when: { kinds: ['campaign'] } })], ['levels']],
    ['fewer people than the quorum', [first, people({ quorum: 2 })], ['levels.1.people']],
    ['one person for two levels', [people({}), people({})], ['levels.1.people']],
    ['one person for two levels, who may repeat', [people({}), people({ mayRepeat: true })], []],
    ['two people for two levels', [people({ people: ['ada', 'abe'] }), people({})], []],
    [
      'levels that are never asked together',
      [first, people({ when: { topics: ['a'] } }), people({ when: { topics: ['b'] } })],
      [],
    ],
    [
      'levels that may be asked together',
      [first, people({ when: { topics: ['a'] } }), people({ when: { channels: ['sms'] } })],
      ['levels.2.people'],
    ],
  ])('%s', (_, levels, paths) => {
    expect(settingsSlips({ levels }).map(({ path }) => path)).toEqual(paths);
  });

  test.each<[unknown, string]>([
    [{ levels: [] }, 'levels'],
    [{ levels: [{ name: 'L', quorum: 1 }] }, 'levels.0'],
    [{ levels: [{ name: 'L', roles: ['approver'], quorum: 6 }] }, 'levels.0.quorum'],
    [{ levels: [{ name: 'L', roles: ['boss'] }] }, 'levels.0.roles.0'],
    [{ levels: [{ name: 'L', roles: [] }] }, 'levels.0.roles'],
    [{ levels: [{ name: 'L', roles: ['approver'] }], remindAfter: { minutes: 59 } }, 'remindAfter'],
    [{ levels: [{ name: 'L', roles: ['approver'] }], remindAfter: { days: 31 } }, 'remindAfter.days'],
  ])('%j has not the form', (settings, path) => {
    const result = approvalSettingsInput.safeParse(settings);
    expect(result.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });
  test('a quorum of one may be left out', () => {
    const { levels }: ApprovalSettings = approvalSettingsInput.parse({ levels: [{ name: 'L', roles: ['approver'] }] });
    expect(levels[0]?.quorum).toBe(1);
  });
});
