import { differencesQuery, historyQuery } from '../../core/audience/live/live-queries.ts';
import {
  dueAfter,
  type LiveSegment,
  lakeKnowsMs,
  surelyKnownMs,
  withRule,
} from '../../core/audience/live/live-segment.ts';
import { resolveSegment, UnresolvableSegment } from '../../core/audience/resolve-segment.ts';
import { definitions } from '../adapters/definitions.ts';
import { type NamedSegment, segmentLookup } from '../adapters/segments.ts';
import { readEnv } from '../middleware/read-env.ts';
import { changeLive } from './change-live.ts';
import { env } from './prepare-refresh.env.ts';

const environment = readEnv(env);
const { WORK_BUCKET, GLUE_DATABASE } = environment;
const store = { defs: definitions(environment.DEFINITIONS_TABLE), sinks: { auditTable: environment.AUDIT_TABLE } };

/** `run` names the execution. */
type Task = { segmentId: string; chain: number; run: string };
/** What refresh-segment does next. `epoch` and `asOfMs` are for apply-refresh. */
type Prepared =
  | { step: 'nothing' }
  | ({ next: Next } & (
      | { step: 'wait'; seconds: number }
      | {
          step: 'history' | 'differences';
          sql: string;
          folder: string;
          database: string;
          epoch: number;
          asOfMs: number;
        }
    ));
/** The execution that is to do the next refresh, and when. */
type Next = { name: string; dueAt: string };

/**
 * Task of refresh-segment: brings the segment's rule up to date, says when the next refresh is due, and gives the query
 * for this one: what people did, when that is not known yet, else who is in the wrong place. The folder in it gets the number of the
 * attempt from the state machine. Running it twice is safe: a rule that is in force stays, and what is due later stays due.
 */
export const handler = async ({ segmentId, chain, run }: Task): Promise<Prepared> => {
  const nowMs = Date.now();
  const rule = await ruleOf(segmentId);
  const live = await changeLive(store, segmentId, nowMs, (stored) => {
    if (stored.chain !== chain) return stored;
    const current = rule ? withRule(stored, rule, nowMs) : stored;
    return { ...current, dueMs: dueAfter(current, nowMs) };
  });
  if (live?.chain !== chain) return { step: 'nothing' };
  const next: Next = { name: `${segmentId}-${chain}-${live.dueMs}`, dueAt: new Date(live.dueMs).toISOString() };

  const bufferSeconds = Number(environment.LAKE_BUFFER_SECONDS);
  const waitMs = lakeKnowsMs(live, bufferSeconds) - nowMs;
  if (live.atOnce && live.state !== 'live' && waitMs > 0)
    return { step: 'wait', seconds: Math.ceil(waitMs / 1_000), next };
  const step = live.state === 'starting' ? 'history' : 'differences';
  const folder = `s3://${WORK_BUCKET}/refreshes/${segmentId}/${run}/${step}-${nowMs}/`;
  const sql = step === 'history' ? historyQuery(live, nowMs, folder) : differencesQuery(live, nowMs, folder);
  return {
    step,
    sql,
    folder,
    database: GLUE_DATABASE,
    epoch: live.epoch,
    asOfMs: surelyKnownMs(nowMs, bufferSeconds),
    next,
  };
};

/** The segment's rule as it is now, with those that it refers to; undefined when it cannot be told: the last one stays. */
const ruleOf = async (segmentId: string): Promise<Pick<LiveSegment, 'name' | 'segment'> | undefined> => {
  const named = (await store.defs.get<NamedSegment>('segment', segmentId))?.body;
  if (!named) return undefined;
  try {
    return { name: named.name, segment: await resolveSegment(named.segment, segmentLookup(store.defs), segmentId) };
  } catch (error) {
    if (!(error instanceof UnresolvableSegment)) throw error;
    console.warn({ message: 'A live segment keeps its last rule', segmentId, error: error.message });
    return undefined;
  }
};
