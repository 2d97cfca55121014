import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { ParticipantsMessage, Stimuli } from '../../core/strategy/journey/participants-message.ts';
import { stepRow } from '../../core/strategy/journey/step-row.ts';
import { contacts } from '../adapters/contacts.ts';
import { definitions } from '../adapters/definitions.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { journeys } from '../adapters/journeys.ts';
import { appendRows } from '../adapters/lake.ts';
import { memberships } from '../adapters/memberships.ts';
import { participantTimers } from '../adapters/participant-timers.ts';
import { participants } from '../adapters/participants.ts';
import { plans } from '../adapters/plans.ts';
import { profiles } from '../adapters/profiles.ts';
import { sendAll } from '../adapters/queues.ts';
import { references } from '../adapters/references.ts';
import { wakeSchedules } from '../adapters/schedules.ts';
import { sendQueueUrl } from '../adapters/send-queues.ts';
import type { SendRates } from '../adapters/send-rates.ts';
import { noteFailures } from '../middleware/note-failures.ts';
import { readEnv } from '../middleware/read-env.ts';
import { RetryLater } from '../middleware/retry-later.ts';
import { logFailure, parseRecords } from '../middleware/sqs-records.ts';
import { env } from './advance-participants.env.ts';
import { publishEffects } from './publish-effects.ts';
import { type Walk, type WalkPorts, walkParticipants } from './walk-participants.ts';

const environment = readEnv(env);
const defs = definitions(environment.DEFINITIONS_TABLE);
const erased = erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN);
const people = profiles(environment.PROFILES_TABLE);
const members = memberships(environment.MEMBERSHIPS_TABLE);
const states = participants(environment.PARTICIPANTS_TABLE);
/** Loaded by the first throttle. */
let rates: Promise<SendRates> | undefined;
const loadRates = async () => (await import('../adapters/send-rates.ts')).sendRates(environment.LEDGER_TABLE);
const { planOf, settings, holdout } = plans(environment.DEFINITIONS_TABLE);
const { journeyOf, versionOf } = journeys(defs);
const sinks = {
  auditTable: environment.AUDIT_TABLE,
  profilesStream: environment.PROFILES_STREAM,
  intakeQueueUrl: environment.INTAKE_QUEUE_URL,
};

const effects = {
  versionOf,
  planOf: (id: string, hash: string) => planOf({ kind: 'journey', id, hash }),
  // Loaded by the first journey that changes profiles: with their schemas they are 40 KB.
  change: async (profileId, attributes, journeyId) => {
    const { changeAttributes } = await import('./change-attributes.ts');
    await changeAttributes({ profiles: people, sinks }, profileId, attributes, journeyId, Date.now());
  },
  enqueue: (channel, lane, messages) =>
    sendAll(
      sendQueueUrl(environment, channel, lane),
      messages.map((message) => ({ body: message, group: message.plan.id })),
    ),
} satisfies Parameters<typeof publishEffects>[0];

const ports: WalkPorts = {
  now: () => Date.now(),
  participants: states,
  journeyOf,
  versionOf,
  facts: {
    profiles: people,
    contacts: contacts(environment.CONTACTS_TABLE),
    references: references(environment.DEFINITIONS_TABLE),
    memberships: members,
    settings: async () => {
      const [{ fallbackTimeZone }, globalHoldout] = await Promise.all([settings(), holdout()]);
      return { ...(fallbackTimeZone && { fallbackTimeZone }), globalHoldout };
    },
    shares: async () => ({}),
  },
  holds: participantTimers(environment.TIMERS_TABLE, wakeSchedules(environment), () => Date.now()),
  takeSlot: async (journeyId, node, perMinute) => {
    rates ??= loadRates();
    const ms = 60_000 / perMinute;
    return (await rates).standInLine(`throttle#${journeyId}#${node}`, 'promotional', ms, Date.now());
  },
  publish: (all) => publishEffects(effects, all),
  append: (all) =>
    appendRows(
      environment.PARTICIPANT_STEPS_STREAM,
      all.flatMap(({ key, steps }) => steps.map((step) => stepRow(key, step))),
    ),
};
const spreading = {
  participants: states,
  memberships: members,
  send: (messages: readonly ParticipantsMessage[], group: string) =>
    sendAll(
      environment.PARTICIPANTS_QUEUE_URL,
      messages.map((body) => ({ body, group })),
    ),
};

/** With less time than this left nothing more is begun. */
const ENOUGH_MS = 20_000;
/** So many participants are moved on together: what they wait for is written together, too. */
const TOGETHER = 500;

type Received = { record: SQSRecord; message: ParticipantsMessage };

/**
 * Moves participants of journeys on by what has happened to them, and spreads what concerns many of them. Running it twice is safe: see
 * walk-participants.ts and spread-stimuli.ts.
 */
export const handler = async (
  { Records }: SQSEvent,
  context?: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<SQSBatchResponse> => {
  const leftMs = () => context?.getRemainingTimeInMillis() ?? Number.POSITIVE_INFINITY;
  const { received, broken } = parseRecords<ParticipantsMessage>(Records);
  const failed = new Set<SQSRecord>(broken);
  const fail = (record: SQSRecord, error: unknown) => {
    logFailure(record, error);
    failed.add(record);
  };
  const isErased = await erased();
  const walks = new Map<Walk, SQSRecord[]>();
  for (const [records, own] of byParticipant(received, fail)) {
    if (isErased(own.profileId)) continue;
    const { profileId, journeyId, stimuli } = own;
    const isRepeat = records.some(({ attributes }) => Number(attributes.ApproximateReceiveCount) > 1);
    walks.set({ key: { profileId, journeyId }, stimuli, isRepeat }, records);
  }
  const all = [...walks.keys()];
  for (let at = 0; at < all.length; at += TOGETHER) {
    const some = all.slice(at, at + TOGETHER);
    const late = new RetryLater('There is more to do in this batch than time');
    const faults =
      leftMs() < ENOUGH_MS ? new Map(some.map((walk) => [walk, late])) : await walkParticipants(ports, some);
    for (const [walk, error] of faults) for (const record of walks.get(walk) ?? []) fail(record, error);
  }
  for (const { record, message } of received) {
    if (failed.has(record) || message.kind === 'stimuli') continue;
    try {
      const { spreadStimuli } = await import('./spread-stimuli.ts');
      await spreadStimuli(spreading, message);
    } catch (error) {
      fail(record, error);
    }
  }
  await noteFailures(environment.FAILURES_TABLE, failed);
  return { batchItemFailures: [...failed].map(({ messageId }) => ({ itemIdentifier: messageId })) };
};

/** What the messages say of each person and journey, in their order, and which messages do. */
const byParticipant = (
  received: readonly Received[],
  fail: (record: SQSRecord, error: unknown) => void,
): [SQSRecord[], Stimuli][] => {
  const found = new Map<string, [SQSRecord[], Stimuli]>();
  for (const { record, message } of received) {
    if (!isKnown(message)) fail(record, new Error('A message of no known form'));
    else if (message.kind === 'stimuli') {
      for (const { profileId, journeyId, stimuli } of message.people) {
        const name = JSON.stringify([profileId, journeyId]);
        const [records, before] = found.get(name) ?? [[], { profileId, journeyId, stimuli: [] }];
        found.set(name, [[...records, record], { ...before, stimuli: [...before.stimuli, ...stimuli] }]);
      }
    }
  }
  return [...found.values()];
};

const KINDS: readonly unknown[] = ['stimuli', 'everybody', 'enter-members'];
const isKnown = (message: Partial<ParticipantsMessage> | null): boolean => KINDS.includes(message?.kind);
