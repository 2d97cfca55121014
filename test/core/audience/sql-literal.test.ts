import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  doubleLiteral,
  integerLiteral,
  jsonPath,
  scalarLiteral,
  textLiteral,
} from '../../../core/audience/sql-literal.ts';
import { createLake, type Lake } from '../lake.ts';
import { number, text } from './segment-arbitrary.ts';

let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

describe('literals read back as what they were', () => {
  it('text, however hostile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 20, maxLength: 20 }), async (values) => {
        const columns = values.map((value, n) => `${textLiteral(value)} AS c${n}`);
        const [row] = await lake.query(`SELECT ${columns.join(', ')}, 'end' AS last`);
        expect(values.map((_, n) => row?.[`c${n}`])).toEqual(values);
        expect(row?.last).toBe('end');
      }),
      { numRuns: 20 },
    );
  });
  it('numbers, to the last bit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(number, { minLength: 20, maxLength: 20 }), async (values) => {
        const columns = values.map((value, n) => `${doubleLiteral(value)} AS c${n}`);
        const [row] = await lake.query(`SELECT ${columns.join(', ')}`);
        expect(values.map((_, n) => Number(row?.[`c${n}`]) + 0)).toEqual(values.map((value) => value + 0));
      }),
      { numRuns: 20 },
    );
  });
});

it('a text literal is one token: nothing inside it can end it', () => {
  fc.assert(
    fc.property(text, (value) => {
      const literal = textLiteral(value);
      expect(literal.slice(1, -1).replaceAll("''", '')).not.toContain("'");
      expect([literal[0], literal.at(-1)]).toEqual(["'", "'"]);
    }),
  );
});

it('refuses what cannot be written', () => {
  for (const value of ['a\u0000', '\ud800', 'x\udfff']) expect(() => textLiteral(value)).toThrow(TypeError);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) expect(() => doubleLiteral(value)).toThrow(TypeError);
  for (const value of [0.5, 2 ** 53, Number.NaN]) expect(() => integerLiteral(value)).toThrow(TypeError);
  for (const path of ['', 'a b', "a'", 'a.', '.a', '1a', 'a[0]', 'a.b-c', '$'])
    expect(() => jsonPath(path)).toThrow(TypeError);
});

it('writes each type', () => {
  expect([
    scalarLiteral("o'b"),
    scalarLiteral(11.77),
    scalarLiteral(-2),
    scalarLiteral(true),
    integerLiteral(-5),
    jsonPath('a._b.c1'),
  ]).toEqual(["'o''b'", '1.177E+1', '(-2E+0)', 'true', '(-5)', "'$.a._b.c1'"]);
});
