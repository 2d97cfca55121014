import type { EntryOutcome } from '../../core/strategy/journey/entry-outcome.ts';
import type { EntryEvent } from '../../core/strategy/journey/participant.ts';
import type { Stimuli } from '../../core/strategy/journey/participants-message.ts';
import type { EntryCounts } from '../adapters/entry-counts.ts';
import type { ParticipantKey } from '../adapters/participants.ts';

/** What becomes of people at the door within one invocation. Of somebody who is decided on twice the last decision holds. */
export const doorNotes = () => {
  const outcomes = new Map<string, EntryOutcome>();
  const nameOf = ({ journeyId, profileId }: ParticipantKey, { id }: Pick<EntryEvent, 'id'>) =>
    JSON.stringify([journeyId, profileId, id]);
  return {
    note(key: ParticipantKey, event: EntryEvent, outcome: EntryOutcome): void {
      outcomes.set(nameOf(key, event), outcome);
    },

    /** Of a message whose people were all decided on. Who was erased is not counted. */
    countsOf(people: readonly Stimuli[]): EntryCounts {
      const counts: EntryCounts = {};
      for (const { stimuli, ...key } of people) {
        for (const stimulus of stimuli) {
          const outcome = stimulus.kind === 'enter' ? outcomes.get(nameOf(key, stimulus.event)) : undefined;
          if (outcome) counts[outcome] = (counts[outcome] ?? 0) + 1;
        }
      }
      return counts;
    },
  };
};
