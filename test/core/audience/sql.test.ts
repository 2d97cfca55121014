import { describe, expect, expectTypeOf, it } from 'vitest';
import { joined, numbered, type Sql, sql } from '../../../core/audience/sql.ts';
import { integerLiteral, textLiteral } from '../../../core/audience/sql-literal.ts';

describe('a piece of a query', () => {
  it('is made of others', () => {
    const names = joined([textLiteral("O'Brien"), textLiteral('\\')], ', ');
    expect(sql`SELECT ${numbered(sql`f`, 3)} FROM t WHERE a IN (${names}) AND n = ${integerLiteral(-1)}`).toBe(
      `SELECT f3 FROM t WHERE a IN ('O''Brien', '\\') AND n = (-1)`,
    );
  });

  it('keeps its own text as it is written, backslashes and all', () => {
    expect(sql`'\\z' || '\n'`).toBe("'\\z' || '\n'");
  });

  it('is not made of text: that does not compile', () => {
    expectTypeOf<string>().not.toExtend<Sql>();
    expectTypeOf<Parameters<typeof sql>[1]>().toEqualTypeOf<Sql>();
    // @ts-expect-error: a string is no piece
    expect(sql`SELECT ${'1'}`).toBe('SELECT 1');
    // @ts-expect-error: nor is a template of pieces that is not tagged
    expect(sql`SELECT ${`${textLiteral('a')}`}`).toBe("SELECT 'a'");
    // @ts-expect-error: nor are they joined by just anything
    expect(joined([sql`1`, sql`2`], '; DROP TABLE ')).toBe('1; DROP TABLE 2');
  });

  it.each([[-1], [0.5], [Number.NaN], [2 ** 53]])('has no number %d', (number) =>
    expect(() => numbered(sql`f`, number)).toThrow(TypeError),
  );
});
