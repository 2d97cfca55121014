import type * as z from 'zod/mini';
import { type PreviewQuestion, previewFigures, previewQuery } from '../../core/audience/preview-query.ts';
import type { ResolvedSegment } from '../../core/audience/segment.ts';
import type { Sql } from '../../core/audience/sql.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { nextBeginning } from '../../core/strategy/campaign-schedule.ts';
import { planVersionId } from '../../core/strategy/plan-hash.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { MAX_NAMED } from '../../core/strategy/pre-flight/conflicts.ts';
import type { Summary } from '../../core/strategy/pre-flight/pre-flight.ts';
import { type PreFlight, preFlightId } from '../../core/strategy/pre-flight/pre-flight-id.ts';
import { NoSuchQuery, type Queries, type QueryState, queries } from '../adapters/athena.ts';
import { type Definitions, VersionConflict } from '../adapters/definitions.ts';
import { fallbackZone } from '../adapters/fallback-zone.ts';
import { failure } from '../audience/query-failure.ts';
import { Problem } from '../middleware/problem.ts';
import type { env } from './check-campaigns.env.ts';
import type { Tables } from './foretell.ts';
import { audiencesOf, campaignsNear, plansAbout } from './near-plans.ts';

/** So many of the audience are looked at one by one: ± 3.1 % of it at worst. */
const SAMPLED = 1_000;
/** Athena takes a query of so many bytes. */
export const MAX_QUERY_BYTES = 262_144;
/** So many other campaigns are kept until the query has ended: with 200 characters each they are a tenth of what an item holds. */
const MAX_NEAR = 200;
/** A query that has run for so long has ended, or never will. */
const LONGEST_MS = 1_800_000;

type Running = Extract<PreFlight, { state: 'running' }>;

/**
 * What a campaign would do, kept with its submission. One query counts the audience and takes a sample of it; the rest is read of
 * these people as they are now. Running it twice is safe: the answer of a later question replaces that of an earlier one.
 */
export const preFlights = (ports: { defs: Definitions; lake: Queries; tables: Tables; cutoffBytes: number }) => {
  const { defs, lake } = ports;

  const keep = async <T extends PreFlight>(campaign: Campaign, preFlight: T): Promise<T> => {
    const id = preFlightId(campaign);
    for (let attempt = 1; ; attempt += 1) {
      const stored = await defs.get<PreFlight>('pre-flight', id);
      // Whoever asked later knows better.
      if (stored && stored.body.askedMs > preFlight.askedMs) return preFlight;
      try {
        await defs.put('pre-flight', id, preFlight, stored?.version ?? 0, preFlight.askedMs);
        return preFlight;
      } catch (error) {
        if (!(error instanceof VersionConflict) || attempt === 5) throw error;
      }
    }
  };

  const nearOf = async (campaign: Campaign, atMs: number, nowMs: number) => {
    const near = (await campaignsNear(defs, campaign, atMs, nowMs)).slice(0, MAX_NEAR);
    const { found, lost } = await audiencesOf(defs, near);
    if (lost.length > 0) {
      const campaigns = lost.map(({ id, hash }) => planVersionId(id, hash ?? ''));
      console.warn({ message: 'The content of campaigns is not to be found', campaign: campaign.id, campaigns });
    }
    return { found, lost: lost.map(({ name }) => name), near: near.filter((one) => !lost.includes(one)) };
  };

  /** Who is in the audience is asked for the time at which it begins, as its run will. `alone`: as before, and no overlaps. */
  const start = async (campaign: Campaign, plan: PlanVersion, nowMs: number, alone?: Running): Promise<Running> => {
    const beginning = nextBeginning(campaign, nowMs, await fallbackZone(defs));
    const atMs = beginning?.atMs ?? nowMs;
    const { found, near, lost = [] } = alone ? { ...alone, found: [] } : await nearOf(campaign, atMs, nowMs);
    const { sql, counted } = queryOf(questionOf(plan), found, atMs);
    // Those whose overlap is counted come first, in the order of the query's columns.
    const rest = near.filter((one) => !counted.includes(one));
    const about = { campaignId: campaign.id, version: campaign.version, hash: plan.hash, askedMs: nowMs };
    const queryId = await lake.start(sql);
    return keep(campaign, {
      ...about,
      state: 'running',
      queryId,
      near: [...counted, ...rest],
      counted: counted.length,
      ...(lost.length > 0 && { lost }),
    });
  };

  const ended = ({ queryId }: Running, waitMs: number): Promise<QueryState> =>
    lake.settled(queryId, waitMs).catch((error: unknown): QueryState => {
      if (!(error instanceof NoSuchQuery)) throw error;
      return { ...GONE, reason: error.message };
    });

  const conclude = async (
    campaign: Campaign,
    plan: PlanVersion,
    { queryId, near, counted, lost = [], ...about }: Running,
    scannedBytes: number,
  ): Promise<PreFlight> => {
    const nowMs = about.askedMs;
    const [[row = {}], timeZone, plans] = await Promise.all([
      lake.rows(queryId),
      fallbackZone(defs),
      plansAbout(defs, plan.topic),
    ]);
    const { size, of, overlap, sample } = previewFigures(row, counted === 0 ? 0 : counted + 1, plan);
    const beginning = nextBeginning(campaign, nowMs, timeZone);
    const atMs = beginning?.atMs ?? nowMs;
    // Templates, contacts and profiles are needed once the query has ended.
    const { foretell } = await import('./foretell.ts');
    const told = await foretell(defs, ports.tables, { campaign, plan, size, ids: sample, atMs, nowMs });
    const shared = near.map(({ hash: _hash, ...other }, n) => ({
      ...other,
      ...(n < counted && { overlap: overlap[0]?.[n + 1] ?? 0 }),
    }));
    const campaigns = shared.filter((other) => other.sameTopic || (other.overlap ?? 0) > 0);
    const summary: Summary = {
      begins: {
        atMs: beginning?.atMs ?? null,
        isLate: beginning === undefined || beginning.atMs !== beginning.plannedMs,
        ...(plan.ifLate && { ifLate: plan.ifLate }),
      },
      audience: { size, of },
      ...told,
      conflicts: {
        ...plans,
        campaigns: campaigns.slice(0, MAX_NAMED),
        more: plans.more + Math.max(0, campaigns.length - MAX_NAMED),
        ...(lost.length > 0 && { notes: lost.slice(0, MAX_NAMED).map(noteOf) }),
      },
    };
    return keep(campaign, { ...about, state: 'done', doneMs: Date.now(), scannedBytes, summary });
  };

  return {
    /** The newest answer; undefined when nobody has asked. */
    async latest(campaign: Campaign): Promise<PreFlight | undefined> {
      return (await defs.get<PreFlight>('pre-flight', preFlightId(campaign)))?.body;
    },

    /**
     * Asks anew, or waits on for a query that runs for the same content, up to `waitMs`. Of a query that fails the reason is kept, and thrown
     * as a Problem. `plan`: what the campaign would send.
     */
    async check(campaign: Campaign, plan: PlanVersion, nowMs: number, waitMs: number): Promise<PreFlight> {
      const known = (await defs.get<PreFlight>('pre-flight', preFlightId(campaign)))?.body;
      const isSame = known?.state === 'running' && known.hash === plan.hash && known.askedMs > nowMs - LONGEST_MS;
      const untilMs = performance.now() + waitMs;
      let running = isSame ? known : await start(campaign, plan, nowMs);
      let query = await ended(running, waitMs);
      // The audiences of others may be what reads too much, or what is broken: they are not to stand in the way of this one.
      if (query.state === 'failed' && running.counted > 0) {
        running = await start(campaign, plan, nowMs, running);
        query = await ended(running, untilMs - performance.now());
      }
      if (query.state === 'running') return running;
      if (query.state === 'succeeded') return conclude(campaign, plan, running, query.scannedBytes);
      const problem = failure(query, ports.cutoffBytes);
      const { queryId: _id, near: _near, counted: _counted, lost: _lost, ...about } = running;
      await keep(campaign, { ...about, state: 'failed', reason: problem.message });
      throw problem;
    },
  };
};

