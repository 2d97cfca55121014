import { routes } from '../../core/access/routes/journeys.ts';
import { OWN_SOURCE } from '../../core/event/own-event.ts';
import type { Journey } from '../../core/strategy/journey/journey.ts';
import { isOwnJourney } from '../../core/strategy/journey/journey.ts';
import type { JourneyInput } from '../../core/strategy/journey/journey-input.ts';
import type { VersionEntry } from '../../core/strategy/journey/journey-version.ts';
import {
  type LiveDecision,
  pausedLive,
  published,
  resumedLive,
  stoppedLive,
} from '../../core/strategy/journey/live-decisions.ts';
import { type LiveJourney, MAX_LIVE_JOURNEYS } from '../../core/strategy/journey/live-journey.ts';
import { chunkStimuli } from '../../core/strategy/journey/participants-message.ts';
import { definitions } from '../adapters/definitions.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { journeys, storeJourneyVersion } from '../adapters/journeys.ts';
import { createDefinition, saveDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { participants } from '../adapters/participants.ts';
import { storePlanVersion } from '../adapters/plan-versions.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { refuseErased } from '../middleware/refuse-erased.ts';
import { changeLiveJourney, isLiveRefusal } from './change-live-journey.ts';
import type { Frozen } from './freeze-journey.ts';
import { env } from './manage-journeys.env.ts';

const environment = readEnv(env);
const { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE, PARTICIPANTS_QUEUE_URL } = environment;
const defs = definitions(DEFINITIONS_TABLE);
const { versionOf } = journeys(defs);
const states = participants(environment.PARTICIPANTS_TABLE);
const refuse = refuseErased(erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN));
const sinks = {
  auditTable: AUDIT_TABLE,
  participantsQueueUrl: PARTICIPANTS_QUEUE_URL,
  machines: { 'release-parked': environment.RELEASE_MACHINE_ARN },
};

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
      const saved = await save({ ...body, ...start }, 0, 'create', actor, nowMs);
      return { body: saved, headers: { location: `/v1/journeys/${id}` } };
    },

    listJourneys: async ({ query: { limit, cursor } }) => {
      const page = await defs.list<Journey>('journey', limit, cursor);
      const items = await Promise.all(page.items.map(({ body }) => viewOf(body)));
      return { body: { items, ...(page.cursor && { cursor: page.cursor }) } };
    },

    getJourney: async ({ params }) => ({ body: await withExperiments(await viewOf(await load(params.journeyId))) }),

    updateJourney: async ({ params, body: { version, ...input }, actor, nowMs }) => {
      const { hash, publishedBy, id, author, createdMs, editors } = await load(params.journeyId, version);
      const journey: Journey = {
        ...(input as JourneyInput),
        ...{ id, version: version + 1, state: 'draft', author, createdMs },
        editors: [...new Set([...editors, actor])],
        ...(hash !== undefined && { hash }),
        ...(publishedBy !== undefined && { publishedBy }),
      };
      return { body: await viewOf(await save(journey, version, 'edit', actor, nowMs)) };
    },

    validateJourney: async ({ params }) => {
      const { defects, version } = await freeze(await load(params.journeyId));
      return { body: { defects, ...(version && { hash: version.hash }) } };
    },

    simulateJourney: async ({ params, body, nowMs }) => {
      const version = soundVersion(await freeze(await load(params.journeyId)), undefined);
      const { simulateJourney } = await import('./simulate-journey.ts');
      const walked = await simulateJourney(environment, version, body, nowMs);
      if (!walked) throw new Problem('not-found', 'There is no such profile');
      const steps = walked.steps.map(({ step, node, kind, way, why, atMs, text }) => {
        return { step, node, kind, way, why, atMs, text };
      });
      return { body: { ...walked, steps } };
    },

    publishJourney: async ({ params, body: { version, hash, inside }, actor, nowMs }) => {
      const journey = await load(params.journeyId, version);
      const frozen = await freeze(journey);
      refuseOwnWork(journey, frozen, actor);
      const current = soundVersion(frozen, hash);
      await refuseTooMany(journey.id);
      // What is frozen is stored before anything names it: nobody ever finds a hash without its content.
      for (const plan of frozen.plans) await storePlanVersion(defs, plan, nowMs);
      await storeJourneyVersion(defs, current, nowMs);
      await change(
        journey.id,
        actor,
        nowMs,
        (live) => published(live, current, inside, nowMs),
        await entering(current, nowMs),
      );
      const after: Journey = {
        ...journey,
        ...{ version: version + 1, state: 'published', hash: current.hash, publishedBy: actor },
      };
      return { body: await viewOf(await save(after, version, 'publish', actor, nowMs)) };
    },

    pauseJourney: ({ params, body: { reason }, actor, nowMs }) =>
      changed(params.journeyId, actor, nowMs, (live) => pausedLive(live, actor, reason, nowMs)),

    resumeJourney: ({ params, actor, nowMs }) =>
      changed(params.journeyId, actor, nowMs, (live) => resumedLive(live, nowMs)),

    stopJourney: ({ params, body: { reason }, actor, nowMs }) =>
      changed(params.journeyId, actor, nowMs, (live) => stoppedLive(live, reason)),

    enterJourney: async ({ params: { journeyId }, body: { profileId, properties = {} }, nowMs, newId }) => {
      await load(journeyId);
      const live = await defs.get<LiveJourney>('live-journey', journeyId);
      if (live?.body.state !== 'live') throw new Problem('state-conflict', 'The journey is not live');
      // What runs counts, not what somebody has written since.
      if ((await versionOf(journeyId, live.body.current)).entry.by !== 'api')
        throw new Problem('invalid-reference', 'People enter this journey by what happens to them');
      await refuse([profileId]);
      const event = {
        id: newId,
        type: ENTERED_BY_CALL,
        source: OWN_SOURCE,
        timeMs: nowMs,
        receivedMs: nowMs,
        properties,
      };
      const messages = chunkStimuli([{ profileId, journeyId, stimuli: [{ kind: 'enter', event }] }]);
      // SQS is loaded for this call alone.
      const { sendAll } = await import('../adapters/queues.ts');
      await sendAll(
        PARTICIPANTS_QUEUE_URL,
        messages.map((body) => ({ body, group: journeyId })),
      );
      return { body: { eventId: newId } };
    },

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
);

