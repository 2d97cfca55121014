import { joined, numbered, type Sql, sql } from './sql.ts';

/**
 * What one event of a person knows of their others, as columns around the rows of all their events (with profile_id and time_ms):
 *
 * - `way`: of a row that matches the last step of a sequence, when the latest way that leads to it began. A row that matches the
 *   first step begins one there; one that matches step k takes up the latest beginning of the strictly earlier rows that match
 *   step k − 1. If any way from the first step to this row is short enough, the one that began last is.
 * - `next`: when the first strictly later row that matches was.
 *
 * All ways grow together, a layer per step, so five steps are four sorted passes however many sequences there are.
 */
export const occurrenceLayers = () => {
  /** Columns by the layer that makes them, the innermost first. */
  const layers: Sql[][] = [[], [], [], [], []];
  const made = new Map<Sql, Sql>();
  const column = (layer: number, value: Sql): Sql => {
    const known = made.get(value);
    if (known) return known;
    const name = numbered(sql`s`, made.size);
    made.set(value, name);
    layers[layer]?.push(sql`${value} AS ${name}`);
    return name;
  };
  const others = (frame: Sql) => sql`OVER (PARTITION BY profile_id ORDER BY time_ms RANGE BETWEEN ${frame})`;
  const earlier = others(sql`UNBOUNDED PRECEDING AND 1 PRECEDING`);
  const later = others(sql`1 FOLLOWING AND UNBOUNDED FOLLOWING`);
  return {
    way: (steps: readonly Sql[]): Sql =>
      steps.reduce((start, matches, n) => {
        const begun = n === 0 ? sql`time_ms` : sql`max(${start}) ${earlier}`;
        return column(n, sql`CASE WHEN ${matches} THEN ${begun} END`);
      }, sql``),
    next: (matches: Sql): Sql => column(1, sql`min(CASE WHEN ${matches} THEN time_ms END) ${later}`),
    /** The rows of a table with these columns. */
    around: (table: Sql): Sql =>
      layers
        .filter((columns) => columns.length > 0)
        .reduce<Sql>(
          (from, columns, n) =>
            sql`(\nSELECT *, ${joined(columns, ', ')} FROM ${from}\n) AS ${numbered(sql`step_`, n)}`,
          table,
        ),
  };
};
