import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Change, changedLines, changesBetween } from '../../../../core/strategy/approval/diff.ts';

describe('what has changed', () => {
  test.each<[string, unknown, unknown, Change[]]>([
    ['nothing', { a: 1, b: [1, { c: 'x' }] }, { b: [1, { c: 'x' }], a: 1 }, []],
    ['a value', { name: 'A', topic: 't' }, { name: 'B', topic: 't' }, [{ path: 'name', before: 'A', after: 'B' }]],
    ['a field that comes', {}, { budget: 3 }, [{ path: 'budget', after: 3 }]],
    ['a field that goes', { budget: 3 }, {}, [{ path: 'budget', before: 3 }]],
    ['an absent field is none', { a: undefined }, {}, []],
    ['null is a value', { sendAtMs: null }, { sendAtMs: 5 }, [{ path: 'sendAtMs', before: null, after: 5 }]],
    [
      'deep inside',
      { template: { channels: { sms: { text: 'Hi' } } } },
      { template: { channels: { sms: { text: 'Hello' } } } },
      [{ path: 'template.channels.sms.text', before: 'Hi', after: 'Hello' }],
    ],
    [
      'a place of a list',
      { policy: ['push', 'sms'] },
      { policy: ['push', 'email'] },
      [{ path: 'policy.1', before: 'sms', after: 'email' }],
    ],
    [
      'a list of another length',
      { policy: ['push'] },
      { policy: ['push', 'sms'] },
      [{ path: 'policy', before: ['push'], after: ['push', 'sms'] }],
    ],
    ['another kind of value', { a: [1] }, { a: { b: 1 } }, [{ path: 'a', before: [1], after: { b: 1 } }]],
    [
      'a line of a long text',
      { html: '<p>\none\ntwo\n</p>' },
      { html: '<p>\none\n2\n</p>' },
      [{ path: 'html', lines: [{ line: 3, removed: ['two'], added: ['2'] }] }],
    ],
  ])('%s', (_, before, after, expected) => expect(changesBetween(before, after)).toEqual(expected));
});

/** The lines after, from those before and the changes. */
const patched = (before: readonly string[], changes: ReturnType<typeof changedLines>): string[] => {
  const lines = [...before];
  for (const { line, removed, added } of changes) {
    expect(lines.splice(line - 1, removed.length, ...added)).toEqual(removed);
  }
  return lines;
};
/** Longest common subsequence, by trying everything. */
const longest = (one: readonly string[], other: readonly string[]): number => {
  const [first, ...rest] = one;
  if (first === undefined) return 0;
  const at = other.indexOf(first);
  return Math.max(longest(rest, other), at < 0 ? 0 : 1 + longest(rest, other.slice(at + 1)));
};

test('changed lines lead from the one to the other, and are as few as can be', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 });
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const changes = changedLines(before, after);
      expect(patched(before, changes)).toEqual(after);
      expect(changes.flatMap(({ removed }) => removed)).toHaveLength(before.length - longest(before, after));
    }),
    { numRuns: 2_000 },
  );
});

test('texts that are too long to compare line by line are one change between their first and last differences', () => {
  const many = (word: string) => ['first', ...Array.from({ length: 1_100 }, (_, n) => `${word} ${n}`), 'last'];
  const [change, ...others] = changedLines(many('old'), many('new'));
  expect(others).toEqual([]);
  expect([change?.line, change?.removed.length, change?.added.length]).toEqual([2, 1_100, 1_100]);
});
