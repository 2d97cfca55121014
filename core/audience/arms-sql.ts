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
const bucketSql = (salt: string): Sql =>
  sql`substr(to_hex(sha256(to_utf8(${textLiteral(`${salt}#`)} || m.profile_id))), 1, ${integerLiteral(BITS / 4)})`;

/** Whether somebody is in the first `percent` of all; texts of one length are in the order of their numbers. */
const isBelow = (salt: string, percent: number): Sql => {
  const limit = Math.ceil((percent / 100) * 2 ** BITS);
  return sql`${bucketSql(salt)} < ${textLiteral(
    limit
      .toString(16)
      .toUpperCase()
      .padStart(BITS / 4, '0'),
  )}`;
};

/** Thirds add up to a little less than 100. */
const isAll = (percent: number): boolean => percent > 100 - 1e-9;

/** The arm of the member `m`: see Arms. NULL where there is no split, and they are not held out. */
export const armSql = ({ holdouts, split }: Arms): Sql => {
  const branches = holdouts.map(
    ({ percent, salt }) => sql`WHEN ${isBelow(salt, percent)} THEN ${integerLiteral(HELD_OUT)}`,
  );
  let upTo = 0;
  for (const [arm, percent] of (split?.percents ?? []).entries()) {
    upTo += percent;
    if (split && !isAll(upTo)) branches.push(sql`WHEN ${isBelow(split.salt, upTo)} THEN ${integerLiteral(arm)}`);
  }
  const count = split?.percents.length ?? 0;
  const last = split ? sql` ELSE ${integerLiteral(isAll(upTo) ? count - 1 : count)}` : sql``;
  // A CASE needs a branch; without any everybody is in the one arm there is.
  return branches.length === 0 ? sql`${integerLiteral(0)}` : sql`CASE ${joined(branches, '\n')}${last} END`;
};
