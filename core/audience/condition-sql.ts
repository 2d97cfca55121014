import type { Question, Scalar } from './question.ts';
import { doubleLiteral, jsonPath, scalarLiteral, textLiteral } from './sql-literal.ts';

/** How a query reads one value in each of its possible types: NULL when it is missing or of another type. */
export type ValueSql = {
  /** True or false, never NULL. */
  exists: string;
  text: string;
  number?: string;
  boolean?: string;
};

/**
 * A member of a column of JSON text. JSON text itself tells the type: a string begins with a quote, and only numbers can
 * be cast to DOUBLE. Trino's json_extract_scalar alone would not tell 1 from '1'.
 */
export const jsonValue = (column: string, path: string): ValueSql => {
  const json = `json_format(json_extract(${column}, ${jsonPath(path)}))`;
  return {
    exists: `coalesce(${json} <> 'null', false)`,
    text: `CASE WHEN starts_with(${json}, '"') THEN json_extract_scalar(${column}, ${jsonPath(path)}) END`,
    number: `TRY_CAST(${json} AS DOUBLE)`,
    boolean: `CASE ${json} WHEN 'true' THEN true WHEN 'false' THEN false END`,
  };
};

/** A text column in which '' and NULL are missing. */
export const textColumn = (column: string): ValueSql => ({
  exists: `coalesce(${column} <> '', false)`,
  text: `nullif(${column}, '')`,
});

/** The answer to a question as a boolean expression that is true or false, never NULL, so that NOT means not. */
export const answerSql = (value: ValueSql, question: Question): string => {
  if ('exists' in question) return question.exists ? value.exists : `NOT ${value.exists}`;
  return `coalesce(${comparisonSql(value, question)}, false)`;
};

const comparisonSql = (value: ValueSql, question: Exclude<Question, { exists: boolean }>): string => {
  if ('equals' in question) return compared(value, '=', question.equals);
  if ('notEquals' in question) return compared(value, '<>', question.notEquals);
  if ('in' in question) return amongSql(value, question.in);
  if ('contains' in question) return `strpos(${value.text}, ${textLiteral(question.contains)}) > 0`;
  if ('startsWith' in question) return `starts_with(${value.text}, ${textLiteral(question.startsWith)})`;
  if (!value.number) return 'false';
  if ('atLeast' in question) return `${value.number} >= ${doubleLiteral(question.atLeast)}`;
  if ('moreThan' in question) return `${value.number} > ${doubleLiteral(question.moreThan)}`;
  if ('atMost' in question) return `${value.number} <= ${doubleLiteral(question.atMost)}`;
  return `${value.number} < ${doubleLiteral(question.lessThan)}`;
};

const typed = (value: ValueSql, wanted: Scalar): string | undefined =>
  typeof wanted === 'string' ? value.text : typeof wanted === 'number' ? value.number : value.boolean;

const compared = (value: ValueSql, operator: '=' | '<>', wanted: Scalar): string => {
  const sql = typed(value, wanted);
  return sql ? `${sql} ${operator} ${scalarLiteral(wanted)}` : 'false';
};

/** One IN list per type, so that each compares values of one type; coalesced, for OR with NULL is not false. */
const amongSql = (value: ValueSql, wanted: readonly Scalar[]): string => {
  const lists = (['string', 'number', 'boolean'] as const).flatMap((type) => {
    const [first, ...rest] = wanted.filter((item) => typeof item === type);
    const sql = first === undefined ? undefined : typed(value, first);
    if (first === undefined || !sql) return [];
    return [`coalesce(${sql} IN (${[first, ...rest].map(scalarLiteral).join(', ')}), false)`];
  });
  return lists.length > 0 ? `(${lists.join(' OR ')})` : 'false';
};
