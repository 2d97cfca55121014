import { setTimeout } from 'node:timers/promises';
import {
  AthenaClient,
  GetQueryExecutionCommand,
  paginateGetQueryResults,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import type { Sql } from '../../core/audience/sql.ts';

const athena = new AthenaClient({ maxAttempts: 5 });

export type QueryState = {
  state: 'running' | 'succeeded' | 'failed';
  /** Why it failed, in Athena's words. */
  reason: string;
  /** It failed for a reason of Athena's own, and might succeed when it is asked again. */
  isAthenasFault: boolean;
  scannedBytes: number;
  submittedMs: number;
  /** The query's text. */
  sql: string;
  /** s3:// address of the list of files that an UNLOAD wrote. */
  manifest?: string;
};
export type QueryRow = Record<string, string | null>;

/** Category of an AthenaError. */
const SYSTEM = 1;

/** There is no query with this id. */
export class NoSuchQuery extends Error {
  override name = 'NoSuchQuery';
}

/** Queries over the lake. The work group says where results go, and how much a query may scan. */
export const queries = ({ workGroup, database }: { workGroup: string; database: string }) => ({
  /** Gives the query's id. A repeat with the same token (32 to 128 characters) starts nothing and gives the same id. */
  async start(sql: Sql, token?: string): Promise<string> {
    const { QueryExecutionId } = await athena.send(
      new StartQueryExecutionCommand({
        QueryString: sql,
        QueryExecutionContext: { Database: database },
        WorkGroup: workGroup,
        ...(token && { ClientRequestToken: token }),
      }),
    );
    if (!QueryExecutionId) throw new Error('Athena gave no id for a query');
    return QueryExecutionId;
  },

  /** Throws NoSuchQuery. */
  async state(id: string): Promise<QueryState> {
    const { QueryExecution } = await athena
      .send(new GetQueryExecutionCommand({ QueryExecutionId: id }))
      .catch((error: unknown) => {
        if (error instanceof Error && error.name === 'InvalidRequestException') throw new NoSuchQuery(error.message);
        throw error;
      });
    const { Status, Statistics } = QueryExecution ?? {};
    const states = { SUCCEEDED: 'succeeded', FAILED: 'failed', CANCELLED: 'failed' } as const;
    return {
      state: states[Status?.State as keyof typeof states] ?? 'running',
      reason: Status?.StateChangeReason ?? '',
      isAthenasFault: Status?.AthenaError?.Retryable === true || Status?.AthenaError?.ErrorCategory === SYSTEM,
      scannedBytes: Statistics?.DataScannedInBytes ?? 0,
      submittedMs: Status?.SubmissionDateTime?.getTime() ?? 0,
      sql: QueryExecution?.Query ?? '',
      ...(Statistics?.DataManifestLocation && { manifest: Statistics.DataManifestLocation }),
    };
  },

  /** Its state as soon as it has ended, or after `waitMs` whatever it is. */
  async settled(id: string, waitMs: number): Promise<QueryState> {
    const untilMs = performance.now() + waitMs;
    // Short queries take half a second on Athena; each look costs nothing but a call.
    for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.5, 1_000)) {
      const found = await this.state(id);
      if (found.state !== 'running' || performance.now() + pauseMs > untilMs) return found;
      await setTimeout(pauseMs);
    }
  },

  /** All rows of a SELECT that has succeeded. Every value is text. For small results: everything is held in memory. */
  async rows(id: string): Promise<QueryRow[]> {
    const found: (string | null)[][] = [];
    for await (const { ResultSet } of paginateGetQueryResults({ client: athena }, { QueryExecutionId: id })) {
      for (const { Data = [] } of ResultSet?.Rows ?? [])
        found.push(Data.map(({ VarCharValue }) => VarCharValue ?? null));
    }
    // The first page begins with the names of the columns.
    const [header = [], ...rows] = found;
    return rows.map((row) => Object.fromEntries(header.map((name, n) => [name ?? '', row[n] ?? null])));
  },
});
export type Queries = ReturnType<typeof queries>;
