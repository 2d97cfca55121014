import { chunkStimuli, type Stimuli } from '../../core/strategy/journey/participants-message.ts';
import { type WaitingRow, waitingBuckets } from '../../core/strategy/journey/waiting.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { sendAll } from '../adapters/queues.ts';
import { dueRows } from '../adapters/timers.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './wake-participants.env.ts';

const { TIMERS_TABLE, PARTICIPANTS_QUEUE_URL } = readEnv(env);

/**
 * Invoked by the schedule of a minute: tells all participants who wait for that minute, by their queue, that they are due. The
 * rows stay, and go by themselves days later. Running it twice is safe: a participant who has gone on is at another step, and
 * the word about the former one changes nothing.
 */
export const handler = async ({ minuteMs }: { minuteMs: number }): Promise<{ participants: number }> => {
  let participants = 0;
  await inParallel(4, waitingBuckets(minuteMs), async (bucket) => {
    for await (const page of dueRows<WaitingRow>(TIMERS_TABLE, bucket)) {
      const due = page.flatMap(({ body }) => body.waiting).map(stimulusOf);
      participants += due.length;
      await sendAll(
        PARTICIPANTS_QUEUE_URL,
        chunkStimuli(due).map((body) => ({ body, group: bucket })),
      );
    }
  });
  return { participants };
};

const stimulusOf = ([profileId, journeyId, entry, step]: WaitingRow['waiting'][number]): Stimuli => ({
  profileId,
  journeyId,
  stimuli: [{ kind: 'due', entry, step }],
});
