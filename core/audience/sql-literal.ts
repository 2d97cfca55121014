import { isPlainText, type Scalar } from './question.ts';
import type { Sql } from './sql.ts';

/**
 * Values as Trino literals, the only way by which anything that a person wrote enters a query
 * (docs/decisions/0009-values-enter-sql-as-literals.md). In Trino's string literals the quote is the only special
 * character, and doubling it is the only escape: there is no backslash.
 */
export const textLiteral = (text: string): Sql => {
  if (!isPlainText(text)) throw new TypeError('NUL and lone surrogates cannot be written in SQL');
  return `'${text.replaceAll("'", "''")}'` as Sql;
};

/** A DOUBLE with as many digits as it takes to read the same number back, e.g. 1.177E+1. */
export const doubleLiteral = (number: number): Sql => {
  if (!Number.isFinite(number)) throw new TypeError(`${number} cannot be written in SQL`);
  const text = number.toExponential().toUpperCase();
  return (number < 0 ? `(${text})` : text) as Sql;
};

/** A BIGINT, for counts and epoch milliseconds. */
export const integerLiteral = (number: number): Sql => {
  if (!Number.isSafeInteger(number)) throw new TypeError(`${number} is not a whole number`);
  return (number < 0 ? `(${number})` : String(number)) as Sql;
};

export const scalarLiteral = (value: Scalar): Sql =>
  typeof value === 'string'
    ? textLiteral(value)
    : typeof value === 'number'
      ? doubleLiteral(value)
      : (String(value) as Sql);

/** A JSON path of names that need no quoting. Throws on anything else, so that it can be pasted into a literal. */
export const jsonPath = (path: string): Sql => {
  if (!/^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/.test(path)) throw new TypeError(`'${path}' is not a path`);
  return `'$.${path}'` as Sql;
};
