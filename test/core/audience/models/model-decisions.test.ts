import { describe, expect, test } from 'vitest';
import {
  attributesOf,
  MAX_VERSIONS,
  type Model,
  type ModelInput,
  modelInput,
  versionId,
} from '../../../../core/audience/models/model.ts';
import {
  activationBegun,
  changedModel,
  deletedModel,
  fitBegun,
  type ModelDecision,
  runEnded,
  runOf,
  scheduledFit,
  withVersion,
} from '../../../../core/audience/models/model-decisions.ts';
import { nextFitMs } from '../../../../core/audience/models/schedule.ts';

const NOW = Date.UTC(2026, 10, 18, 12, 30);
const HOUR = 3_600_000;
const input = (more: object = {}): ModelInput =>
  modelInput.parse({ name: 'RFM', type: 'rfm', purchase: { event: 'purchase' }, ...more });
const saved = (decision: ModelDecision): Model => {
  if (decision.kind === 'refuse') throw new Error(decision.detail);
  return decision.model;
};
const made = (more: object = {}): Model => saved(changedModel('rfm', undefined, input(more), 'mia', NOW));
const summary = (number: number) => ({ number, fittedMs: NOW, people: 10, headline: '' });

describe('what a marketer says about a model', () => {
  const purchase = { event: 'purchase', amount: 'amount' };
  test.each<[string, object, object]>([
    ['rfm', { type: 'rfm' }, { historyDays: 730 }],
    ['clusters', { type: 'clusters' }, { clusters: { from: 3, to: 8 } }],
    ['propensity', { type: 'propensity', predicts: 'churn' }, { horizonDays: 90, bands: [0.33, 0.66] }],
    ['lookalike', { type: 'lookalike', seed: { listId: 'l' } }, { topPercent: 10, attributes: [] }],
  ])('%s has defaults', (_, own, wanted) => {
    expect(modelInput.parse({ name: 'x', purchase, ...own })).toMatchObject(wanted);
  });
  test.each<[string, object]>([
    ['a type that there is not', { type: 'magic' }],
    ['bands that overlap', { type: 'propensity', predicts: 'churn', bands: [0.6, 0.4] }],
    ['a probability beyond 1', { type: 'propensity', predicts: 'churn', bands: [0.6, 1.4] }],
    ['a horizon of a year and a day', { type: 'propensity', predicts: 'churn', horizonDays: 366 }],
    ['fewer clusters at most than at least', { type: 'clusters', clusters: { from: 5, to: 4 } }],
    ['a seed that is two things', { type: 'lookalike', seed: { listId: 'l', segmentId: 's' } }],
    ['no seed', { type: 'lookalike' }],
    ['a path into SQL', { type: 'rfm', purchase: { event: 'purchase', amount: "a'b" } }],
    ['a day that some months lack', { type: 'rfm', schedule: { every: 'month', day: 29, hour: 1 } }],
    ['what another type takes', { type: 'rfm', horizonDays: 90 }],
  ])('%s is refused', (_, own) => {
    expect(modelInput.safeParse({ name: 'x', purchase, ...own }).success).toBe(false);
  });
});

test.each<[ModelInput['type'], object, string[]]>([
  ['rfm', {}, ['m_segment', 'm_recency', 'm_frequency', 'm_monetary']],
  ['clusters', {}, ['m_cluster']],
  ['propensity', { predicts: 'churn' }, ['m_band']],
  ['lookalike', { seed: { listId: 'l' } }, ['m_match']],
])('the attributes of %s begin with its id', (type, more, wanted) => {
  expect(attributesOf({ id: 'm', input: input({ type, ...more }) })).toEqual(wanted);
});

describe('the schedule', () => {
  test.each<[string, object, string]>([
    ['this day', { every: 'day', hour: 13 }, '2026-11-18T13:00'],
    ['the next day, for its hour has begun', { every: 'day', hour: 12 }, '2026-11-19T12:00'],
    ['Sunday is 7', { every: 'week', weekday: 7, hour: 0 }, '2026-11-22T00:00'],
    ['the same weekday a week later', { every: 'week', weekday: 3, hour: 12 }, '2026-11-25T12:00'],
    ['the next month', { every: 'month', day: 1, hour: 3 }, '2026-12-01T03:00'],
    ['the 28th', { every: 'month', day: 28, hour: 23 }, '2026-11-28T23:00'],
  ])('%s', (_, schedule, wanted) => {
    expect(new Date(nextFitMs(schedule as never, NOW)).toISOString()).toBe(`${wanted}:00.000Z`);
  });
  test('always lies ahead, by a month at most', () => {
    for (let ms = NOW; ms < NOW + 400 * 24 * HOUR; ms += 7 * HOUR + 1) {
      const next = nextFitMs({ every: 'month', day: 28, hour: 5 }, ms);
      expect(next > ms && next <= ms + 31 * 24 * HOUR).toBe(true);
    }
  });
});

