import { routes } from '../../core/access/routes/journeys.ts';
import { isAtVersion } from '../../core/strategy/approval/decisions.ts';
import { editedJourney, type Journey } from '../../core/strategy/journey/journey.ts';
import type { JourneyInput } from '../../core/strategy/journey/journey-input.ts';
import { type LiveDecision, pausedLive, resumedLive, stoppedLive } from '../../core/strategy/journey/live-decisions.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { definitions } from '../adapters/definitions.ts';
import { journeys } from '../adapters/journeys.ts';
import { createDefinition } from '../adapters/outbox.ts';
import { participants } from '../adapters/participants.ts';
import { sources } from '../adapters/sources.ts';
import { type ApiRequest, apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { changeForced, isForceRefusal } from './change-forced.ts';
import { changeLiveJourney, isLiveRefusal } from './change-live-journey.ts';
import type { Frozen } from './freeze-journey.ts';
import { journeyView } from './journey-view.ts';
import { env } from './manage-journeys.env.ts';

const environment = readEnv(env);
const { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE, PARTICIPANTS_QUEUE_URL } = environment;
const defs = definitions(DEFINITIONS_TABLE);
const { versionOf } = journeys(defs);
const states = participants(environment.PARTICIPANTS_TABLE);
const sinks = {
  auditTable: AUDIT_TABLE,
  participantsQueueUrl: PARTICIPANTS_QUEUE_URL,
  machines: {
    'release-parked': environment.RELEASE_MACHINE_ARN,
    'approve-plan': environment.APPROVE_MACHINE_ARN,
  },
};
const store = { defs, sinks };

/**
 * Journeys from draft to what runs of them, and who walks them. Running a change twice is safe: edits and publications name the
 * version that they change, pauses and stops that were made before change nothing, and somebody enters once by an Idempotency-Key.
 */
export const handler = apiHandler(
  'strategy/manage-journeys',
  routes,
  {
    createJourney: async ({ body, actor, nowMs, newId: id }) => {
      const start = { id, version: 1, state: 'draft' as const, author: actor, editors: [], createdMs: nowMs };
      const entry = { subject: `journey/${id}`, action: 'create', actor, atMs: nowMs, version: 1, detail: body.name };
      const outbox = [{ effect: 'audit' as const, entry }];
      const saved = await createDefinition(defs, 'journey', id, { ...body, ...start }, nowMs, outbox, sinks);
      return { body: saved.body, headers: { location: `/v1/journeys/${id}` } };
    },

    listJourneys: async ({ query: { limit, cursor } }) => {
      const page = await defs.list<Journey>('journey', limit, cursor);
      const items = await Promise.all(page.items.map(({ body }) => viewOf(body)));
      return { body: { items, ...(page.cursor && { cursor: page.cursor }) } };
    },

    getJourney: async ({ params }) => {
      const [journey, live] = await Promise.all([load(params.journeyId), runningOf(params.journeyId)]);
      const view = journeyView(journey, live, live?.series && (await outcomesOf(live)));
      return { body: await withExperiments(view) };
    },

    updateJourney: async ({ params, body: { version, ...input }, actor, nowMs }) => {
      await load(params.journeyId, version);
      const result = await changeForced<Journey>(store, 'journey', params.journeyId, actor, nowMs, (journey) =>
        journey.version === version
          ? editedJourney(journey, input as JourneyInput, actor)
          : { kind: 'refuse', problem: 'version-conflict', detail: versionDetail(journey, version) },
      );
      if (!result) throw new Problem('not-found', `There is no journey ${params.journeyId}`);
      if (isForceRefusal(result)) throw new Problem(result.problem, result.detail);
      return { body: await viewOf(result) };
    },

    validateJourney: async ({ params, nowMs }) => {
      const { defects, version } = await freeze(await load(params.journeyId), nowMs);
      return { body: { defects, ...(version && { hash: version.hash }) } };
    },

    simulateJourney: async ({ params, body, nowMs }) => {
      const version = soundVersion(await freeze(await load(params.journeyId), nowMs), undefined);
      const { simulateJourney } = await import('./simulate-journey.ts');
      const walked = await simulateJourney(environment, version, body, nowMs);
      if (!walked) throw new Problem('not-found', 'There is no such profile');
      const steps = walked.steps.map(({ step, node, kind, way, why, atMs, text }) => {
        return { step, node, kind, way, why, atMs, text };
      });
      return { body: { ...walked, steps } };
    },

    submitJourney: async ({ params, body: { version, hash, inside, expirySeconds }, actor, nowMs }) => {
      const sound = { ...(await soundJourney(params.journeyId, version, hash, nowMs)), inside };
      const { submitJourney } = await import('./submit-journey.ts');
      return { body: await viewOf(await submitJourney(store, sound, expirySeconds, actor, nowMs)) };
    },

    publishJourney: async ({ params, body: { version, hash, inside }, actor, roles, nowMs }) => {
      const sound = { ...(await soundJourney(params.journeyId, version, hash, nowMs)), inside };
      const { publishJourney } = await import('./submit-journey.ts');
      return { body: await viewOf(await publishJourney(store, sound, { actor, roles }, nowMs)) };
    },

    pauseJourney: ({ params, body: { reason }, actor, nowMs }) =>
      changed(params.journeyId, actor, nowMs, (live) => pausedLive(live, actor, reason, nowMs)),

    resumeJourney: ({ params, actor, nowMs }) =>
      changed(params.journeyId, actor, nowMs, (live) => resumedLive(live, nowMs)),

    stopJourney: ({ params, body: { reason }, actor, nowMs }) =>
      changed(params.journeyId, actor, nowMs, (live) => stoppedLive(live, reason)),

    enterJourney: (request) => entered(request),

    enterJourneyAsApp: (request) => entered(request),

    listParticipants: async ({ params: { journeyId }, query: { limit, cursor } }) => {
      await load(journeyId);
      const page = await states.inside(journeyId, limit, cursor);
      const items = page.profileIds.map((profileId) => ({ profileId }));
      return { body: { items, ...(page.cursor && { cursor: page.cursor }) } };
    },

    getParticipant: async ({ params: { journeyId, profileId } }) => {
      const stored = await states.get({ profileId, journeyId });
      if (!stored || stored.participant.entry === 0) {
        throw new Problem('not-found', `${profileId} has never entered the journey ${journeyId}`);
      }
      const { entry, hash, state, node, enteredMs, hold, end, goals, arms, steps } = stored.participant;
      return {
        body: {
          ...{ profileId, journeyId, entry, hash, state, node, enteredMs, goals, arms, steps },
          ...(hold && { waits: { dueMs: hold.dueMs, why: hold.why } }),
          ...(end && { end }),
        },
      };
    },
  },
  IDEMPOTENCY_TABLE,
  sources(defs),
);

const entered = async ({ params, body, source, nowMs, newId: eventId }: Entering) => {
  // Queues, and who was erased, are asked for this call alone.
  const { enterByCall } = await import('./enter-by-call.ts');
  const { profileId, properties = {} } = body;
  const call = { ...params, profileId, properties, eventId, ...(source && { source }) };
  await enterByCall(defs, environment, call, nowMs);
  return { body: { eventId } };
};
type Entering = Pick<ApiRequest, 'source' | 'nowMs' | 'newId'> & {
  params: { journeyId: string };
  body: { profileId: string; properties?: Record<string, unknown> | undefined };
};

const load = async (id: string, version?: number): Promise<Journey> => {
  const stored = await defs.get<Journey>('journey', id);
  if (!stored) throw new Problem('not-found', `There is no journey ${id}`);
  if (version !== undefined && version !== stored.version) {
    throw new Problem('version-conflict', versionDetail(stored.body, version));
  }
  return stored.body;
};

const versionDetail = (journey: Journey, version: number): string =>
  `The journey is at version ${journey.version}, not ${version}`;

const runningOf = async (id: string): Promise<LiveJourney | undefined> =>
  (await defs.get<LiveJourney>('live-journey', id))?.body;

const viewOf = async (journey: Journey) => journeyView(journey, await runningOf(journey.id));

/** Of whom the newest time of its schedule has asked in. */
const outcomesOf = async (live: LiveJourney) =>
  (await import('../adapters/entry-counts.ts')).outcomesOf(environment.LEDGER_TABLE, live);

/** How the experiments of the version in force stand. */
const withExperiments = async (view: Awaited<ReturnType<typeof viewOf>>) => {
  if (!('running' in view)) return view;
  const { running } = view;
  const { experimentsOf } = await import('./experiments-of.ts');
  const experiments = await experimentsOf(defs, await versionOf(view.id, running.current), running);
  return { ...view, running: { ...running, ...(experiments.length > 0 && { experiments }) } };
};

const change = async (
  id: string,
  actor: string,
  nowMs: number,
  decide: (live: LiveJourney | undefined) => LiveDecision,
): Promise<void> => {
  const result = await changeLiveJourney(store, id, actor, nowMs, decide);
  if (isLiveRefusal(result)) throw new Problem(result.problem, result.detail);
};

const changed = async (id: string, actor: string, nowMs: number, decide: (live: LiveJourney) => LiveDecision) => {
  const journey = await load(id);
  await change(id, actor, nowMs, (live) =>
    live ? decide(live) : { kind: 'refuse', problem: 'state-conflict', detail: 'The journey was never published' },
  );
  return { body: await viewOf(journey) };
};

/** Loaded by whoever validates or publishes: most calls compile nothing. */
const freeze = async (journey: Journey, nowMs: number): Promise<Frozen> =>
  (await import('./freeze-journey.ts')).frozenJourney(defs, journey, nowMs);

/** The journey at this version, frozen, if it has no defect, and is what the caller has read. */
const soundJourney = async (id: string, at: number, read: string | undefined, nowMs: number) => {
  const journey = await load(id);
  if (!isAtVersion(journey, at)) throw new Problem('version-conflict', versionDetail(journey, at));
  const frozen = await freeze(journey, nowMs);
  return { journey, frozen, version: soundVersion(frozen, read) };
};

const soundVersion = ({ defects, version }: Frozen, read: string | undefined) => {
  if (!version || defects.length > 0) {
    const errors = defects.map(({ path, message }) => ({ path, message }));
    throw new Problem('invalid-reference', errors.map(({ message }) => message).join('; '), { errors });
  }
  if (read !== undefined && read !== version.hash) {
    throw new Problem('version-conflict', `You have read ${read}; what would be published is ${version.hash}`);
  }
  return version;
};
