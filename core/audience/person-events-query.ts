import type { SeenEvent } from './event-predicate.ts';
import { windowOf } from './event-window.ts';
import { eventRowsSql, linksSql } from './first-copies-sql.ts';
import type { ResolvedSegment, SegmentCondition } from './segment.ts';
import { leavesOf } from './segment-tree.ts';
import { type Sql, sql } from './sql.ts';
import { integerLiteral, textLiteral } from './sql-literal.ts';

/** The newest events of a person, so many, are looked at. */
export const MAX_PERSON_EVENTS = 5_000;

/**
 * The events of one person that a segment asks about, the newest first, also those from before they were known: columns id,
 * source, type, time_ms, received_ms, properties. Undefined when it asks about none. The lake is not ordered by
 * people: it reads the days that the segment looks at.
 */
export const personEventsQuery = (tree: ResolvedSegment, profileId: string, nowMs: number): Sql | undefined => {
  const asked = leavesOf<SegmentCondition>(tree).filter((leaf) => 'event' in leaf || 'sequence' in leaf);
  if (asked.length === 0) return undefined;
  const starts = asked.map((leaf) => windowOf(leaf, nowMs).fromMs);
  // What follows an event may be asked for, too, and lies after it.
  const types = asked.flatMap((leaf) => {
    if ('sequence' in leaf) return leaf.sequence.map(({ event }) => event);
    return 'without' in leaf ? [leaf.event, leaf.without.event] : [leaf.event];
  });
  const bounded = starts.every((fromMs) => fromMs !== undefined);
  const who = textLiteral(profileId);
  return sql`WITH ${linksSql}
SELECT id, source, type, time_ms, received_ms, properties FROM (
${eventRowsSql(types, bounded ? Math.min(...starts) : undefined)}
) AS rows_of_types
WHERE profile_id = ${who} OR profile_id IN (SELECT anonymous_id FROM links WHERE profile_id = ${who})
ORDER BY time_ms DESC LIMIT ${integerLiteral(MAX_PERSON_EVENTS)}`;
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
