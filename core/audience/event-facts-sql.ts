import { AMOUNT_LIMIT, inMillionths } from './amount.ts';
import { inSpanSql } from './date-sql.ts';
import type { Comparison, EventCondition, EventPattern, SequenceCondition } from './event-condition.ts';
import { spanOf, windowOf } from './event-window.ts';
import { eventRowsSql, firstCopiesSql } from './first-copies-sql.ts';
import { daysMs } from './question.ts';
import { answerSql, treeSql } from './question-sql.ts';
import { occurrenceLayers } from './sequence-sql.ts';
import { joined, numbered, type Sql, sql } from './sql.ts';
import { doubleLiteral, integerLiteral, textLiteral } from './sql-literal.ts';
import { valueColumns } from './value-sql.ts';

/** What becomes of the events of one person: an aggregate that is the column `name` of the facts. */
type Fact = { name: Sql; aggregate: Sql };

/**
 * What people did, for however many conditions: the events are read once, only those of partitions and types that some
 * condition can see. Of each only whether it matches which patterns (w0, w1, …) and its amounts (m0, …) is kept; then each
 * condition becomes aggregates per person, columns of the CTE `facts`. Whoever has no such event has no row, or NULL.
 */
export const eventFacts = (nowMs: number) => {
  const values = valueColumns(sql`e`);
  const patterns = new Map<string, { type: string; matches: Sql }>();
  const amounts = new Map<string, Sql>();
  const facts: Fact[] = [];
  const layers = occurrenceLayers();
  let fromMs: number | undefined = Number.POSITIVE_INFINITY;

  /** The column that says whether an event matches. */
  const matching = ({ event, where = [] }: EventPattern): Sql => {
    const conditions = where.map((tree) =>
      treeSql(tree, (leaf) => answerSql(values.json(sql`properties`, leaf.property), leaf, nowMs), 'and'),
    );
    const matches = joined([sql`type = ${textLiteral(event)}`, ...conditions], ' AND ');
    const at = [...patterns.keys()].indexOf(matches);
    if (at < 0) patterns.set(matches, { type: event, matches });
    return numbered(sql`w`, at < 0 ? patterns.size - 1 : at);
  };
  /** The column with a number below `properties`, if it is an amount. */
  const amountAt = (property: string): Sql => {
    const { number } = values.json(sql`properties`, property).json;
    const amount = amountSql(number);
    const at = [...amounts.keys()].indexOf(amount);
    if (at < 0) amounts.set(amount, amount);
    return numbered(sql`m`, at < 0 ? amounts.size - 1 : at);
  };
  const fact = (aggregate: Sql): Sql => {
    const known = facts.find((one) => one.aggregate === aggregate);
    if (known) return sql`f.${known.name}`;
    const name = numbered(sql`f`, facts.length);
    facts.push({ name, aggregate });
    return sql`f.${name}`;
  };
  /** Within the window of the condition; notes that its events have to be read. */
  const seen = (condition: EventCondition | SequenceCondition): Sql => {
    const window = windowOf(condition, nowMs);
    fromMs = fromMs === undefined || window.fromMs === undefined ? undefined : Math.min(fromMs, window.fromMs);
    const end = sql`time_ms < ${integerLiteral(window.toMs)}`;
    return window.fromMs === undefined ? end : sql`time_ms >= ${integerLiteral(window.fromMs)} AND ${end}`;
  };

  const eventSql = (condition: EventCondition): Sql => {
    const match = sql`${matching(condition)} AND ${seen(condition)}`;
    const count = (more = sql``) => fact(sql`count(*) FILTER (WHERE ${match}${more})`);
    if ('count' in condition) return meetsSql(sql`coalesce(${count()}, 0)`, condition.count, integerLiteral);
    if ('sum' in condition || 'avg' in condition) {
      const { property, is } = 'sum' in condition ? condition.sum : condition.avg;
      const amount = amountAt(property);
      const sum = fact(sql`sum(round(${amount} * 1e6)) FILTER (WHERE ${match})`);
      if ('sum' in condition) return meetsSql(sql`coalesce(${sum}, 0e0)`, inMillionths(is), doubleLiteral);
      const times = fact(sql`count(${amount}) FILTER (WHERE ${match})`);
      return sql`coalesce(${meetsSql(sum, inMillionths(is), (limit) => sql`${doubleLiteral(limit)} * ${times}`)}, false)`;
    }
    if ('min' in condition) return extreme(sql`min`, condition.min, match);
    if ('max' in condition) return extreme(sql`max`, condition.max, match);
    if ('without' in condition) {
      const { without } = condition;
      const lengthMs = integerLiteral(daysMs(without.withinDays));
      const next = layers.next(sql`${matching(without)} AND time_ms <= ${integerLiteral(nowMs)}`);
      const decided = sql` AND time_ms + ${lengthMs} <= ${integerLiteral(nowMs)}`;
      return sql`coalesce(${count(sql`${decided} AND coalesce(${next} - time_ms > ${lengthMs}, true)`)}, 0) > 0`;
    }
    const [of, when] = 'first' in condition ? [sql`min`, condition.first] : [sql`max`, condition.last];
    const at = fact(sql`${of}(CASE WHEN ${match} THEN time_ms END)`);
    return sql`coalesce(${inSpanSql(at, spanOf(when, nowMs))}, false)`;
  };
  const extreme = (of: Sql, { property, is }: { property: string; is: Comparison }, match: Sql): Sql => {
    const found = fact(sql`${of}(CASE WHEN ${match} THEN ${amountAt(property)} END)`);
    return sql`coalesce(${meetsSql(found, is, doubleLiteral)}, false)`;
  };
  const sequenceSql = (condition: SequenceCondition): Sql => {
    const window = seen(condition);
    const start = layers.way(condition.sequence.map((step) => sql`${matching(step)} AND ${window}`));
    const { withinDays } = condition;
    const limit =
      withinDays === undefined ? sql`` : sql` AND time_ms - ${start} <= ${integerLiteral(daysMs(withinDays))}`;
    return sql`coalesce(${fact(sql`count(*) FILTER (WHERE ${start} IS NOT NULL${limit})`)}, 0) > 0`;
  };

  return {
    /** The boolean expression of a condition over the row f of the facts, true or false. */
    condition: (condition: EventCondition | SequenceCondition): Sql =>
      'sequence' in condition ? sequenceSql(condition) : eventSql(condition),

    /** The CTEs for the conditions so far; none when there are none. */
    ctes(): Sql[] {
      if (facts.length === 0) return [];
      const wanted = [...patterns.values()];
      const matches = wanted.map((one, n) => sql`${one.matches} AS ${numbered(sql`w`, n)}`);
      const numbers = [...amounts.values()].map((amount, n) => sql`${amount} AS ${numbered(sql`m`, n)}`);
      const rows = values.layers(
        eventRowsSql(
          wanted.map(({ type }) => type),
          fromMs,
        ),
      );
      const names = [...wanted.map((_, n) => numbered(sql`w`, n)), ...numbers.map((_, n) => numbered(sql`m`, n))];
      const flagged = sql`SELECT profile_id, source, id, type, time_ms, received_ms, ${joined([...matches, ...numbers], ', ')} FROM (
${rows}
) AS valued`;
      const columns = facts.map(({ name, aggregate }) => sql`${aggregate} AS ${name}`);
      return [
        firstCopiesSql(sql`once`, [sql`time_ms`, ...names], flagged),
        sql`facts AS (
  SELECT profile_id,
    ${joined(columns, ',\n    ')}
  FROM ${layers.around(sql`once`)} GROUP BY profile_id
)`,
      ];
    },
  };
};

/** A number, if it is an amount (see amount.ts). */
export const amountSql = (number: Sql): Sql =>
  sql`CASE WHEN abs(${number}) < ${doubleLiteral(AMOUNT_LIMIT)} THEN ${number} END`;

const OPERATORS = { atLeast: sql`>=`, moreThan: sql`>`, atMost: sql`<=`, lessThan: sql`<`, equals: sql`=` } as const;
const meetsSql = (value: Sql, comparison: Comparison, literal: (limit: number) => Sql): Sql => {
  const [[name, limit]] = Object.entries(comparison) as [[keyof typeof OPERATORS, number]];
  return sql`${value} ${OPERATORS[name]} ${literal(limit)}`;
};
