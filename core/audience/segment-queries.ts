import type { SnapshotRow } from '../delivery/messages.ts';
import { activitySql, populationRowsSql } from '../measurement/activity-sql.ts';
import { type Arms, armSql } from './arms-sql.ts';
import { consentsOf, consentsText, type KnownConsents, knownConsentsSql, type Sending } from './known-consents-sql.ts';
import type { ResolvedSegment } from './segment.ts';
import { segmentSql } from './segment-sql.ts';
import { joined, type Sql, sql } from './sql.ts';
import { jsonPath, textLiteral } from './sql-literal.ts';

/** What a snapshot holds beside the addresses, and where it goes. */
export type SnapshotOptions = {
  nowMs: number;
  /** Names of the attributes that the plan's template uses. */
  attributes: readonly string[];
  /** What is to be sent: adds what is known of the consents to it. */
  sending?: Sending;
  /** Adds when each of them was active, and a row for each hour of a time zone with how many of all people were (see PopulationRow). */
  withActivity?: boolean;
  /** Adds who is held out, and who is in which arm. */
  arms?: Arms | undefined;
  /** s3:// folder, which must be empty. */
  location: string;
};

/**
 * The UNLOAD that freezes an audience: gzip JSON, one line per recipient, columns of UnloadedRow. It takes as few fields
 * as rendering and the gate need, since every byte is read again by the senders.
 */
export const snapshotQuery = (
  segment: ResolvedSegment,
  { nowMs, attributes, sending, withActivity = false, arms, location }: SnapshotOptions,
): Sql => {
  const [known, consents, joinKnown] = sending
    ? [
        sql`,\n${knownConsentsSql(sending)}`,
        sql`, ${consentsText(sql`k`)} AS consents`,
        sql` LEFT JOIN known AS k ON k.profile_id = m.profile_id`,
      ]
    : [sql``, sql``, sql``];
  const [activity, active, joinActive, population] = withActivity
    ? [
        sql`,\n${activitySql(nowMs)}`,
        sql`, t.active, NULL AS hour, NULL AS people`,
        sql` LEFT JOIN active AS t ON t.profile_id = m.profile_id`,
        sql`\nUNION ALL\n${populationRowsSql(sql`NULL, NULL, NULL, NULL`, sql`NULL, '{}'${sending ? sql`, NULL` : sql``}${arms ? sql`, NULL` : sql``}`)}`,
      ]
    : [sql``, sql``, sql``, sql``];
  const arm = arms ? sql`, ${armSql(arms)} AS arm` : sql``;
  return sql`UNLOAD (
${segmentSql(segment, nowMs).withMembers}${known}${activity}
SELECT m.profile_id, m.email, m.phone, m.push_token, m.wechat_open_id, m.time_zone, m.locale, ${attributesSql(attributes)} AS attributes${consents}${arm}${active}
FROM members AS m${joinKnown}${joinActive} WHERE m.member${population}
) TO ${textLiteral(location)} WITH (format = 'JSON', compression = 'GZIP')`;
};

/** One line of `membersQuery`. */
export type MemberRow = { profile_id: string };

/** The UNLOAD of who is in a segment at an instant: their ids. `location`: s3:// folder, which must be empty. */
export const membersQuery = (segment: ResolvedSegment, nowMs: number, location: string): Sql => sql`UNLOAD (
${segmentSql(segment, nowMs).withMembers}
SELECT m.profile_id FROM members AS m WHERE m.member
) TO ${textLiteral(location)} WITH (format = 'JSON', compression = 'GZIP')`;

/** How many people a segment holds: one row with the columns `size` and `total` (all people). */
export const sizeQuery = (segment: ResolvedSegment, nowMs: number): Sql => sql`${segmentSql(segment, nowMs).withMembers}
SELECT count(*) FILTER (WHERE member) AS size, count(*) AS total FROM members`;

/** JSON text of an object with just these attributes; those that a person lacks are absent. */
const attributesSql = (names: readonly string[]): Sql => {
  const members = [...new Set(names)].map((name) => {
    const value = sql`json_format(json_extract(m.attributes, ${jsonPath(name)}))`;
    return sql`coalesce(${textLiteral(`,"${name}":`)} || ${value}, '')`;
  });
  return members.length === 0 ? sql`'{}'` : sql`'{' || substr(${joined(members, ' || ')}, 2) || '}'`;
};

/** One line of the UNLOAD. Absent values are '' (or missing, as Athena leaves out NULLs). */
export type UnloadedRow = {
  profile_id: string;
  email?: string | null;
  phone?: string | null;
  push_token?: string | null;
  wechat_open_id?: string | null;
  time_zone?: string | null;
  locale?: string | null;
  /** JSON text. */
  attributes?: string | null;
  /** See consentsText. */
  consents?: string | null;
  /** See Arms; only with `arms`, and a number or its text. */
  arm?: number | string | null;
  /** Epoch ms at which they opened or clicked something, with commas; only with `withActivity`. */
  active?: string | null;
  /** The person was erased, and the addresses are placeholders. So many bytes has the line in a part. */
  erased?: number | null;
};

/** The recipient as snapshot parts carry it. */
export const snapshotRow = (row: UnloadedRow): SnapshotRow => ({
  profileId: row.profile_id,
  ...(row.email && { email: row.email }),
  ...(row.phone && { phone: row.phone }),
  ...(row.push_token && { pushToken: row.push_token }),
  ...(row.wechat_open_id && { wechatOpenId: row.wechat_open_id }),
  ...(row.time_zone && { timeZone: row.time_zone }),
  ...(row.locale && { locale: row.locale }),
  attributes: JSON.parse(row.attributes || '{}') as Record<string, unknown>,
  ...(row.erased && { erased: row.erased }),
});

/** See Arms; undefined where nothing was to be decided. */
export const armOf = ({ arm }: UnloadedRow): number | undefined =>
  arm === undefined || arm === null || arm === '' ? undefined : Number(arm);

/** What the lake knows of the person's consents. */
export const knownConsents = ({ consents }: UnloadedRow): KnownConsents => consentsOf(consents ?? '');
