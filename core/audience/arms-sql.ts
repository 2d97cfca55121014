import type { Holdout } from '../strategy/holdout.ts';
import { joined, type Sql, sql } from './sql.ts';
import { integerLiteral, textLiteral } from './sql-literal.ts';

/** Number of those who get nothing. */
export const HELD_OUT = -1;

/**
 * What is decided of each person of a snapshot before anything else: who is held out, and which arm of the split the others are in, by
 * its number. Whom the shares (percent) leave over is in the arm after the last.
 */
export type Arms = { holdouts: readonly Holdout[]; split?: { salt: string; percents: readonly number[] } };

/** As `bucketOf`: the first 48 bits of SHA-256, as upper-case hex. */
const BITS = 48;
const bucketSql = (salt: string, person: Sql): Sql =>
  sql`substr(to_hex(sha256(to_utf8(${textLiteral(`${salt}#`)} || ${person}))), 1, ${integerLiteral(BITS / 4)})`;

/** Whether somebody is in the first `percent` of all; texts of one length are in the order of their numbers. */
const isBelow = (salt: string, percent: number, person: Sql): Sql => {
  const limit = Math.ceil((percent / 100) * 2 ** BITS);
  return sql`${bucketSql(salt, person)} < ${textLiteral(
    limit
      .toString(16)
      .toUpperCase()
      .padStart(BITS / 4, '0'),
  )}`;
};

/** Thirds add up to a little less than 100. */
const isAll = (percent: number): boolean => percent > 100 - 1e-9;

type Split = NonNullable<Arms['split']>;

/** The branches of a CASE that say what arm a person is in, by `labels`, and its end; the last label is of whom the shares leave over. */
const splitSql = ({ salt, percents }: Split, labels: readonly Sql[], person: Sql) => {
  const branches: Sql[] = [];
  let upTo = 0;
  for (const [arm, percent] of percents.entries()) {
    upTo += percent;
    const label = labels[arm] ?? sql`NULL`;
    if (isAll(upTo)) return { branches, otherwise: label };
    branches.push(sql`WHEN ${isBelow(salt, upTo, person)} THEN ${label}`);
  }
  return { branches, otherwise: labels[percents.length] ?? sql`NULL` };
};

const caseSql = (branches: readonly Sql[], otherwise: Sql): Sql =>
  branches.length === 0 ? otherwise : sql`CASE ${joined(branches, '\n')} ELSE ${otherwise} END`;

/** The name of the arm that a person is in, whether held out or not; '' of whom the shares leave over. */
export const armNameSql = (split: Split, names: readonly Sql[], person: Sql): Sql => {
  const { branches, otherwise } = splitSql(split, [...names, textLiteral('')], person);
  return caseSql(branches, otherwise);
};

/** The arm of the member `m`: see Arms. NULL where there is no split, and they are not held out. */
export const armSql = ({ holdouts, split }: Arms): Sql => {
  const person = sql`m.profile_id`;
  const held = holdouts.map(
    ({ percent, salt }) => sql`WHEN ${isBelow(salt, percent, person)} THEN ${integerLiteral(HELD_OUT)}`,
  );
  const numbers = [...(split?.percents ?? []), 0].map((_, arm) => integerLiteral(arm));
  const { branches, otherwise } = split ? splitSql(split, numbers, person) : { branches: [], otherwise: sql`NULL` };
  return caseSql([...held, ...branches], otherwise);
};
