declare const brand: unique symbol;

/**
 * A piece of a query. Only `sql`, `joined` and the literals of sql-literal.ts make one, so text that a person wrote cannot become part
 * of a query but as a literal: anything else does not compile.
 */
export type Sql = string & { readonly [brand]: true };

/** A query's own text, with pieces in it. */
export const sql = (text: TemplateStringsArray, ...pieces: Sql[]): Sql => String.raw({ raw: text }, ...pieces) as Sql;

export const joined = (
  pieces: readonly Sql[],
  separator: ', ' | ' AND ' | ' OR ' | ' || ' | ',\n' | ',\n  ' | ',\n    ' | '\n',
): Sql => pieces.join(separator) as Sql;

/** A name with a number, `f0`. */
export const numbered = (prefix: Sql, number: number): Sql => {
  if (!Number.isSafeInteger(number) || number < 0) throw new TypeError(`${number} numbers nothing`);
  return `${prefix}${number}` as Sql;
};
