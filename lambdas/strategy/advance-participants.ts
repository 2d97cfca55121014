import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { ParticipantsMessage, Stimuli } from '../../core/strategy/journey/participants-message.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { executionsOf } from '../adapters/followers.ts';
import { noteFailures } from '../middleware/note-failures.ts';
import { readEnv } from '../middleware/read-env.ts';
import { RetryLater } from '../middleware/retry-later.ts';
import { logFailure, parseRecords } from '../middleware/sqs-records.ts';
import { env } from './advance-participants.env.ts';
import { doorNotes } from './door-notes.ts';
import { type Walk, walkParticipants } from './walk-participants.ts';
import { walkPorts } from './walk-ports.ts';

const environment = readEnv(env);
const erased = erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN);
const executions = executionsOf(environment.FOLLOW_MACHINE_ARN);
const ports = walkPorts(environment, executions);

/** With less time than this left nothing more is begun. */
const ENOUGH_MS = 20_000;
/** So many participants are moved on together: what they wait for is written together, too. */
const TOGETHER = 500;

type Received = { record: SQSRecord; message: ParticipantsMessage };

/**
 * Moves participants of journeys on by what has happened to them, has those followed who are traced, and does what else a message asks for.
 * Running it twice is safe: see walk-participants.ts, followers.ts and finish-message.ts.
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
  const door = doorNotes();
  const all = [...walks.keys()];
  for (let at = 0; at < all.length; at += TOGETHER) {
    const some = all.slice(at, at + TOGETHER);
    const late = new RetryLater('There is more to do in this batch than time');
    const faults =
      leftMs() < ENOUGH_MS
        ? new Map(some.map((walk) => [walk, late]))
        : await walkParticipants({ ...ports, atDoor: door.note }, some);
    for (const [walk, error] of faults) for (const record of walks.get(walk) ?? []) fail(record, error);
  }
  for (const { record, message } of received) {
    if (failed.has(record) || (message.kind === 'stimuli' && !message.counted)) continue;
    try {
      if (message.kind === 'follow') {
        if (!isErased(message.profileId)) await executions.follow(message, message.entry, message.follower);
        continue;
      }
      const { finishMessage } = await import('./finish-message.ts');
      await finishMessage(environment, message, door);
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

const KINDS: readonly unknown[] = ['stimuli', 'everybody', 'enter-members', 'follow', 'begin-chain'];
const isKnown = (message: Partial<ParticipantsMessage> | null): boolean => KINDS.includes(message?.kind);
