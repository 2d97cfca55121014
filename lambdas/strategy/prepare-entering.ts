import { membersQuery } from '../../core/audience/segment-queries.ts';
import type { Entering } from '../../core/strategy/journey/journey-series.ts';
import type { LiveDecision } from '../../core/strategy/journey/live-decisions.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { chainStep, timeFailed } from '../../core/strategy/journey/series-decisions.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { definitions } from '../adapters/definitions.ts';
import { journeys } from '../adapters/journeys.ts';
import { readEnv } from '../middleware/read-env.ts';
import { changeLiveJourney } from './change-live-journey.ts';
import { env } from './prepare-entering.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, WORK_BUCKET, GLUE_DATABASE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const { versionOf } = journeys(defs);
const store = { defs, sinks: { auditTable: AUDIT_TABLE } };

/** `failure`: why nobody more enters by the newest time. */
type Task = { journeyId: string; chain: number; failure?: { Error?: string; Cause?: string } };

/** What enter-on-schedule does next: ends, asks again, starts the execution that wakes at `dueAt` (ISO 8601), takes rows, or tells those of a manifest. */
type Answer =
  | { step: 'nothing' }
  | { step: 'wait'; seconds: number }
  | { step: 'wake'; next: { name: string; dueAt: string } }
  | { step: 'take'; sql: string; folder: string; database: string }
  | { step: 'tell'; manifest: string };

/** Each saves one thing; more than a few in a row would be a circle. */
const MAX_STEPS = 20;

/**
 * Task of enter-on-schedule: begins the time that is due, or leaves it out, and says what is next. Running it twice is safe: what is decided
 * stands in the journey before it is done, and the query about a time is the same however often it is asked.
 */
export const handler = async ({ journeyId, chain, failure }: Task): Promise<Answer> => {
  if (failure) {
    const problem = `${failure.Error ?? 'unknown'}: ${(failure.Cause ?? '').slice(0, 300)}`;
    await change(journeyId, (live) => timeFailed(live, chain, problem));
  }
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const nowMs = Date.now();
    const stored = await defs.get<LiveJourney>('live-journey', journeyId);
    if (!stored) return { step: 'nothing' };
    const live = { ...stored.body, version: stored.version };
    const next = chainStep(live, chain, nowMs);
    if (next.do === 'nothing') return { step: 'nothing' };
    if (next.do === 'wait') return { step: 'wait', seconds: next.seconds };
    if (next.do === 'wake') {
      const name = `${journeyId}-${chain}-${next.atMs}`;
      return { step: 'wake', next: { name, dueAt: new Date(next.atMs).toISOString() } };
    }
    if (next.do === 'enter') return enter(live, next.last);
    // Somebody else was faster: what they have written is read, and decided on again.
    await change(journeyId, (now) => (now.version === live.version ? next.decision : { kind: 'same', live: now }));
  }
  throw new Error(`Journey ${journeyId} changes all the time`);
};

const change = (journeyId: string, decide: (live: LiveJourney) => LiveDecision) =>
  changeLiveJourney(store, journeyId, MACHINE, Date.now(), (live) =>
    live ? decide(live) : { kind: 'refuse', problem: 'not-found', detail: 'It is gone' },
  );

/** The folder gets the number of the attempt from the state machine. */
const enter = async ({ id, current }: LiveJourney, last: Entering): Promise<Answer> => {
  if (last.manifest !== undefined) return { step: 'tell', manifest: last.manifest };
  const { entry } = await versionOf(id, current);
  if (entry.by !== 'schedule') throw new Error(`Nobody enters journey ${id} on schedule`);
  const folder = `s3://${WORK_BUCKET}/refreshes/${id}/${last.dueMs}-${last.attempt}/${Date.now()}-`;
  return { step: 'take', sql: membersQuery(entry.audience, last.beginMs, folder), folder, database: GLUE_DATABASE };
};
