import { daysOfYear } from './anniversary.ts';
import { inSpanSql, onDaysSql } from './date-sql.ts';
import { datesOf, type ItemCondition, type ListQuestion, type Question, type Scalar } from './question.ts';
import type { AnniversaryQuestion, Tree } from './segment-tree.ts';
import { joined, type Sql, sql } from './sql.ts';
import { doubleLiteral, scalarLiteral, textLiteral } from './sql-literal.ts';
import { itemValue, type ValueSql } from './value-sql.ts';

type Asked = Question | ListQuestion | AnniversaryQuestion;
export const NEVER = sql`false`;

/** What stands around an expression: NOT binds more tightly than AND, and AND more tightly than OR. */
type Around = 'or' | 'and' | 'not';

/**
 * The boolean expression of a tree, when this is that of a leaf. None of them is ever NULL, so that NOT means not. It has
 * no more brackets than it needs: parsers take exponential time over nested ones.
 */
export const treeSql = <Leaf extends object>(
  tree: Tree<Leaf>,
  leafSql: (leaf: Leaf) => Sql,
  around: Around = 'or',
): Sql => {
  if ('not' in tree) return sql`NOT ${treeSql(tree.not, leafSql, 'not')}`;
  if (!('all' in tree || 'any' in tree)) return leafSql(tree);
  const inner = 'all' in tree ? tree.all : tree.any;
  const [only, ...others] = inner;
  if (only && others.length === 0) return treeSql(only, leafSql, around);
  const [word, separator] = 'all' in tree ? (['and', ' AND '] as const) : (['or', ' OR '] as const);
  const expression = joined(
    inner.map((one) => treeSql(one, leafSql, word)),
    separator,
  );
  return around === 'not' || (around === 'and' && word === 'or') ? sql`(${expression})` : expression;
};

/** The answer to a question as a boolean expression that is true or false, never NULL. */
export const answerSql = (value: ValueSql, question: Asked, nowMs: number): Sql => {
  if ('exists' in question) return question.exists ? value.exists : sql`NOT ${value.exists}`;
  if ('anyItem' in question) return itemsSql(value, question.anyItem, false, nowMs);
  if ('everyItem' in question) return itemsSql(value, question.everyItem, true, nowMs);
  const found = comparisonSql(value, question, nowMs);
  return found === NEVER ? NEVER : sql`coalesce(${found}, false)`;
};

const comparisonSql = (value: ValueSql, question: Exclude<Asked, ListQuestion>, nowMs: number): Sql => {
  if ('equals' in question) return compared(value, sql`=`, question.equals);
  if ('notEquals' in question) return compared(value, sql`<>`, question.notEquals);
  if ('in' in question) return amongSql(value, question.in);
  if ('contains' in question) return sql`strpos(${value.text()}, ${textLiteral(question.contains)}) > 0`;
  if ('startsWith' in question) return sql`starts_with(${value.text()}, ${textLiteral(question.startsWith)})`;
  if ('endsWith' in question) return likeSql(value, `%${escaped(question.endsWith)}`);
  if ('like' in question) return likeSql(value, question.like.split('*').map(escaped).join('%'));
  if ('anniversaryWithinDays' in question)
    return onDaysSql(value.text(), value.dateMs(), daysOfYear(nowMs, question.anniversaryWithinDays));
  const dates = datesOf(question as Question, nowMs);
  if (dates) return inSpanSql(value.dateMs(), dates);
  const number = value.json?.number;
  if (!number) return NEVER;
  if ('atLeast' in question) return sql`${number} >= ${doubleLiteral(question.atLeast)}`;
  if ('moreThan' in question) return sql`${number} > ${doubleLiteral(question.moreThan)}`;
  if ('atMost' in question) return sql`${number} <= ${doubleLiteral(question.atMost)}`;
  return sql`${number} < ${doubleLiteral((question as { lessThan: number }).lessThan)}`;
};

const likeSql = (value: ValueSql, pattern: string): Sql => sql`${value.text()} LIKE ${textLiteral(pattern)} ESCAPE '!'`;
/** Text as a LIKE pattern that means just it. */
const escaped = (text: string): string => text.replaceAll(/[!%_]/g, '!$&');

const typed = (value: ValueSql, wanted: Scalar): Sql | undefined =>
  typeof wanted === 'string' ? value.text() : typeof wanted === 'number' ? value.json?.number : value.json?.boolean;

const compared = (value: ValueSql, operator: Sql, wanted: Scalar): Sql => {
  const found = typed(value, wanted);
  return found ? sql`${found} ${operator} ${scalarLiteral(wanted)}` : NEVER;
};

/** One IN list per type, so that each compares values of one type; coalesced, for OR with NULL is not false. */
const amongSql = (value: ValueSql, wanted: readonly Scalar[]): Sql => {
  const lists = (['string', 'number', 'boolean'] as const).flatMap((type) => {
    const some = wanted.filter((item) => typeof item === type);
    const found = some[0] === undefined ? undefined : typed(value, some[0]);
    return found ? [sql`coalesce(${found} IN (${joined(some.map(scalarLiteral), ', ')}), false)`] : [];
  });
  return lists.length > 0 ? sql`(${joined(lists, ' OR ')})` : NEVER;
};

/** Some item satisfies the condition; or with `every`, there are items, and none does not satisfy it. */
const itemsSql = ({ json }: ValueSql, condition: ItemCondition, every: boolean, nowMs: number): Sql => {
  if (!json) return NEVER;
  const item = sql`x`;
  const holds = treeSql<{ item?: string } & Question>(every ? { not: condition } : condition, (leaf) =>
    answerSql(itemValue(item, leaf.item), leaf, nowMs),
  );
  const count = sql`cardinality(filter(${json.items}, ${item} -> ${holds}))`;
  const found = every
    ? sql`${json.isList} AND ${count} = 0 AND cardinality(${json.items}) > 0`
    : sql`${json.isList} AND ${count} > 0`;
  return sql`coalesce(${found}, false)`;
};
