import type { Context } from 'aws-lambda';
import { eventOf, type RefreshRow } from '../../core/audience/live/live-queries.ts';
import { inState, type LiveSegment } from '../../core/audience/live/live-segment.ts';
import { watchedOf } from '../../core/audience/live/watched.ts';
import { contacts } from '../adapters/contacts.ts';
import { definitions } from '../adapters/definitions.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { memberships } from '../adapters/memberships.ts';
import { profiles } from '../adapters/profiles.ts';
import { wakeSchedules } from '../adapters/schedules.ts';
import { segmentMembers } from '../adapters/segment-members.ts';
import { timers } from '../adapters/timers.ts';
import { unloadedFiles } from '../adapters/unloaded-files.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './apply-refresh.env.ts';
import { changeLive } from './change-live.ts';
import { type Place, type Rows, readRows } from './read-rows.ts';
import { type News, settleMembership } from './settle-membership.ts';

const environment = readEnv(env);
const { WORK_BUCKET } = environment;
const store = { defs: definitions(environment.DEFINITIONS_TABLE), sinks: { auditTable: environment.AUDIT_TABLE } };
const ports = {
  profiles: profiles(environment.PROFILES_TABLE),
  contacts: contacts(environment.CONTACTS_TABLE),
  members: segmentMembers(environment.MEMBERSHIPS_TABLE),
  memberships: memberships(environment.MEMBERSHIPS_TABLE),
  timers: timers(environment.TIMERS_TABLE, wakeSchedules(environment), () => Date.now()),
  intakeQueueUrl: environment.INTAKE_QUEUE_URL,
  segmentMembersStream: environment.SEGMENT_MEMBERS_STREAM,
  metricsNamespace: environment.METRICS_NAMESPACE,
};

const erased = erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN);

/** People who are worked on at once, and rows that are in memory at once. */
const PARALLEL_PEOPLE = 20;
const CHUNK_ROWS = 1_000;
/** The part of the Lambda's time after which no new chunk is begun. */
const TIME_SHARE = 0.6;

type Task = {
  segmentId: string;
  step: 'history' | 'differences';
  epoch: number;
  asOfMs: number;
  /** S3 address of Athena's list of files; absent when the query wrote none. */
  manifest?: string;
  /** Where an earlier invocation stopped. */
  at?: At;
  failure?: { Error?: string; Cause?: string };
};
/** Everything is remembered before anything is decided: the events of a person may be rows of several files. */
type At = Place & { pass: 'remember' | 'decide' };
/** `again`: there is more to prepare. */
type Applied = { done: boolean; again: boolean; at: At };

/**
 * Task of refresh-segment: works off the rows of an UNLOAD until they end or time is short. Running it twice is safe: a
 * memory knows its events, a decision that is made already changes nothing, and the lake's answer never overrides a newer one.
 */
export const handler = async (
  { segmentId, step, epoch, asOfMs, manifest, at, failure }: Task,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<Applied> => {
  const start: At = at ?? { pass: 'remember', file: 0, row: 0 };
  if (failure) {
    const problem = `${failure.Error ?? 'unknown'}: ${(failure.Cause ?? '').slice(0, 300)}`;
    await changeLive(store, segmentId, Date.now(), (stored) => ({ ...stored, problem }));
    return { done: true, again: false, at: start };
  }
  const overtaken: Applied = { done: true, again: true, at: start };
  const live = await inForce(segmentId, epoch);
  if (!live) return overtaken;

  const files = manifest ? await unloadedFiles(WORK_BUCKET, manifest) : [];
  const enoughMs = context.getRemainingTimeInMillis() * (1 - TIME_SHARE);
  const mayGoOn = () => context.getRemainingTimeInMillis() > enoughMs;
  const passes: At['pass'][] = step === 'history' ? ['remember'] : ['remember', 'decide'];
  for (const pass of passes.slice(passes.indexOf(start.pass))) {
    const from = pass === start.pass ? start : { file: 0, row: 0 };
    if (pass === 'remember' && !(live.atOnce && watchedOf(live.segment).length > 0)) continue;
    for await (const { rows, next } of readRows<RefreshRow>(WORK_BUCKET, files, from, CHUNK_ROWS)) {
      const current = await inForce(segmentId, epoch);
      if (!current) return overtaken;
      await apply(current, rows, pass, asOfMs);
      if (!mayGoOn()) return { done: false, again: false, at: { pass, ...next } };
    }
  }
  await finish(live, step);
  return { done: true, again: step === 'history', at: start };
};

/**
 * The live segment as it is now. Undefined when it was turned off, or its rule has changed so that the rows answer another
 * question: prepare-refresh says what to do then.
 */
const inForce = async (segmentId: string, epoch: number): Promise<LiveSegment | undefined> => {
  const live = (await store.defs.get<LiveSegment>('live-segment', segmentId))?.body;
  return live && live.state !== 'off' && live.epoch === epoch ? live : undefined;
};

const apply = async (
  live: LiveSegment,
  rows: Rows<RefreshRow>['rows'],
  pass: At['pass'],
  asOfMs: number,
): Promise<void> => {
  const isErased = await erased();
  const byPerson = [...Map.groupBy(rows, ({ profile_id }) => profile_id)].filter(([profileId]) => !isErased(profileId));
  await inParallel(PARALLEL_PEOPLE, byPerson, ([profileId, own]) => {
    const news: News =
      pass === 'remember'
        ? { events: own.flatMap((row) => eventOf(row) ?? []), decides: false }
        : { told: { member: own[0]?.member === true, asOfMs } };
    return settleMembership(ports, live, profileId, news, Date.now());
  });
};

/** After the history people enter and leave; after the differences it is known who is in. */
const finish = async ({ id, epoch }: LiveSegment, step: Task['step']): Promise<void> => {
  const nowMs = Date.now();
  await changeLive(store, id, nowMs, (stored) => {
    if (stored.epoch !== epoch) return stored;
    const { problem: _solved, ...sound } = stored;
    if (step === 'history' && stored.state === 'starting') return inState(sound, 'filling', nowMs);
    return step === 'differences' && stored.state === 'filling' ? inState(sound, 'live', nowMs) : sound;
  });
};
