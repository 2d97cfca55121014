import { linksSql } from './first-copies-sql.ts';
import { joined, type Sql, sql } from './sql.ts';
import { integerLiteral, textLiteral } from './sql-literal.ts';

/** So many people at most: ± 1.4 % of the base at worst. */
export const SAMPLE_PEOPLE = 5_000;
/** Of a person the newest events, so many: nobody makes the sample too large to be held in memory. */
export const EVENTS_PER_PERSON = 200;
/** And of those as many as have so many characters of properties together: 655 million at worst, for freeze-sample's 3 GB. */
const PROPERTIES_PER_PERSON = 131_072;

const COLUMNS = {
  ...{
    profile_id: sql`profile_id`,
    place: sql`place`,
    email: sql`email`,
    phone: sql`phone`,
    push_token: sql`push_token`,
    wechat_open_id: sql`wechat_open_id`,
  },
  ...{ time_zone: sql`time_zone`, locale: sql`locale`, attributes: sql`attributes` },
  ...{ id: sql`id`, source: sql`source`, type: sql`type`, time_ms: sql`time_ms`, received_ms: sql`received_ms` },
  ...{
    properties: sql`properties`,
    consent: sql`consent`,
    given: sql`given`,
    list_id: sql`list_id`,
    total: sql`total`,
  },
};
type Column = keyof typeof COLUMNS;

/** One line of the UNLOAD. Athena leaves out what is NULL. */
export type SampleRow =
  | { kind: 'base'; total: number }
  | ({ kind: 'profile'; profile_id: string; place: string; attributes: string } & Record<
      'email' | 'phone' | 'push_token' | 'wechat_open_id' | 'time_zone' | 'locale',
      string | null | undefined
    >)
  | {
      kind: 'event';
      profile_id: string;
      id: string;
      source: string;
      type: string;
      time_ms: number;
      received_ms: number;
      properties: string;
    }
  | { kind: 'consent'; profile_id: string; consent: string; given: boolean }
  | { kind: 'list'; profile_id: string; list_id: string };

/**
 * The UNLOAD that draws a sample of the base: some people, by an order that has nothing to do with who they are and is another one
 * for each `salt`, with all that segments ask about them. Rows of all kinds have all columns, most of them NULL.
 */
export const sampleQuery = ({ salt, location }: { salt: string; location: string }): Sql => {
  const chosen = sql`JOIN chosen AS c ON c.profile_id`;
  const newestFirst = sql`PARTITION BY c.profile_id ORDER BY e.time_ms DESC, e.received_ms, e.source, e.id`;
  return sql`UNLOAD (
WITH people AS (
  SELECT * FROM (
    SELECT profile_id, email, phone, push_token, wechat_open_id, time_zone, locale, attributes,
      row_number() OVER (PARTITION BY profile_id ORDER BY version DESC) AS newest
    FROM profiles
  ) AS versions WHERE newest = 1
),
chosen AS (
  SELECT profile_id, email, phone, push_token, wechat_open_id, time_zone, locale, attributes,
    to_hex(md5(to_utf8(profile_id || ${textLiteral(salt)}))) AS place
  FROM people ORDER BY place LIMIT ${integerLiteral(SAMPLE_PEOPLE)}
),
${linksSql},
seen AS (
  SELECT c.profile_id, e.id, e.source, e.type, e.time_ms, e.received_ms, e.properties,
    row_number() OVER (${newestFirst}) AS nth,
    sum(length(e.properties)) OVER (${newestFirst} ROWS UNBOUNDED PRECEDING) AS characters
  FROM events AS e LEFT JOIN links AS l ON l.anonymous_id = e.profile_id
  ${chosen} = coalesce(l.profile_id, e.profile_id)
),
said AS (
  SELECT c.profile_id, s.consent, s.given, row_number() OVER (
    PARTITION BY c.profile_id, s.consent ORDER BY CASE WHEN s.imported AND s.given THEN 1 ELSE 0 END, s.at_ms DESC, s.given
  ) AS newest
  FROM consents AS s ${chosen} = s.profile_id
),
listed AS (
  SELECT c.profile_id, m.list_id, m.member, row_number() OVER (
    PARTITION BY c.profile_id, m.list_id ORDER BY m.at_ms DESC, m.member
  ) AS newest
  FROM list_members AS m ${chosen} = m.profile_id
)
SELECT ${row('base', [], sql`count(*)`)} FROM people
UNION ALL SELECT ${row('profile', ['profile_id', 'place', 'email', 'phone', 'push_token', 'wechat_open_id', 'time_zone', 'locale', 'attributes'])} FROM chosen
UNION ALL SELECT ${row('event', ['profile_id', 'id', 'source', 'type', 'time_ms', 'received_ms', 'properties'])} FROM seen
  WHERE nth <= ${integerLiteral(EVENTS_PER_PERSON)} AND characters <= ${integerLiteral(PROPERTIES_PER_PERSON)}
UNION ALL SELECT ${row('consent', ['profile_id', 'consent', 'given'])} FROM said WHERE newest = 1
UNION ALL SELECT ${row('list', ['profile_id', 'list_id'])} FROM listed WHERE newest = 1 AND member
) TO ${textLiteral(location)} WITH (format = 'JSON', compression = 'GZIP')`;
};

const row = (kind: SampleRow['kind'], filled: readonly Column[], total?: Sql): Sql => {
  const columns = (Object.keys(COLUMNS) as Column[]).map((name) => {
    const value = name === 'total' && total ? total : filled.includes(name) ? COLUMNS[name] : sql`NULL`;
    return sql`${value} AS ${COLUMNS[name]}`;
  });
  return joined([sql`${textLiteral(kind)} AS kind`, ...columns], ', ');
};