/** With what a handler's environment names. */
export const preFlightsIn = (defs: Definitions, environment: z.infer<typeof env>) =>
  preFlights({
    defs,
    lake: queries({ workGroup: environment.ATHENA_WORK_GROUP, database: environment.GLUE_DATABASE }),
    tables: {
      definitions: environment.DEFINITIONS_TABLE,
      profiles: environment.PROFILES_TABLE,
      contacts: environment.CONTACTS_TABLE,
    },
    cutoffBytes: environment.QUERY_CUTOFF_BYTES,
  });

const noteOf = (name: string): string =>
  `“${name}” begins at about that time; what it would send is not to be found, so it is not among the campaigns`;

const GONE = { state: 'failed', isAthenasFault: true, scannedBytes: 0, submittedMs: 0, sql: '' } as const;

type Question = Pick<PreviewQuestion, 'tree' | 'sending'>;

const questionOf = ({ segment, topic, lane, planId }: PlanVersion): Question => {
  if (!segment) throw new Error(`The plan of campaign ${planId} has no segment`);
  return { tree: segment, sending: { topic, lane } };
};

/** With as many of the other audiences as the query's text has room for. Throws `invalid-segment`. */
const queryOf = <Other extends { tree: ResolvedSegment; campaign: unknown }>(
  { tree, sending }: Question,
  others: readonly Other[],
  nowMs: number,
): { sql: Sql; counted: Other['campaign'][] } => {
  for (let count = others.length; ; count -= 1) {
    const taken = others.slice(0, count);
    const operands = taken.length > 0 ? [tree, ...taken.map((other) => other.tree)] : [];
    const sql = previewQuery({ tree, operands, sending }, nowMs, SAMPLED);
    const bytes = Buffer.byteLength(sql);
    if (bytes <= MAX_QUERY_BYTES) return { sql, counted: taken.map(({ campaign }) => campaign) };
    if (count === 0)
      throw new Problem('invalid-segment', `As a query it has ${bytes} bytes; Athena takes ${MAX_QUERY_BYTES}`);
  }
};
