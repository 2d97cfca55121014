import { expect, test } from 'vitest';
import { idsIn, isOver, scrubbed, textsOf } from '../../../core/audience/cleansing.ts';
import { FRESH_MS, idsOf, REMEMBERED_MS, SETTLED_MS, STALE_MS, withFound } from '../../../core/audience/erasure.ts';

const DAY = 86_400_000;
const ada = { id: 'h', profileId: 'ada', aliases: ['laptop'], addresses: ['ada@example.com'], requestedMs: 1 };

test('a person is known by the profile id, and as the anonymous person of each alias', () => {
  expect(idsOf(ada)).toEqual(['ada', 'anonymous:laptop']);
  expect([...idsIn([ada, { ...ada, profileId: 'bob', aliases: [] }])]).toEqual(['ada', 'anonymous:laptop', 'bob']);
  expect(textsOf(ada)).toEqual(['ada', 'laptop', 'ada@example.com']);
});

test('what is found is kept once, and nothing that was found is lost', () => {
  const more = withFound(ada, ['tablet', 'laptop'], []);
  expect(more).toEqual({ ...ada, aliases: ['laptop', 'tablet'] });
  expect(withFound(more, [], [])).toEqual(more);
});

test('workers are told, and remember, for longer than anything is under way', () => {
  expect(FRESH_MS).toBeLessThan(STALE_MS);
  // No Lambda runs for longer than 15 minutes.
  expect(SETTLED_MS).toBeGreaterThanOrEqual(STALE_MS + 15 * 60_000);
  // 14 days in a queue, and 14 more when an operator redrives its dead letters.
  expect(REMEMBERED_MS).toBeGreaterThan(28 * DAY);
});

test.each([
  ['nobody knows of', undefined, true],
  ['that has ended', { state: 'finished', createdMs: 0, finishedMs: 5 }, true],
  ['that runs', { state: 'running', createdMs: 29 * DAY }, false],
  ['that waits for its start since an hour', { state: 'created', createdMs: 30 * DAY - 3_600_000 }, false],
  ['that was never started', { state: 'created', createdMs: 28 * DAY }, true],
  ['that is paused for three weeks', { state: 'paused', createdMs: 9 * DAY }, true],
  ['that is paused since yesterday', { state: 'paused', createdMs: 29 * DAY }, false],
] as const)('files of an import %s may go: %3$s', (_, it, over) => {
  expect(isOver(it, 30 * DAY)).toBe(over);
});

test('texts that hold something of the person are replaced, wherever they are', () => {
  const value = {
    reason: 'The header lacks "id"; it has "ada@example.com"',
    refusals: [{ row: 1, profileId: 'ada' }, { row: 2 }],
  };
  expect(scrubbed(value, textsOf(ada))).toEqual({
    reason: 'erased',
    refusals: [{ row: 1, profileId: 'erased' }, { row: 2 }],
  });
  expect(scrubbed({ reason: 'no such column', rows: [1, null] }, textsOf(ada))).toBeUndefined();
});
