import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { LeadModelSet } from '../../core/audience/lead-model-set.ts';
import { segmentOfMembership } from '../../core/audience/membership.ts';
import type { Lane } from '../../core/delivery/channel.ts';
import { channelOf, type PolicyStep } from '../../core/delivery/policy.ts';
import type { Facts } from '../../core/event/evaluate.ts';
import type { AcceptedEvent, EventRow } from '../../core/event/event.ts';
import { isAnonymous, isLogin } from '../../core/event/identity.ts';
import type { Timer } from '../../core/event/timer.ts';
import type { TriggerSet } from '../../core/event/trigger-set.ts';
import { contacts } from '../adapters/contacts.ts';
import { definitions } from '../adapters/definitions.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { identities } from '../adapters/identities.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { appendRows } from '../adapters/lake.ts';
import { profiles } from '../adapters/profiles.ts';
import { sendAll } from '../adapters/queues.ts';
import { references } from '../adapters/references.ts';
import { wakeSchedules } from '../adapters/schedules.ts';
import { sendQueueUrl } from '../adapters/send-queues.ts';
import { timers } from '../adapters/timers.ts';
import { windows } from '../adapters/windows.ts';
import { noteFailures } from '../middleware/note-failures.ts';
import { readEnv } from '../middleware/read-env.ts';
import { RetryLater } from '../middleware/retry-later.ts';
import { logFailure, parseRecords } from '../middleware/sqs-records.ts';
import { activeTriggers } from './active-triggers.ts';
import { reportDropped, withoutErased } from './drop-erased.ts';
import type { ForJourney } from './hear-for-journeys.ts';
import { isIntake } from './is-intake.ts';
import type { learnEvents } from './learn-events.ts';
import { liveJourneys } from './live-journeys.ts';
import { liveSegments } from './live-segments.ts';
import { factsFor, matchEvent, ring, type Triggered } from './match-event.ts';
import { env } from './match-events.env.ts';
import { resolvePeople, turnedOut } from './resolve-people.ts';
import { leadScoring } from './score-leads.ts';
import { reportFaults } from './trigger-faults.ts';

const environment = readEnv(env);
const defs = definitions(environment.DEFINITIONS_TABLE);
const people = identities(environment.IDENTITIES_TABLE);
const erased = erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN);
const windowStates = windows(environment.WINDOWS_TABLE);
const clocks = timers(environment.TIMERS_TABLE, wakeSchedules(environment), () => Date.now());
const ports = {
  windows: windowStates,
  timers: clocks,
  report: reportFaults.bind(undefined, environment.METRICS_NAMESPACE),
};
const sources = {
  profiles: profiles(environment.PROFILES_TABLE),
  contacts: contacts(environment.CONTACTS_TABLE),
  references: references(environment.DEFINITIONS_TABLE),
};
const leads = leadScoring({
  leadsTable: environment.LEADS_TABLE,
  stagesQueueUrl: environment.STAGES_QUEUE_URL,
  definitions: defs,
  sources,
  ...ports,
});
const links = {
  identities: people,
  windows: windowStates,
  definitions: defs,
  identitiesStream: environment.IDENTITIES_STREAM,
  mergeLeads: leads.merge,
  segments: { membershipsTable: environment.MEMBERSHIPS_TABLE, intakeQueueUrl: environment.INTAKE_QUEUE_URL },
};
const watching = {
  ...sources,
  membershipsTable: environment.MEMBERSHIPS_TABLE,
  timers: clocks,
  intakeQueueUrl: environment.INTAKE_QUEUE_URL,
  segmentMembersStream: environment.SEGMENT_MEMBERS_STREAM,
  metricsNamespace: environment.METRICS_NAMESPACE,
};
const segments = liveSegments(defs);
const journeys = liveJourneys(defs);
const triggers = activeTriggers(defs, environment.WORK_BUCKET, ports.report);
/** Loaded once the first messages are queued, for nobody waits for what the catalogue learns. */
let learning: Promise<ReturnType<typeof learnEvents>> | undefined;
const learn = async (events: readonly AcceptedEvent[], nowMs: number): Promise<void> => {
  learning ??= import('./learn-events.ts').then((module) => module.learnEvents(defs));
  await (await learning)(events, nowMs);
};

/** People who are worked on at once. */
const PARALLEL_PEOPLE = 20;

