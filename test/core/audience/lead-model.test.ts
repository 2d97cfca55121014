import { describe, expect, test } from 'vitest';
import { fitOf } from '../../../core/audience/lead-fit.ts';
import { type LeadModel, ruleKey, stageAttribute } from '../../../core/audience/lead-model.ts';
import {
  activatedLeadModel,
  editedLeadModel,
  newLeadModel,
  pausedLeadModel,
} from '../../../core/audience/lead-model-decisions.ts';
import { leadModelChange, leadModelId, leadModelInput } from '../../../core/audience/lead-model-input.ts';
import { leadModelSet } from '../../../core/audience/lead-model-set.ts';
import { ulidOf } from '../../../core/audience/ulid-of.ts';
import type { Condition } from '../../../core/event/condition.ts';
import { event, model, NOW, pricing, view } from './lead-world.ts';

const input = {
  name: 'Interest',
  halfLifeDays: 10,
  rules: [{ label: 'Looked', eventType: 'view', points: 2 }],
  stages: [{ name: 'subscriber' }, { name: 'engaged', from: 10, fallsBelow: 6 }],
};
const slipsOf = (change: object) =>
  (leadModelInput.safeParse({ ...input, ...change }).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );
const rule = (change: object) => ({ rules: [{ ...input.rules[0], ...change }] });
const stages = (...some: object[]) => ({ stages: [{ name: 'subscriber' }, ...some] });

describe('a lead model', () => {
  test.each<[string, object]>([
    ['the plainest', {}],
    [
      'with deductions, caps and a half-life of its own',
      rule({ points: -5, capPerDay: 3, maxTimes: 10, halfLifeDays: 90 }),
    ],
    [
      'with conditions',
      rule({
        where: [
          { property: 'path', startsWith: '/pricing' },
          { attribute: 'plan', equals: 'free' },
        ],
      }),
    ],
    [
      'with points for the profile',
      { fit: [{ label: 'Big', where: [{ not: { attribute: 'size', lessThan: 9 } }], points: 5 }] },
    ],
    [
      'with a stage that only people set',
      stages({ name: 'engaged', from: 10, fallsBelow: 6 }, { name: 'customer', handOver: ['x'] }),
    ],
  ])('%s is one', (_, change) => {
    expect(slipsOf(change)).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['no points', rule({ points: 0 }), 'rules.0.points: Zero points say nothing'],
    [
      'events of its own',
      rule({ eventType: 'herald.lead.stage-changed' }),
      'rules.0.eventType: A score that moves by its own stages would never rest',
    ],
    ['two rules of one name', { rules: [input.rules[0], input.rules[0]] }, 'rules.1.label: Looked is there twice'],
    ['one stage', { stages: [{ name: 'subscriber' }] }, 'stages'],
    [
      'a first stage with a threshold',
      { stages: [{ name: 'a', from: 1, fallsBelow: 0 }, input.stages[1]] },
      'stages.0.from: Everybody begins in the first stage',
    ],
    [
      'a stage twice',
      stages({ name: 'subscriber', from: 1, fallsBelow: 0 }),
      'stages.1.name: subscriber is there twice',
    ],
    ['no lower threshold', stages({ name: 'b', from: 10 }), 'stages.1.fallsBelow: Say below what score'],
    [
      'no hysteresis',
      stages({ name: 'b', from: 10, fallsBelow: 10 }),
      'stages.1.fallsBelow: It must be less than from (10)',
    ],
    [
      'a lower threshold alone',
      stages({ name: 'b', fallsBelow: 10 }),
      'stages.1.fallsBelow: A stage that only people set is left by hand',
    ],
    [
      'stages out of order',
      stages({ name: 'b', from: 10, fallsBelow: 6 }, { name: 'c', from: 9, fallsBelow: 7 }),
      'stages.2.from: It must be more than',
    ],
    [
      'falls out of order',
      stages({ name: 'b', from: 10, fallsBelow: 6 }, { name: 'c', from: 20, fallsBelow: 5 }),
      'stages.2.fallsBelow: It must be more than',
    ],
    [
      'a stage for people in between',
      stages({ name: 'b' }, { name: 'c', from: 20, fallsBelow: 5 }),
      'stages.2.from: Stages that only people set come last',
    ],
    [
      'points for what somebody did',
      { fit: [{ label: 'x', where: [{ property: 'a', equals: 1 }], points: 5 }] },
      'fit.0.where: Points of a profile ask about attributes and fields only',
    ],
  ])('%s: refused', (_, change, slip) => {
    expect(slipsOf(change).join('\n')).toContain(slip);
  });

  test('a change names the version that it changes', () => {
    expect(leadModelChange.safeParse(input).success).toBe(false);
    expect(leadModelChange.safeParse({ ...input, version: 0 }).success).toBe(true);
  });

  test('its id makes the name of an attribute', () => {
    expect(['lead', 'web_2'].every((id) => leadModelId.safeParse(id).success)).toBe(true);
    expect(
      ['', 'Lead', '2', 'a-b', 'a/b', `a${'b'.repeat(40)}`].filter((id) => leadModelId.safeParse(id).success),
    ).toEqual([]);
    expect(stageAttribute('lead')).toBe('lead_stage');
  });

  test('a rule is another one when anything of it is', () => {
    const key = ruleKey({ halfLifeDays: 10 }, view);
    expect(ruleKey({ halfLifeDays: 10 }, { ...view })).toBe(key);
    expect(ruleKey({ halfLifeDays: 20 }, { ...view, halfLifeDays: 10 })).not.toBe(key);
    for (const change of [
      { points: 3 },
      { label: 'x' },
      { where: [{ property: 'a', exists: true }] },
      { capPerDay: 1 },
      { halfLifeDays: 5 },
    ]) {
      expect(ruleKey({ halfLifeDays: 10 }, { ...view, ...change })).not.toBe(key);
    }
    expect(ruleKey({ halfLifeDays: 20 }, view)).not.toBe(key);
  });
});

