import type { SeenEvent } from '../event-predicate.ts';
import { eventRowsSql, firstCopiesSql } from '../first-copies-sql.ts';
import { segmentSql } from '../segment-sql.ts';
import { joined, type Sql, sql } from '../sql.ts';
import { textLiteral } from '../sql-literal.ts';
import type { LiveSegment } from './live-segment.ts';
import { type Watched, watchedOf } from './watched.ts';

/** One line of both UNLOADs: somebody, and one event of theirs that the segment may ask for, if there is one. */
export type RefreshRow = {
  profile_id: string;
  /** Whether they are a member; absent where only events are asked for. */
  member?: boolean | null;
  source?: string | null;
  id?: string | null;
  type?: string | null;
  time_ms?: number | null;
  received_ms?: number | null;
  /** JSON text. */
  properties?: string | null;
};

const EVENT_COLUMNS = [...[sql`source`, sql`id`, sql`type`, sql`time_ms`, sql`received_ms`], sql`properties`];
const eventColumns = (alias: Sql): Sql =>
  joined(
    EVENT_COLUMNS.map((column) => sql`${alias}.${column}`),
    ', ',
  );

const unload = (query: Sql, location: string): Sql =>
  sql`UNLOAD (\n${query}\n) TO ${textLiteral(location)} WITH (format = 'JSON', compression = 'GZIP')`;

/** What everybody did that the segment may ask for, as far as the lake knows: in no order, for memories need none. */
export const historyQuery = ({ segment }: Pick<LiveSegment, 'segment'>, nowMs: number, location: string): Sql =>
  unload(
    sql`WITH ${pastSql(watchedOf(segment), nowMs)}\nSELECT p.profile_id, ${eventColumns(sql`p`)} FROM past AS p`,
    location,
  );

/** CTEs `links` and `past`. */
const pastSql = (watched: readonly Watched[], nowMs: number): Sql => {
  const starts = watched.flatMap(({ keeps }) => {
    if (keeps.kind === 'last') return nowMs - keeps.ms;
    return keeps.kind === 'between' ? keeps.fromMs : [];
  });
  const fromMs = starts.length < watched.length ? undefined : Math.min(...starts);
  const types = watched.map(({ pattern }) => pattern.event);
  return firstCopiesSql(sql`past`, EVENT_COLUMNS, eventRowsSql(types, fromMs));
};

/**
 * Those whose membership at `nowMs` is not what was said last, in the lake's own words: `stated` holds the newest statement
 * about each person. Of a segment that reacts at once with what they did, so that whatever was not remembered can be. While
 * such a segment fills, everybody who is a member or was one: also who stays needs a timer of the new rule.
 */
export const differencesQuery = (
  { id, segment, atOnce, state }: Pick<LiveSegment, 'id' | 'segment' | 'atOnce' | 'state'>,
  nowMs: number,
  location: string,
): Sql => {
  const asked =
    atOnce && state === 'filling'
      ? sql`coalesce(m.member, false) OR coalesce(s.member, false)`
      : sql`coalesce(m.member, false) <> coalesce(s.member, false)`;
  const changed = sql`${segmentSql(segment, nowMs).withMembers},
stated AS (
  SELECT profile_id, member FROM (
    SELECT profile_id, member, row_number() OVER (PARTITION BY profile_id ORDER BY at_ms DESC, member) AS newest
    FROM segment_members WHERE segment_id = ${textLiteral(id)}
  ) AS statements WHERE newest = 1
)
SELECT coalesce(m.profile_id, s.profile_id) AS profile_id, coalesce(m.member, false) AS member
FROM members AS m FULL JOIN stated AS s ON s.profile_id = m.profile_id
WHERE ${asked}`;
  const watched = watchedOf(segment);
  if (!atOnce || watched.length === 0) return unload(changed, location);
  return unload(
    sql`WITH ${pastSql(watched, nowMs)},
changed AS (
${changed}
)
SELECT c.profile_id, c.member, ${eventColumns(sql`e`)}
FROM changed AS c LEFT JOIN past AS e ON e.profile_id = c.profile_id`,
    location,
  );
};

/** The event of a row; undefined: it has none. */
export const eventOf = ({ source, id, type, time_ms, received_ms, properties }: RefreshRow): SeenEvent | undefined =>
  typeof type !== 'string'
    ? undefined
    : {
        source: source ?? '',
        id: id ?? '',
        type,
        timeMs: Number(time_ms),
        receivedMs: Number(received_ms),
        properties: JSON.parse(properties || '{}') as Record<string, unknown>,
      };