/** An event to match, or a timer that has rung, which is about its event. */
type Job = { record: SQSRecord; event: AcceptedEvent; timer?: Timer };
type Known = Job & { facts: Facts };
/** What is in force: triggers, the models by which leads are scored, and who shows an event to live segments and to journeys. */
type InForce = { set: TriggerSet; models: LeadModelSet; watch: Watch; hear: Hear };
type Found = { record: SQSRecord; triggered: Triggered };
type Watch = (event: AcceptedEvent, timer: Timer | undefined, nowMs: number) => Promise<void>;
type Hear = (job: Job, nowMs: number) => Promise<void>;

/**
 * Writes events to the lake, finds out whose they are, asks the triggers what to send, scores leads, and shows events to live
 * segments and to journeys. Running it twice is safe: lake rows are deduplicated by source and id, links never change, windows,
 * leads, memberships and participants know their events, and a message that is queued again finds itself in the ledger.
 */
export const handler = async (
  { Records }: SQSEvent,
  context?: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<SQSBatchResponse> => {
  const leftMs = () => context?.getRemainingTimeInMillis() ?? Number.POSITIVE_INFINITY;
  const { received: parsed, broken } = parseRecords<unknown>(Records);
  const failed = new Set<SQSRecord>(broken);
  const received = parsed.flatMap(({ record, message }) => {
    if (isIntake(message)) return [{ record, message }];
    fail(failed, record, new Error('A message that is neither events nor timers'));
    return [];
  });
  const jobs = await stillKnown(
    received.flatMap(({ record, message }): Job[] =>
      'events' in message
        ? message.events.map((event) => ({ record, event }))
        : message.timers.map((timer) => ({ record, event: timer.event, timer })),
    ),
  );
  const events = jobs.filter(({ timer }) => !timer).map(({ event }) => event);
  await appendRows(environment.EVENTS_STREAM, events.map(rowOf));

  const [set, models, live, walked] = await Promise.all([triggers(), leads.models(), segments(), journeys()]);
  const isWanted = ({ type }: AcceptedEvent) =>
    set.wants(type) || models.wants(type) || live.wants(type) || walked.wants(type);
  const resolved = await resolve(
    jobs.filter(({ event, timer }) => timer || isLogin(event) || isWanted(event)),
    failed,
  );
  const watch: Watch = async (event, timer, nowMs) => {
    if (timer ? segmentOfMembership(timer.triggerId) === undefined : !live.wants(event.type)) return;
    const { watchSegments } = await import('./watch-segments.ts');
    await watchSegments(watching, live, event, timer, nowMs);
  };
  const stimuli: { record: SQSRecord; found: ForJourney }[] = [];
  const hear: Hear = async ({ record, event, timer }, nowMs) => {
    if (timer || !walked.wants(event.type)) return;
    const { hearForJourneys } = await import('./hear-for-journeys.ts');
    for (const found of await hearForJourneys(sources, walked, event, nowMs)) stimuli.push({ record, found });
  };
  const inForce = { set, models, watch, hear };
  const found: Found[] = [];
  const known = await withFacts(set, resolved, failed);
  // Events of one person one after the other: side by side they would only fight for the same window.
  const byPerson = [...Map.groupBy(known, ({ event }) => event.profileId)];
  await inParallel(PARALLEL_PEOPLE, byPerson, async ([profileId, own]) => {
    await work(inForce, own, found, failed, leftMs);
    // Whose login came meanwhile is worked on again by the right name.
    const owner = isAnonymous(profileId) ? await turnedOut(people, profileId) : undefined;
    if (owner === undefined) return;
    const moved = own.map((job) => ({ ...job, event: { ...job.event, profileId: owner } }));
    await work(inForce, await withFacts(set, moved, failed), found, failed, leftMs);
  });
  await enqueue(found, failed);
  await stimulate(stimuli, failed);
  await learn(events, Date.now());
  await noteFailures(environment.FAILURES_TABLE, failed);
  return { batchItemFailures: [...failed].map(({ messageId }) => ({ itemIdentifier: messageId })) };
};

/** The jobs without those of people who were erased: they leave no trace, not even a row in the lake. */
const stillKnown = async (jobs: readonly Job[]): Promise<Job[]> => {
  const isErased = await erased();
  const known = jobs.flatMap((job): Job[] => {
    const event = withoutErased(job.event, isErased);
    return event ? [{ ...job, event }] : [];
  });
  const dropped = jobs.length - known.length;
  if (dropped > 0) reportDropped(environment.METRICS_NAMESPACE, dropped, Date.now());
  return known;
};

const rowOf = ({ id, type, profileId, source, timeMs, receivedMs, properties }: AcceptedEvent): EventRow => ({
  id,
  type,
  profile_id: profileId,
  source,
  time_ms: timeMs,
  received_ms: receivedMs,
  properties: JSON.stringify(properties),
});

/** What the triggers look at. What cannot be read of one person does not keep the others waiting. */
const withFacts = async (set: TriggerSet, jobs: readonly Job[], failed: Set<SQSRecord>): Promise<Known[]> => {
  const read = async (some: readonly Job[]): Promise<Known[]> => {
    const facts = await factsFor(
      sources,
      set,
      some.map(({ event }) => event),
    );
    return some.map((job, n) => ({ ...job, facts: facts[n] ?? { event: job.event } }));
  };
  try {
    return await read(jobs);
  } catch {
    const known: Known[] = [];
    await inParallel(PARALLEL_PEOPLE, jobs, async (job) => {
      try {
        known.push(...(await read([job])));
      } catch (error) {
        fail(failed, job.record, error);
      }
    });
    return known;
  }
};

const fail = (failed: Set<SQSRecord>, record: SQSRecord, error: unknown): void => {
  logFailure(record, error);
  failed.add(record);
};

/** The jobs with the people that their events count for. Those of whom that cannot be told come again. */
const resolve = async (jobs: readonly Job[], failed: Set<SQSRecord>): Promise<Job[]> => {
  const resolved = await resolvePeople(
    links,
    jobs.map(({ event }) => event),
  );
  return jobs.flatMap((job, n) => {
    const event = resolved.events[n] ?? job.event;
    const error = event.anonymousId === undefined ? undefined : resolved.failed.get(event.anonymousId);
    if (error === undefined) return [{ ...job, event }];
    fail(failed, job.record, error);
    return [];
  });
};

/** With less time than this left no more events are begun: what was found must still be queued. */
const ENOUGH_MS = 8_000;

const work = async (
  { set, models, watch, hear }: InForce,
  jobs: readonly Known[],
  found: Found[],
  failed: Set<SQSRecord>,
  leftMs: () => number,
): Promise<void> => {
  for (const job of jobs) {
    const { record, event, facts, timer } = job;
    try {
      if (leftMs() < ENOUGH_MS) throw new RetryLater('There is more to do in this batch than time');
      const nowMs = Date.now();
      const asked = timer
        ? await ring(ports, set, { ...timer, event }, nowMs)
        : await matchEvent(ports, set, event, facts, nowMs);
      for (const triggered of asked) found.push({ record, triggered });
      await leads.score(models, event, timer, nowMs);
      await watch(event, timer, nowMs);
      await hear(job, nowMs);
    } catch (error) {
      fail(failed, record, error);
    }
  }
};

/** To the queue of participants; when it refuses, what fed it comes again. */
const stimulate = async (
  stimuli: readonly { record: SQSRecord; found: ForJourney }[],
  failed: Set<SQSRecord>,
): Promise<void> => {
  if (stimuli.length === 0) return;
  try {
    const { sendStimuli } = await import('./hear-for-journeys.ts');
    const found = stimuli.map((one) => one.found);
    await sendStimuli(environment.PARTICIPANTS_QUEUE_URL, found);
  } catch (error) {
    for (const { record } of stimuli) fail(failed, record, error);
  }
};

/** To the queue of each plan's first channel and lane; a queue that refuses fails the records that fed it. */
const enqueue = async (found: readonly Found[], failed: Set<SQSRecord>): Promise<void> => {
  const byQueue = Map.groupBy(found, ({ triggered: { trigger } }) =>
    sendQueueUrl(environment, channelOf(trigger.channelPolicy[0] as PolicyStep), trigger.lane as Lane),
  );
  for (const [url, group] of byQueue) {
    try {
      await sendAll(
        url,
        group.map(({ triggered: { message } }) => ({ body: message, group: message.plan.id })),
      );
    } catch (error) {
      for (const { record } of group) fail(failed, record, error);
    }
  }
};
