import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ListChange, MAX_LISTED_REFUSALS, progressed, refusalOf } from '../../../core/audience/list.ts';
import { readIdsWindow, UnusableIds } from '../../../core/audience/read-ids-window.ts';

describe('an id', () => {
  const known = new Set(['ada', 'é', 'anonymous:x', '']);
  it.each<[string, string | undefined]>([
    ['ada', undefined],
    ['é', undefined],
    ['bob', 'no-profile'],
    ['', 'not-an-id'],
    ['anonymous:x', 'not-an-id'],
    ['a'.repeat(129), 'not-an-id'],
    ['a\u0000', 'not-an-id'],
    ['\ud800', 'not-an-id'],
  ])('%j is refused as %s', (id, reason) => expect(refusalOf(id, known)).toBe(reason));
});

describe('a change that goes on', () => {
  const start: ListChange = {
    ...{ id: 'c', version: 3, listId: 'l', action: 'add', source: 'upload', state: 'running', author: 'mia' },
    ...{ createdMs: 1, atMs: 2, total: 100, done: 10, rows: 4, accepted: 3, refused: 1, refusals: [] },
  };
  it('counts rows and names those refused by their number in the file', () => {
    const { change, accepted } = progressed(start, ['ada', '', 'bob', 'ada'], new Set(['ada']), 40);
    expect(accepted).toEqual(['ada', 'ada']);
    expect(change).toMatchObject({ version: 4, done: 40, rows: 8, accepted: 5, refused: 3 });
    expect(change.refusals).toEqual([
      { row: 6, profileId: '', reason: 'not-an-id' },
      { row: 7, profileId: 'bob', reason: 'no-profile' },
    ]);
  });
  it('keeps the first refusals only, and ids that JSON can carry', () => {
    const { change } = progressed(start, Array(250).fill('\ud800'), new Set(), 90);
    expect(change.refusals).toHaveLength(MAX_LISTED_REFUSALS);
    expect(change.refusals[0]).toEqual({ row: 5, profileId: '\ufffd', reason: 'not-an-id' });
    expect(change.refused).toBe(251);
  });
});

describe('a file of ids', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const whole = (text: string) => readIdsWindow(bytes(text), { isFirst: true, isLast: true });
  it.each<[string, string[]]>([
    ['a\nb', ['a', 'b']],
    ['a\nb\n', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['\ufeffa\nb', ['a', 'b']],
    ['a\n\nb', ['a', '', 'b']],
    ['a\n\n', ['a', '']],
    ['\n', ['']],
    ['é😀', ['é😀']],
  ])('%j holds %j', (text, ids) => expect(whole(text)).toEqual({ ids, taken: bytes(text).length }));

  it('is read up to its last whole line', () =>
    expect(readIdsWindow(bytes('a\nbc'), { isFirst: true, isLast: false })).toEqual({ ids: ['a'], taken: 2 }));
  it('that is no file of ids is refused', () =>
    expect(() => readIdsWindow(bytes('x'.repeat(5_000)), { isFirst: true, isLast: false })).toThrow(UnusableIds));

  it('read in windows of any size gives what it gives at once', () =>
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '😀', '\r', '\ufeff', ' '), maxLength: 6 })),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 30, max: 60 }),
        (ids, end, size) => {
          const file = bytes(ids.join(end));
          const found: string[] = [];
          for (let at = 0; at < file.length; ) {
            const isLast = at + size >= file.length;
            const window = readIdsWindow(file.subarray(at, at + size), { isFirst: at === 0, isLast });
            found.push(...window.ids);
            at += window.taken;
          }
          expect(found).toEqual(file.length > 0 ? whole(ids.join(end)).ids : []);
        },
      ),
    ));
});
