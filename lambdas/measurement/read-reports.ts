import { createHash } from 'node:crypto';
import { routes } from '../../core/access/routes/measurement.ts';
import type { Sql } from '../../core/audience/sql.ts';
import type { Lane } from '../../core/delivery/channel.ts';
import type { ContactState } from '../../core/delivery/contact-state.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import {
  CAMPAIGN_REPORT_DEFINITION,
  campaignReportOf,
  campaignReportQuery,
  REPORTED_RUNS,
} from '../../core/measurement/campaign-report.ts';
import {
  JOURNEY_REPORT_DEFINITION,
  journeyReportOf,
  journeyReportQuery,
} from '../../core/measurement/journey-report.ts';
import { instantMs, type Period } from '../../core/measurement/period.ts';
import { REACH_DEFINITION, reachOf, reachQuery } from '../../core/measurement/reach.ts';
import { REPURCHASE_DEFINITION, repurchaseOf, repurchaseQuery } from '../../core/measurement/repurchase.ts';
import { variantFigures } from '../../core/measurement/variants-sql.ts';
import { WHY_DEFINITION, whyOf, whyQuery } from '../../core/measurement/why.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import type { Journey } from '../../core/strategy/journey/journey.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { runIdOf } from '../../core/strategy/series.ts';
import { NoSuchQuery, type QueryRow, queries } from '../adapters/athena.ts';
import { contacts } from '../adapters/contacts.ts';
import { definitions } from '../adapters/definitions.ts';
import { journeys } from '../adapters/journeys.ts';
import { type ApiResponse, apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './read-reports.env.ts';

const { DEFINITIONS_TABLE, CONTACTS_TABLE, ATHENA_WORK_GROUP, GLUE_DATABASE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const { versionOf } = journeys(defs);
const contactStates = contacts(CONTACTS_TABLE);
const lake = queries({ workGroup: ATHENA_WORK_GROUP, database: GLUE_DATABASE });

/** The HTTP API gives up after 30 s. */
const WAIT_MS = 20_000;
const RETRY_AFTER_SECONDS = 5;
/** Outcomes and events take about as long to reach the lake: counting again sooner would cost a scan and tell nothing. */
const COUNT_ONCE_IN_MS = 60_000;

/** Reports are queries over the lake; each is defined in core/measurement. They only read, so running one twice is safe. */
export const handler = apiHandler('measurement/read-reports', routes, {
  reportCampaign: async ({ params: { campaignId }, query: { queryId }, nowMs }) => {
    const campaign = await defs.get<Campaign>('campaign', campaignId);
    if (!campaign || campaign.body.deletedMs !== undefined)
      throw new Problem('not-found', `There is no campaign ${campaignId}`);
    const { id: planId, sendTime, experiment, repeat } = campaign.body;
    // Each run has a split of its own: its own report compares them.
    const variants = repeat ? undefined : campaign.body.variants;
    const [run, ...others] = await runsOf(campaign.body);
    const report = {
      definition: CAMPAIGN_REPORT_DEFINITION,
      figuresOf: (rows: QueryRow[]) => ({
        ...campaignReportOf(rows),
        ...variantFigures(rows, { ...campaign.body, variants }),
      }),
    };
    if (!run) return { body: bodyOf(report, [], nowMs, 0) };
    const sql = campaignReportQuery([run, ...others], {
      choosesHours: sendTime !== undefined && 'best' in sendTime && others.length === 0,
      ...(variants && { variants: { planId, ...run, variants, experiment } }),
    });
    return answer({ ...report, sql }, nowMs, queryId);
  },

  reportJourney: async ({ params: { journeyId }, query: { queryId }, nowMs }) => {
    const journey = await defs.get<Journey>('journey', journeyId);
    if (!journey) throw new Problem('not-found', `There is no journey ${journeyId}`);
    const sql = journeyReportQuery(journeyId, journey.body.createdMs);
    const live = (await defs.get<LiveJourney>('live-journey', journeyId))?.body;
    const { experimentsOf } = await import('../strategy/experiments-of.ts');
    const experiments = live ? await experimentsOf(defs, await versionOf(journeyId, live.current), live) : [];
    const figuresOf = (rows: QueryRow[]) => ({
      ...journeyReportOf(rows),
      ...(experiments.length > 0 && { experiments }),
    });
    return answer({ sql, definition: JOURNEY_REPORT_DEFINITION, figuresOf }, nowMs, queryId);
  },

  explainParticipant: async ({ params: { journeyId, profileId }, query: { queryId }, nowMs }) => {
    const journey = await defs.get<Journey>('journey', journeyId);
    if (!journey) throw new Problem('not-found', `There is no journey ${journeyId}`);
    const { PARTICIPANT_PATH_DEFINITION, participantPathOf, participantPathQuery } = await import(
      '../../core/measurement/participant-path.ts'
    );
    const sql = participantPathQuery(journeyId, profileId, journey.body.createdMs);
    const figuresOf = (rows: QueryRow[]) => ({ profileId, journeyId, ...participantPathOf(rows) });
    return answer({ sql, definition: PARTICIPANT_PATH_DEFINITION, figuresOf }, nowMs, queryId);
  },

  reportReach: async ({ query, nowMs }) => {
    const sql = reachQuery(periodOf(query));
    return answer({ sql, definition: REACH_DEFINITION, figuresOf: reachOf }, nowMs, query.queryId);
  },

  reportRepurchase: async ({ query, nowMs }) => {
    const { eventType, withinDays, queryId } = query;
    const sql = repurchaseQuery({ ...periodOf(query), eventType, withinDays });
    return answer({ sql, definition: REPURCHASE_DEFINITION, figuresOf: repurchaseOf }, nowMs, queryId);
  },

  explainPerson: async ({ params: { profileId }, query: { plan, run: asked, queryId }, nowMs }) => {
    const [planKind, id] = plan.split('/') as ['campaign' | 'trigger' | 'journey', string];
    const [found, contact] = await Promise.all([
      defs.get<Campaign | Trigger | Journey>(planKind, id),
      contactStates.get(profileId),
    ]);
    if (!found) throw new Problem('not-found', `There is no ${planKind} ${id}`);
    const { topic, createdMs } = found.body;
    const lane = laneOf(found.body);
    const isSeries = 'repeat' in found.body && found.body.repeat !== undefined;
    if (asked !== undefined && !isSeries) {
      const message = `${plan} has no runs: it does not repeat`;
      throw new Problem('invalid-query', message, { errors: [{ path: 'run', message }] });
    }
    const run = isSeries ? await runOf(found.body as Campaign, asked) : undefined;
    const figuresOf = (rows: QueryRow[]) => ({
      ...{ profileId, plan, topic, contact: nowOf(contact) },
      ...(run && { run }),
      ...whyOf(rows, { topic, lane, contact }),
    });
    const report = { definition: WHY_DEFINITION, figuresOf };
    if (isSeries && !run) return { body: { ...bodyOf(report, [], nowMs, 0), text: 'No run of it has begun yet.' } };
    const sql = whyQuery({ planKind, planId: run?.id ?? id, profileId, fromMs: createdMs });
    return answer({ ...report, sql }, nowMs, queryId);
  },
});

/** Of a journey that of its messages, where all of them have one. */
const laneOf = (plan: Campaign | Trigger | Journey): Lane => {
  if ('lane' in plan) return plan.lane;
  const nodes = 'nodes' in plan ? Object.values(plan.nodes).filter(({ kind }) => kind === 'message') : [];
  const isTransactional = nodes.length > 0 && nodes.every((node) => 'lane' in node && node.lane === 'transactional');
  return isTransactional ? 'transactional' : 'promotional';
};

/** Its run; of one that repeats its newest runs. */
const runsOf = async ({ id, run, series }: Campaign): Promise<NonNullable<Campaign['run']>[]> => {
  if (!series) return run ? [run] : [];
  const found: NonNullable<Campaign['run']>[] = [];
  let cursor: string | undefined;
  do {
    const page = await defs.listUnder<Campaign>('campaign', `${id}-`, 200, cursor);
    found.push(...page.items.flatMap(({ body }) => body.run ?? []));
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < REPORTED_RUNS);
  return found.slice(0, REPORTED_RUNS);
};

/** The run of that number, or the newest; undefined: there is none yet. */
const runOf = async ({ id, series }: Campaign, asked: number | undefined) => {
  const number = asked ?? series?.last?.number;
  const run = number === undefined ? undefined : { id: runIdOf(id, number), number };
  if (run && (await defs.get('campaign', run.id))) return run;
  if (asked !== undefined) throw new Problem('not-found', `Campaign ${id} has no run ${asked}`);
  return undefined;
};

/** What the gate would find now; `touches` are the messages that count against caps, newest first. */
const nowOf = ({ consents, suppressed, touches }: ContactState) => ({
  consents,
  suppressed,
  touches: touches.map(([atSeconds]) => atSeconds * 1_000),
});

const periodOf = ({ from, to }: { from: string; to: string }): Period => {
  const period = { fromMs: instantMs(from), toMs: instantMs(to) };
  if (period.fromMs < period.toMs) return period;
  throw new Problem('invalid-query', 'from must be before to', { errors: [{ path: 'to', message: 'not after from' }] });
};

type Report = { definition: string; figuresOf: (rows: QueryRow[]) => object };

const bodyOf = ({ definition, figuresOf }: Report, rows: QueryRow[], asOfMs: number, scannedBytes: number) => ({
  ...figuresOf(rows),
  definition,
  asOf: new Date(asOfMs).toISOString(),
  scannedBytes,
});

/** Asks the lake, or waits on for the query `queryId`. Throws what Athena says of a query that failed. */
const answer = async (report: Report & { sql: Sql }, nowMs: number, queryId?: string): Promise<ApiResponse> => {
  const id = queryId ?? (await lake.start(report.sql, tokenOf(report.sql, nowMs)));
  const query = await lake.settled(id, WAIT_MS).catch((error: unknown) => {
    throw error instanceof NoSuchQuery ? new Problem('not-found', `There is no query ${id}`) : error;
  });
  // Somebody else's query must not be read as this report.
  if (queryId !== undefined && query.sql !== report.sql)
    throw new Problem('not-found', `Query ${id} does not belong to this report`);
  if (query.state === 'failed') throw new Error(`Query ${id} failed: ${query.reason}`);
  if (query.state === 'running') {
    const extra = { queryId: id, retryAfter: RETRY_AFTER_SECONDS };
    throw new Problem('unavailable', `It is still being counted: repeat the call with queryId=${id}`, extra);
  }
  return { body: bodyOf(report, await lake.rows(id), query.submittedMs, query.scannedBytes) };
};

/** The same question in the same minute finds the query that it has started, even when the answer got lost on its way. */
const tokenOf = (sql: string, nowMs: number): string =>
  createHash('sha256')
    .update(JSON.stringify([ATHENA_WORK_GROUP, GLUE_DATABASE, Math.floor(nowMs / COUNT_ONCE_IN_MS), sql]))
    .digest('hex');
