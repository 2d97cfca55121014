import type { SeenEvent } from './event-predicate.ts';
import { windowOf } from './event-window.ts';
import { eventRowsSql, linksSql } from './first-copies-sql.ts';
import type { ResolvedSegment, SegmentCondition } from './segment.ts';
import { leavesOf } from './segment-tree.ts';
import { type Sql, sql } from './sql.ts';
import { integerLiteral, textLiteral } from './sql-literal.ts';

/** The newest events of a person, so many, are looked at. */
const MAX_PERSON_EVENTS = 5_000;
/** And of those as many as have so many characters of properties together: they are all in memory. */
const MAX_PERSON_CHARACTERS = 20_000_000;

/** `fromMs`: it finds no older ones, because the segment does not look at them. */
export type PersonEventsQuery = { sql: Sql; fromMs?: number };

/**
 * The events of one person that a segment asks about, the newest first, also those from before they were known: columns id,
 * source, type, time_ms, received_ms, properties, and total, how many there are. Undefined when it asks about none. The lake
 * is not ordered by people: it reads the days that the segment looks at.
 */
export const personEventsQuery = (
  tree: ResolvedSegment,
  profileId: string,
  nowMs: number,
): PersonEventsQuery | undefined => {
  const asked = leavesOf<SegmentCondition>(tree).filter((leaf) => 'event' in leaf || 'sequence' in leaf);
  if (asked.length === 0) return undefined;
  const starts = asked.map((leaf) => windowOf(leaf, nowMs).fromMs);
  // What follows an event may be asked for, too, and lies after it.
  const types = asked.flatMap((leaf) => {
    if ('sequence' in leaf) return leaf.sequence.map(({ event }) => event);
    return 'without' in leaf ? [leaf.event, leaf.without.event] : [leaf.event];
  });
  const fromMs = starts.every((start) => start !== undefined) ? Math.min(...starts) : undefined;
  const who = textLiteral(profileId);
  const query = sql`WITH ${linksSql}
SELECT id, source, type, time_ms, received_ms, properties, total FROM (
  SELECT id, source, type, time_ms, received_ms, properties, count(*) OVER () AS total,
    sum(length(properties)) OVER (ORDER BY time_ms DESC, received_ms, source, id ROWS UNBOUNDED PRECEDING) AS characters
  FROM (
${eventRowsSql(types, fromMs)}
  ) AS rows_of_types
  WHERE profile_id = ${who} OR profile_id IN (SELECT anonymous_id FROM links WHERE profile_id = ${who})
) AS rows_of_person
WHERE characters <= ${integerLiteral(MAX_PERSON_CHARACTERS)}
ORDER BY time_ms DESC LIMIT ${integerLiteral(MAX_PERSON_EVENTS)}`;
  return { sql: query, ...(fromMs !== undefined && { fromMs }) };
};

/** An event as Athena gives it: every value is text. */
export const seenEvent = (row: Record<string, string | null>): SeenEvent => ({
  id: row.id ?? '',
  source: row.source ?? '',
  type: row.type ?? '',
  timeMs: Number(row.time_ms),
  receivedMs: Number(row.received_ms),
  properties: JSON.parse(row.properties || '{}') as SeenEvent['properties'],
});
