import { dateMsSql } from './date-sql.ts';
import { joined, numbered, type Sql, sql } from './sql.ts';
import { jsonPath } from './sql-literal.ts';

/**
 * How a query reads one value in each of its possible types: NULL when it is missing or of another type. JSON text itself
 * tells the type: a string begins with a quote, and only numbers can be cast to DOUBLE. Trino's json_extract_scalar alone
 * would not tell 1 from '1'.
 */
export type ValueSql = {
  /** True or false, never NULL. */
  exists: Sql;
  text: () => Sql;
  /** Epoch ms of a text that is a date, a DOUBLE. */
  dateMs: () => Sql;
  /** Undefined for a value that can only be text. */
  json?: { number: Sql; boolean: Sql; isList: Sql; items: Sql };
};
export type JsonValueSql = Required<ValueSql>;

const textOf = (json: Sql): Sql => sql`CASE WHEN starts_with(${json}, '"') THEN json_extract_scalar(${json}, '$') END`;

/** A value of which `json` is the JSON text, or NULL. Its text and date may be columns that were computed before. */
export const jsonValue = (
  json: Sql,
  text: () => Sql = () => textOf(json),
  dateMs: () => Sql = () => dateMsSql(text()),
): JsonValueSql => ({
  exists: sql`coalesce(${json} <> 'null', false)`,
  text,
  dateMs,
  json: {
    number: sql`TRY_CAST(${json} AS DOUBLE)`,
    boolean: sql`CASE ${json} WHEN 'true' THEN true WHEN 'false' THEN false END`,
    isList: sql`starts_with(${json}, '[')`,
    items: sql`TRY_CAST(json_extract(${json}, '$') AS ARRAY(JSON))`,
  },
});

/** An item of a list, or its member, as lambdas see it: `item` is JSON. */
export const itemValue = (item: Sql, path: string | undefined): ValueSql =>
  jsonValue(
    path === undefined ? sql`json_format(${item})` : sql`json_format(json_extract(${item}, ${jsonPath(path)}))`,
  );

/** What is read of one value. */
type Column = { source: Sql; isJson: boolean; name: Sql; text: boolean; date: boolean };

/**
 * Columns of values that are asked for, each computed once per row however many questions there are: `layers` puts them around
 * the rows, the JSON text first, then what is made of it. Names are `prefix` and a number; then t for text, d for date.
 */
export const valueColumns = (prefix: Sql) => {
  const columns = new Map<string, Column>();
  const column = (source: Sql, isJson: boolean): Column => {
    const known = columns.get(source);
    if (known) return known;
    const made = { source, isJson, name: numbered(prefix, columns.size), text: false, date: false };
    columns.set(source, made);
    return made;
  };
  const textColumn = (of: Column): Sql => {
    of.text = true;
    return of.isJson ? sql`${of.name}t` : of.name;
  };
  const dateColumn = (of: Column): Sql => {
    textColumn(of);
    of.date = true;
    return sql`${of.name}d`;
  };
  return {
    /** A member of a column of JSON text. */
    json(from: Sql, path: string): JsonValueSql {
      const found = column(sql`json_format(json_extract(${from}, ${jsonPath(path)}))`, true);
      return jsonValue(
        found.name,
        () => textColumn(found),
        () => dateColumn(found),
      );
    },
    /** A text column in which '' and NULL are missing. */
    text(from: Sql): ValueSql {
      const found = column(sql`nullif(${from}, '')`, false);
      return { exists: sql`${found.name} IS NOT NULL`, text: () => textColumn(found), dateMs: () => dateColumn(found) };
    },
    /** The rows with the columns that were asked for so far. */
    layers(rows: Sql): Sql {
      const all = [...columns.values()];
      return [
        all.map(({ source, name }) => sql`${source} AS ${name}`),
        all.filter(({ text, isJson }) => text && isJson).map(({ name }) => sql`${textOf(name)} AS ${name}t`),
        all.filter(({ date }) => date).map((one) => sql`${dateMsSql(textColumn(one))} AS ${one.name}d`),
      ]
        .filter((columns) => columns.length > 0)
        .reduce<Sql>(
          (from, columns, n) =>
            sql`SELECT *, ${joined(columns, ', ')} FROM (\n${from}\n) AS ${numbered(sql`${prefix}_rows_`, n)}`,
          rows,
        );
    },
  };
};
export type ValueColumns = ReturnType<typeof valueColumns>;
