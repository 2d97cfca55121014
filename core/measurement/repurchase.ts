import { eventRowsSql, firstCopiesSql } from '../audience/first-copies-sql.ts';
import { type Sql, sql } from '../audience/sql.ts';
import { integerLiteral } from '../audience/sql-literal.ts';
import { DAY_MS, type Period } from './period.ts';

export const REPURCHASE_DEFINITION =
  'Purchases: events of the type, with a time in [from, to); an event that was sent twice (same source and id) is one purchase. What somebody bought before they were known counts for the profile that their anonymous id was linked to. Buyers: people with at least one purchase. Repeat buyers: people with at least two, even on one day. Repeated within: buyers whose second purchase is at most withinDays × 86,400 s after their first one in [from, to). Rates are shares of buyers, absent without buyers. Buyers whose withinDays are not over at `to` are counted too, so the rate within is lower than it will be when `to` lies close to their first purchases. Events are in the lake about a minute after they arrive.';

export type RepurchaseQuestion = Period & { eventType: string; withinDays: number };

/** One row of counts. */
export const repurchaseQuery = ({
  fromMs,
  toMs,
  eventType,
  withinDays,
}: RepurchaseQuestion): Sql => sql`WITH ${firstCopiesSql(sql`once`, [sql`time_ms`], eventRowsSql([eventType], fromMs))},
ranked AS (
  SELECT profile_id, time_ms, row_number() OVER (PARTITION BY profile_id ORDER BY time_ms) AS visit
  FROM once WHERE time_ms >= ${integerLiteral(fromMs)} AND time_ms < ${integerLiteral(toMs)}
),
buyers AS (
  SELECT profile_id, count(*) AS purchases,
    min(time_ms) FILTER (WHERE visit = 1) AS first_ms, min(time_ms) FILTER (WHERE visit = 2) AS second_ms
  FROM ranked GROUP BY profile_id
)
SELECT count(*) AS people, coalesce(sum(buyers.purchases), 0) AS total, count_if(buyers.purchases >= 2) AS repeated,
  count_if(second_ms - first_ms <= ${integerLiteral(withinDays * DAY_MS)}) AS repeated_within
FROM buyers`;

export type Repurchase = {
  buyers: number;
  purchases: number;
  repeatBuyers: number;
  /** repeatBuyers / buyers, to 6 digits; absent without buyers. */
  repeatRate?: number;
  repeatedWithin: number;
  /** repeatedWithin / buyers. */
  rateWithin?: number;
};

export const repurchaseOf = ([row]: readonly Record<string, string | null>[]): Repurchase => {
  const count = (name: string): number => Number(row?.[name] ?? 0);
  const figures = {
    buyers: count('people'),
    purchases: count('total'),
    repeatBuyers: count('repeated'),
    repeatedWithin: count('repeated_within'),
  };
  const share = (part: number) => Math.round((part / figures.buyers) * 1e6) / 1e6;
  if (figures.buyers === 0) return figures;
  return { ...figures, repeatRate: share(figures.repeatBuyers), rateWithin: share(figures.repeatedWithin) };
};
