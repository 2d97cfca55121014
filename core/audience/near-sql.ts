import { halfChordLimit, type NearCondition, RADIANS } from './near.ts';
import { type Sql, sql } from './sql.ts';
import { doubleLiteral } from './sql-literal.ts';
import type { ValueColumns } from './value-sql.ts';

/** isNear of near.ts in SQL: true or false, never NULL. */
export const nearSql = ({ near }: NearCondition, values: ValueColumns, attributes: Sql): Sql => {
  const degrees = (name: string) => values.json(attributes, name).json.number;
  const [latitude, longitude] = [degrees(near.attributes.latitude), degrees(near.attributes.longitude)];
  const radians = doubleLiteral(RADIANS);
  const sine = (of: Sql, at: number) => sql`sin((${of} - ${doubleLiteral(at)}) * ${radians} * 5e-1)`;
  const [north, east] = [sine(latitude, near.latitude), sine(longitude, near.longitude)];
  const cosine = doubleLiteral(Math.cos(near.latitude * RADIANS));
  const halfChord = sql`${north} * ${north} + ${cosine} * cos(${latitude} * ${radians}) * ${east} * ${east}`;
  return sql`coalesce(abs(${latitude}) <= 9e1 AND abs(${longitude}) <= 18e1 AND ${halfChord} <= ${doubleLiteral(halfChordLimit(near.withinKm))}, false)`;
};
