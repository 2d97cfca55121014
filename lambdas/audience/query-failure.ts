import type { QueryState } from '../adapters/athena.ts';
import { Problem } from '../middleware/problem.ts';

type Failed = Pick<QueryState, 'reason' | 'scannedBytes' | 'isAthenasFault'>;

/** What the person who asked is told of a query that failed. */
export const failure = ({ reason, scannedBytes, isAthenasFault }: Failed, cutoffBytes: number): Problem => {
  if (scannedBytes >= cutoffBytes || /bytes scanned limit/i.test(reason)) {
    return new Problem(
      'scan-limit',
      `It would read more than ${cutoffBytes} bytes of the lake, the limit of one query: ask for a shorter time, or have the operator raise queryCutoffBytes`,
      { scanLimitBytes: cutoffBytes },
    );
  }
  if (isAthenasFault) {
    return new Problem('unavailable', `The lake did not answer (${reason}); ask again`, { retryAfter: 10 });
  }
  return new Problem('invalid-segment', reason);
};
