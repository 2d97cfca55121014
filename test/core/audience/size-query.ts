import type { ResolvedSegment } from '../../../core/audience/segment.ts';
import { segmentSql } from '../../../core/audience/segment-sql.ts';

/** How many people a segment holds: one row with the columns `size` and `total` (all people). */
export const sizeQuery = (segment: ResolvedSegment, nowMs: number): string =>
  `${segmentSql(segment, nowMs).withMembers}\nSELECT count(*) FILTER (WHERE member) AS size, count(*) AS total FROM members`;
