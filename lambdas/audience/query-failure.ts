import type { QueryState } from '../adapters/athena.ts';
import { Problem } from '../middleware/problem.ts';

/** What the person who asked is told of a query that failed. */
export const failure = ({ reason, scannedBytes }: QueryState, cutoffBytes: number): Problem =>
  scannedBytes >= cutoffBytes || /bytes scanned limit/i.test(reason)
    ? new Problem(
        'scan-limit',
        `It would read more than ${cutoffBytes} bytes of the lake, the limit of one query: ask for a shorter time, or have the operator raise queryCutoffBytes`,
        { scanLimitBytes: cutoffBytes },
      )
    : new Problem('invalid-segment', reason);