describe('the life of a model', () => {
  const draft = (newLeadModel('lead', input, 'mia', NOW) as { model: LeadModel }).model;

  test('written, activated by another, paused, changed, activated again', () => {
    expect(draft).toMatchObject({ version: 1, state: 'draft', author: 'mia' });
    const active = (activatedLeadModel(draft, 'ada') as { model: LeadModel }).model;
    expect(active).toMatchObject({ version: 2, state: 'active', activatedBy: 'ada' });
    const paused = (pausedLeadModel(active) as { model: LeadModel }).model;
    const edited = (editedLeadModel(paused, { ...input, name: 'B' }, 'ben') as { model: LeadModel }).model;
    expect(edited).toMatchObject({ version: 4, state: 'draft', name: 'B', editors: ['ben'] });
    expect(activatedLeadModel(edited, 'cy')).toMatchObject({ kind: 'change' });
  });

  test('nobody activates what they wrote or changed, nor changes what is in force', () => {
    expect(activatedLeadModel(draft, 'mia')).toMatchObject({ problem: 'own-approval' });
    expect(activatedLeadModel({ ...draft, editors: ['ben'] }, 'ben')).toMatchObject({ problem: 'own-approval' });
    expect(editedLeadModel({ ...draft, state: 'active' }, input, 'ben')).toMatchObject({ problem: 'state-conflict' });
    expect(pausedLeadModel(draft)).toMatchObject({ problem: 'state-conflict' });
  });
});

describe('the set of models', () => {
  const pricingPage = {
    ...pricing,
    eventType: 'view',
    where: [{ property: 'path', equals: '/pricing' }] as Condition[],
  };
  const { set, faults } = leadModelSet([
    model({ rules: [view, pricingPage] }),
    model({ id: 'b2b', rules: [{ ...view, where: [{ attribute: 'size', atLeast: 9 }] }] }),
    model({ id: 'old', state: 'paused', rules: [{ ...view, eventType: 'other' }] }),
    model({ id: 'broken', rules: [{ ...view, where: [{ question: 'unknown' } as unknown as Condition] }] }),
  ]);
  const found = (path: string, size?: number) =>
    set
      .match({
        event: event(NOW, { properties: { path } }),
        ...(size !== undefined && { profile: { attributes: { size } } }),
      })
      .map(({ model: { id }, rules }) => `${id}: ${rules.map(({ label }) => label).join()}`)
      .sort();

  test('finds the rules of each model in force', () => {
    expect(found('/')).toEqual(['lead: Looked']);
    expect(found('/pricing', 10)).toEqual(['b2b: Looked', 'lead: Looked,Asked for the price']);
  });

  test('says what is wanted and needed, so that nothing is read for nothing', () => {
    expect([set.wants('view'), set.wants('other'), set.wants('purchase')]).toEqual([true, false, false]);
    expect(set.needs(event(NOW))).toMatchObject({ profile: true, contact: false });
    expect(set.needs(event(NOW, { type: 'purchase' }))).toBeUndefined();
  });

  test('names what this release cannot carry out, and does without', () => {
    expect(faults).toEqual([
      { triggerId: 'lead-model/broken', name: 'Interest', error: expect.stringContaining('No subject') },
    ]);
    expect(set.get('broken')?.id).toBe('broken');
  });

  test('knows paused models, whose timers still ring', () => {
    expect(set.get('old')?.state).toBe('paused');
    expect([set.isEmpty, leadModelSet([]).set.isEmpty]).toEqual([false, true]);
  });
});

test('points of the profile: those whose conditions all hold, dates as of now', () => {
  const fit = [
    {
      label: 'Big',
      where: [
        { attribute: 'size', atLeast: 9 },
        { field: 'locale', startsWith: 'fr' },
      ] as Condition[],
      points: 5,
    },
    { label: 'New', where: [{ attribute: 'since', withinDays: 7 }] as Condition[], points: 3 },
    { label: 'No phone', where: [{ not: { field: 'phone', exists: true } }] as Condition[], points: -1 },
  ];
  const profile = {
    profileId: 'ada',
    version: 1,
    updatedMs: 1,
    locale: 'fr-FR',
    attributes: { size: 10, since: '2026-11-15' },
  };
  expect(fitOf({ fit }, profile, NOW)).toEqual([
    { label: 'Big', points: 5 },
    { label: 'New', points: 3 },
    { label: 'No phone', points: -1 },
  ]);
  expect(fitOf({ fit }, undefined, NOW)).toEqual([{ label: 'No phone', points: -1 }]);
  expect(fitOf({}, profile, NOW)).toEqual([]);
});

test('a ULID of time and content is the same each time, and sorts by time', () => {
  const hash = 'ffffffffffffffffffffffffffffffff';
  expect(ulidOf(1_469_918_176_385, hash)).toBe('01ARYZ6S41ZZZZZZZZZZZZZZZZ');
  expect(ulidOf(1_469_918_176_384, hash) < ulidOf(1_469_918_176_385, '0'.repeat(32))).toBe(true);
  expect(ulidOf(0, `0123456789abcdef0123${'f'.repeat(12)}`)).toBe('000000000004HMASW9NF6YY093');
});
