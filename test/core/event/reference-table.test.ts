import { describe, expect, test } from 'vitest';
import {
  changedTable,
  judgeRow,
  MAX_ROW_BYTES,
  type ReferenceTable,
  type RowInput,
  referenceTableInput,
} from '../../../core/event/reference-table.ts';

const columns = { margin: 'number', brand: 'text', returnable: 'boolean' } as const;
const table: ReferenceTable = { id: 'products', version: 3, name: 'Products', columns, author: 'mia', createdMs: 1 };

describe('a table', () => {
  test('begins at version 1, with its author', () => {
    expect(changedTable('products', undefined, { name: 'Products', columns }, 'mia', 7)).toEqual({
      kind: 'save',
      table: { id: 'products', version: 1, name: 'Products', columns, author: 'mia', createdMs: 7 },
    });
  });

  test('may get another name and more columns', () => {
    const more = { ...columns, weight: 'number' as const };
    expect(changedTable('products', table, { name: 'Goods', columns: more }, 'ada', 7)).toEqual({
      kind: 'save',
      table: { ...table, version: 4, name: 'Goods', columns: more },
    });
  });

  test.each([
    ['loses no column', { margin: 'number', brand: 'text' }, 'The column returnable cannot be removed'],
    [
      'makes no column another type',
      { ...columns, margin: 'text' },
      'The column margin holds number; make another column for text',
    ],
    ['takes no inherited name for a column', { constructor: 'text' }, 'The column margin cannot be removed'],
  ] as const)('%s', (_, changed, detail) => {
    expect(changedTable('products', table, { name: 'Products', columns: changed }, 'mia', 7)).toEqual({
      kind: 'refuse',
      problem: 'state-conflict',
      detail,
    });
  });

  test.each<[string, object]>([
    ['no columns', {}],
    ['a column of another type', { a: 'date' }],
    ['a column name with a dot', { 'a.b': 'text' }],
    ['51 columns', Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`c${n}`, 'text']))],
  ])('has not %s', (_, wrong) => {
    expect(referenceTableInput.safeParse({ name: 'Products', columns: wrong }).success).toBe(false);
  });
});

describe('a row', () => {
  test.each<[string, RowInput, object]>([
    [
      'with all columns',
      { key: 'A-1', values: { margin: 2.5, brand: 'Acme', returnable: false } },
      {
        key: 'A-1',
        values: { margin: 2.5, brand: 'Acme', returnable: false },
      },
    ],
    ['with some columns', { key: 'A-1', values: { brand: '' } }, { key: 'A-1', values: { brand: '' } }],
    ['without values', { key: 'A-1', values: {} }, { key: 'A-1', values: {} }],
    ['to be removed', { key: 'A-1', remove: true }, { key: 'A-1', values: undefined }],
    ['with a key that is a number as text', { key: '17', values: {} }, { key: '17', values: {} }],
    ['with the longest key', { key: 'k'.repeat(256), values: {} }, { key: 'k'.repeat(256), values: {} }],
  ])('%s is taken', (_, input, expected) => expect(judgeRow(table, input)).toEqual(expected));

  test.each<[string, RowInput, string, string]>([
    ['without key', { key: '', values: {} }, 'invalid-key', 'key'],
    ['with a key of 257 characters', { key: 'k'.repeat(257), values: {} }, 'invalid-key', 'key'],
    ['with half a surrogate pair as key', { key: '\ud800', remove: true }, 'invalid-key', 'key'],
    ['with an unknown column', { key: 'a', values: { colour: 'red' } }, 'unknown-column', 'values.colour'],
    ['with an inherited name', { key: 'a', values: { constructor: 'red' } }, 'unknown-column', 'values.constructor'],
    ['with text for a number', { key: 'a', values: { margin: '5' } }, 'wrong-type', 'values.margin'],
    ['with null', { key: 'a', values: { brand: null } }, 'wrong-type', 'values.brand'],
    ['with 1e400', { key: 'a', values: { margin: JSON.parse('1e400') } }, 'wrong-type', 'values.margin'],
    ['with a list', { key: 'a', values: { brand: ['x'] } }, 'wrong-type', 'values.brand'],
    ['with NUL', { key: 'a', values: { brand: '\u0000' } }, 'ill-formed-text', 'values.brand'],
    ['over 4 KB', { key: 'a', values: { brand: '€'.repeat(MAX_ROW_BYTES / 3) } }, 'too-large', ''],
  ])('%s is refused', (_, input, reason, path) => {
    expect(judgeRow(table, input)).toMatchObject({ refusal: { reason, path, message: expect.any(String) } });
  });
});
