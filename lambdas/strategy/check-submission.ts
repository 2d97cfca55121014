import { UnresolvableSegment } from '../../core/audience/resolve-segment.ts';
import { sizeQuery } from '../../core/audience/segment-queries.ts';
import type { Sql } from '../../core/audience/sql.ts';
import type { ApprovalRef } from '../../core/strategy/approval/approval.ts';
import { isCurrent, waitOf } from '../../core/strategy/approval/decisions.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { counted } from '../../core/strategy/campaign-decisions.ts';
import { type Journey, journeyApproval, type SubmittedJourney } from '../../core/strategy/journey/journey.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { hashOf } from '../../core/strategy/plan-hash.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import type { PreFlight } from '../../core/strategy/pre-flight/pre-flight-id.ts';
import { queries } from '../adapters/athena.ts';
import { definitions } from '../adapters/definitions.ts';
import { journeys } from '../adapters/journeys.ts';
import { loadPlanVersion } from '../adapters/plan-versions.ts';
import { loadSubmission } from '../adapters/submissions.ts';
import { failure } from '../audience/query-failure.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { audienceOfJourney } from './audience-of-journey.ts';
import { changeCampaign, isRefusal } from './change-campaign.ts';
import { changeForced, isForceRefusal } from './change-forced.ts';
import { env } from './check-submission.env.ts';
import { MAX_QUERY_BYTES, preFlightsIn } from './pre-flights.ts';

const environment = readEnv(env);
const defs = definitions(environment.DEFINITIONS_TABLE);
const store = { defs, sinks: { auditTable: environment.AUDIT_TABLE } };
const preFlights = preFlightsIn(defs, environment);
const lake = queries({ workGroup: environment.ATHENA_WORK_GROUP, database: environment.GLUE_DATABASE });

/** The function has five minutes. */
const WAIT_MS = 240_000;

type Task = ApprovalRef & { kind: 'campaign' | 'journey'; id: string };
type Answer = { wait?: ReturnType<typeof waitOf> };

/**
 * Task of approve-plan before anybody is asked: keeps with the submission whom it would reach, of a campaign what it would do, too, and leaves out the
 * levels that are for larger audiences. An audience that cannot be counted counts as larger. Gives what is waited for first, unless nothing is any
 * more. Running it twice is safe: the levels are settled once, and not once somebody is asked.
 */
export const handler = async ({ kind, id, ...ref }: Task): Promise<Answer> => check[kind](id, ref, Date.now());

const check = {
  async campaign(id: string, ref: ApprovalRef, nowMs: number): Promise<Answer> {
    const campaign = (await defs.get<Campaign>('campaign', id))?.body;
    if (campaign?.state !== 'in review' || !isCurrent(campaign, ref)) return {};
    const plan = await loadPlanVersion(defs, id, ref.hash);
    const preFlight = await preFlights.check(campaign, plan, nowMs, WAIT_MS).catch(uncounted('campaign', id));
    const size = await sizeAtMost(plan, preFlight, { id, ...ref }, nowMs).catch(uncounted('campaign', id));
    const result = await changeCampaign(store, id, MACHINE, nowMs, (current) => counted(current, ref, size));
    return result && !isRefusal(result) ? waits(result, ref) : {};
  },

  async journey(id: string, ref: ApprovalRef, nowMs: number): Promise<Answer> {
    const journey = (await defs.get<Journey>('journey', id))?.body;
    if (journey?.state !== 'in review' || !journey.approval || !isCurrent(journey, ref)) return {};
    const size = await sizeOf(id, ref, journey.approval.submittedMs).catch(uncounted('journey', id));
    const result = await changeForced<Journey>(store, 'journey', id, MACHINE, nowMs, (current) =>
      journeyApproval.counted(current, ref, size),
    );
    return result && !isForceRefusal(result) ? waits(result, ref) : {};
  },
};

type About = { id: string; submission: number };

/**
 * The larger of two counts: of the time at which it begins, and of now. For those who did something shortly before it begins have not done it yet.
 * Undefined: it is not known.
 */
const sizeAtMost = async (
  { segment }: PlanVersion,
  preFlight: PreFlight | undefined,
  about: About,
  nowMs: number,
): Promise<number | undefined> => {
  if (!segment || preFlight?.state !== 'done') return undefined;
  const { askedMs, summary } = preFlight;
  const now = sizeQuery(segment, askedMs);
  if (now === sizeQuery(segment, summary.begins.atMs ?? askedMs)) return summary.audience.size;
  const size = await count(now, about, nowMs + WAIT_MS - Date.now());
  return size === undefined ? undefined : Math.max(size, summary.audience.size);
};

/** The same of a journey. Asked again for the same submission, it waits for the same queries. Undefined also when nobody is asked in. */
const sizeOf = async (id: string, ref: ApprovalRef, submittedMs: number): Promise<number | undefined> => {
  const { version } = await loadSubmission<SubmittedJourney>(defs, 'journey', id, ref.hash);
  const audience = await audienceOfJourney(defs, await journeys(defs).versionOf(id, version), submittedMs);
  if (!audience) return undefined;
  const { tree, atMs } = audience;
  const asked = new Set([sizeQuery(tree, submittedMs), sizeQuery(tree, atMs)]);
  const sizes = await Promise.all([...asked].map((sql) => count(sql, { id, ...ref }, WAIT_MS)));
  return sizes.reduce((one, other) => (one === undefined || other === undefined ? undefined : Math.max(one, other)));
};

/** Undefined: it takes longer than `waitMs`. Throws Problems. */
const count = async (sql: Sql, { id, submission }: About, waitMs: number): Promise<number | undefined> => {
  if (Buffer.byteLength(sql) > MAX_QUERY_BYTES) throw new Problem('invalid-segment', 'It is too long for a query');
  const queryId = await lake.start(sql, hashOf([id, submission, sql]));
  const query = await lake.settled(queryId, waitMs);
  if (query.state === 'failed') throw failure(query, environment.QUERY_CUTOFF_BYTES);
  if (query.state === 'running') return undefined;
  const [row] = await lake.rows(queryId);
  return row?.size ? Number(row.size) : undefined;
};

const uncounted =
  (kind: string, id: string) =>
  (error: unknown): undefined => {
    if (!(error instanceof Problem || error instanceof UnresolvableSegment)) throw error;
    console.warn({ message: 'The audience is not counted', [kind]: id, error: error.message });
  };

const waits = (thing: Campaign | Journey, ref: ApprovalRef): Answer => {
  const wait = waitOf(thing, ref, Date.now());
  return wait ? { wait } : {};
};
