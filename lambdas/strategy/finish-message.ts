import type { ParticipantsMessage } from '../../core/strategy/journey/participants-message.ts';
import { entryCounts } from '../adapters/entry-counts.ts';
import { memberships } from '../adapters/memberships.ts';
import { participants } from '../adapters/participants.ts';
import { sendAll } from '../adapters/queues.ts';
import type { doorNotes } from './door-notes.ts';
import { spreadStimuli } from './spread-stimuli.ts';

type Environment = Record<
  'PARTICIPANTS_TABLE' | 'MEMBERSHIPS_TABLE' | 'LEDGER_TABLE' | 'PARTICIPANTS_QUEUE_URL' | 'SCHEDULE_MACHINE_ARN',
  string
>;

/**
 * What is left of a message once its people were moved on: it concerns many people, or a journey itself, or is counted. Running it twice is safe:
 * see spread-stimuli.ts; an execution has a name, and a message is counted once.
 */
export const finishMessage = async (
  environment: Environment,
  message: Exclude<ParticipantsMessage, { kind: 'follow' }>,
  door: Pick<ReturnType<typeof doorNotes>, 'countsOf'>,
): Promise<void> => {
  if (message.kind === 'begin-chain') {
    const { journeyId, chain, atMs } = message;
    const { startExecution } = await import('../adapters/executions.ts');
    const input = { journeyId, chain, dueAt: new Date(atMs).toISOString() };
    await startExecution(environment.SCHEDULE_MACHINE_ARN, `${journeyId}-${chain}`, input);
  } else if (message.kind !== 'stimuli') {
    const ports = {
      participants: participants(environment.PARTICIPANTS_TABLE),
      memberships: memberships(environment.MEMBERSHIPS_TABLE),
      send: (messages: readonly ParticipantsMessage[], group: string) =>
        sendAll(
          environment.PARTICIPANTS_QUEUE_URL,
          messages.map((body) => ({ body, group })),
        ),
    };
    await spreadStimuli(ports, message);
  } else if (message.counted) {
    const counts = door.countsOf(message.people);
    await entryCounts(environment.LEDGER_TABLE).count(message.counted, counts, Date.now());
  }
};