/** Type of the event with which somebody enters whom a call puts in. */
const ENTERED_BY_CALL = 'herald.journey.entered';

const load = async (id: string, version?: number): Promise<Journey> => {
  const stored = await defs.get<Journey>('journey', id);
  if (!stored) throw new Problem('not-found', `There is no journey ${id}`);
  if (version !== undefined && version !== stored.version) {
    throw new Problem('version-conflict', `The journey is at version ${stored.version}, not ${version}`);
  }
  return stored.body;
};

const save = async (journey: Journey, expected: number, action: string, actor: string, nowMs: number) => {
  const { id, version, name } = journey;
  const entry = { subject: `journey/${id}`, action, actor, atMs: nowMs, version, detail: name };
  const outbox: OutboxEntry[] = [{ effect: 'audit', entry }];
  const stored =
    expected === 0
      ? await createDefinition(defs, 'journey', id, journey, nowMs, outbox, sinks)
      : await saveDefinition(defs, 'journey', id, journey, expected, nowMs, outbox, sinks);
  return stored.body;
};

/** With what runs of it, but for the names of pauses and what is listened to. */
const viewOf = async (journey: Journey) => {
  const live = (await defs.get<LiveJourney>('live-journey', journey.id))?.body;
  if (!live) return journey;
  const { state, current, inside, sinceMs, versions, pause } = live;
  const running = {
    ...{ state, current, inside, sinceMs, versions },
    ...(pause && { pause: { by: pause.by, atMs: pause.atMs, reason: pause.reason } }),
  };
  return { ...journey, running };
};

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
  effects?: (after: LiveJourney) => OutboxEntry[],
): Promise<void> => {
  const result = await changeLiveJourney({ defs, sinks }, id, actor, nowMs, decide, effects);
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
const freeze = async (journey: Journey): Promise<Frozen> =>
  (await import('./freeze-journey.ts')).frozenJourney(defs, journey);

/** Nobody puts in force what they wrote, be it the journey or one of its templates. */
const refuseOwnWork = (journey: Journey, { writers }: Frozen, actor: string): void => {
  if (isOwnJourney(journey, actor)) {
    throw new Problem('own-approval', 'You wrote this journey, so another person publishes it');
  }
  if (writers.includes(actor)) {
    throw new Problem('own-approval', 'You wrote one of its templates, so another person publishes it');
  }
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

const refuseTooMany = async (id: string): Promise<void> => {
  const others = (await defs.all<LiveJourney>('live-journey')).filter((one) => one.id !== id);
  if (others.filter(({ body }) => body.state !== 'stopped').length < MAX_LIVE_JOURNEYS) return;
  throw new Problem('state-conflict', `${MAX_LIVE_JOURNEYS} journeys are live; stop one first`);
};

/**
 * Whoever is in the segment already, where the journey asks for them: once, and not again by every edit, for who may enter again
 * would get everything again.
 */
const entering = async (
  { entry, journeyId }: NonNullable<Frozen['version']>,
  nowMs: number,
): Promise<() => OutboxEntry[]> => {
  const live = await defs.get<LiveJourney>('live-journey', journeyId);
  const before = live && (await versionOf(journeyId, live.body.current)).entry;
  const members = membersAsked(entry);
  if (members === undefined || (before && membersAsked(before) === members)) return () => [];
  return () => [
    { effect: 'participants', message: { kind: 'enter-members', journeyId, segmentId: members, asOfMs: nowMs } },
  ];
};

const membersAsked = (entry: VersionEntry): string | undefined =>
  entry.by === 'segment' && entry.includeMembers ? entry.segment : undefined;