describe('a model', () => {
  test('begins, changes, and keeps its type and its versions', () => {
    const model = withVersion(made({ schedule: { every: 'day', hour: 13 } }), summary(1));
    expect(model).toMatchObject({ version: 2, runs: 0, nextFitMs: NOW + HOUR / 2 });
    const changed = saved(changedModel('rfm', model, input({ historyDays: 100 }), 'bob', NOW + 1));
    expect(changed).toMatchObject({
      version: 3,
      author: 'mia',
      input: { historyDays: 100 },
      versions: [{ number: 1 }],
    });
    expect(changed.nextFitMs).toBeUndefined();
    expect(changedModel('rfm', model, input({ type: 'clusters' }), 'bob', NOW)).toMatchObject({
      problem: 'state-conflict',
      detail: 'The model is of type rfm; make another one',
    });
  });

  test('has one run at a time, until one is a day old', () => {
    const running = saved(fitBegun(made(), 'mia', NOW));
    expect(running).toMatchObject({ runs: 1, run: { id: 1, kind: 'fit', number: 1, by: 'mia', startedMs: NOW } });
    expect(fitBegun(running, 'bob', NOW + 24 * HOUR - 1)).toMatchObject({ problem: 'state-conflict' });
    expect(changedModel('rfm', running, input(), 'mia', NOW)).toMatchObject({ problem: 'state-conflict' });
    expect(saved(fitBegun(running, 'bob', NOW + 24 * HOUR)).run).toMatchObject({ id: 2, number: 2 });
    const edited = saved(changedModel('rfm', running, input(), 'mia', NOW + 24 * HOUR));
    expect([edited.version, runOf(edited, 1)]).toEqual([running.version + 1, undefined]);
    expect(runOf(running, 1)).toBeDefined();
    expect(runOf(running, 2)).toBeUndefined();
    expect(runOf(undefined, 1)).toBeUndefined();
  });

  test('a run that wrote its values makes its version the active one; no other end does', () => {
    const active: Model = { ...saved(fitBegun(made(), 'mia', NOW)), activeNumber: 7 };
    const run = active.run!;
    const ends = [
      { outcome: 'failed' as const, endedMs: NOW, reason: 'x' },
      { outcome: 'held-back' as const, endedMs: NOW, reason: 'x' },
      { outcome: 'applied' as const, endedMs: NOW, scored: 2, changed: 1 },
    ];
    expect(ends.map((end) => runEnded(active, run, end).activeNumber)).toEqual([7, 7, 1]);
    expect(runEnded(active, run, ends[0]!).run).toBeUndefined();
    expect(runEnded(active, run, ends[0]!).lastRun).toMatchObject({ id: 1, outcome: 'failed', reason: 'x' });
  });

  test('goes back only to a version that it has, and keeps the newest ones', () => {
    let model = made();
    for (let number = 1; number <= MAX_VERSIONS + 3; number += 1) model = withVersion(model, summary(number));
    expect(model.versions.map(({ number }) => number)).toEqual(
      Array.from({ length: MAX_VERSIONS }, (_, n) => MAX_VERSIONS + 3 - n),
    );
    expect(withVersion(model, summary(MAX_VERSIONS + 3)).versions).toHaveLength(MAX_VERSIONS);
    expect(saved(activationBegun(model, 10, 'mia', NOW)).run).toMatchObject({ kind: 'activate', number: 10 });
    expect(activationBegun(model, 1, 'mia', NOW)).toMatchObject({ problem: 'not-found' });
  });

  test('is fitted when it is due, once, and waits for its next time while a run is on', () => {
    const model = made({ schedule: { every: 'day', hour: 13 } });
    const due = NOW + HOUR / 2;
    expect(scheduledFit(model, due - 1)).toBeUndefined();
    const fitted = scheduledFit(model, due + 5);
    expect(fitted).toMatchObject({ version: 2, runs: 1, run: { by: 'schedule' }, nextFitMs: due + 24 * HOUR });
    expect(scheduledFit(fitted!, due + 6)).toBeUndefined();
    const busy = scheduledFit({ ...saved(fitBegun(model, 'mia', NOW)) }, due);
    expect(busy).toMatchObject({ runs: 1, nextFitMs: due + 24 * HOUR });
    expect(scheduledFit(made(), due)).toBeUndefined();
  });

  test('that is deleted has no future; its id may begin again, and numbers go on', () => {
    const model = withVersion(saved(fitBegun(made({ schedule: { every: 'day', hour: 13 } }), 'mia', NOW)), summary(1));
    const deleted = deletedModel(model, NOW);
    expect([runOf(deleted, 1), scheduledFit(deleted, NOW + 48 * HOUR)]).toEqual([undefined, undefined]);
    const again = saved(changedModel('rfm', deleted, input({ type: 'clusters' }), 'bob', NOW));
    expect(again).toMatchObject({ version: deleted.version + 1, runs: 1, author: 'bob', versions: [] });
    expect(again.deletedMs).toBeUndefined();
  });

  test('ids of versions sort as their numbers', () => {
    expect([versionId('m', 9), versionId('m', 10), versionId('m', 100)].toSorted()).toEqual(
      [9, 10, 100].map((number) => versionId('m', number)),
    );
  });
});
