import type { AcceptedEvent } from '../../core/event/event.ts';
import { groupOf } from '../../core/event/group-of.ts';
import { isAnonymous } from '../../core/event/identity.ts';
import type { LiveJourneySet } from '../../core/strategy/journey/live-journey-set.ts';
import type { Stimulus } from '../../core/strategy/journey/participant.ts';
import { chunkStimuli, type Stimuli } from '../../core/strategy/journey/participants-message.ts';
import { sendAll } from '../adapters/queues.ts';
import { type FactSources, loadFacts } from './load-facts.ts';

/** What an event tells the journeys of its person: first whoever is inside, then whoever may enter by it. */
export type ForJourney = { source: string; stimuli: Stimuli };

/**
 * Shows an event to the journeys. One that cannot be carried out is named in the log and left out. Of somebody who is not known
 * yet there is no address, so nobody enters or goes on by what they did before they signed in.
 */
export const hearForJourneys = async (
  sources: FactSources,
  set: LiveJourneySet,
  event: AcceptedEvent,
  nowMs: number,
): Promise<ForJourney[]> => {
  if (isAnonymous(event.profileId)) return [];
  const needs = set.needs(event);
  const [facts = { event }] = needs ? await loadFacts(sources, [{ event, needs }]) : [];
  const { heard, faults } = set.hear(facts);
  for (const fault of faults) console.error({ message: 'A journey cannot be carried out', ...fault });
  const { profileId, id, type, source, timeMs, receivedMs, properties } = event;
  const seen = { id, source, timeMs, receivedMs };
  return heard.flatMap(({ live, enters, patterns }) => {
    const isLate = nowMs - timeMs > live.maxLatenessMs;
    const stimuli: Stimulus[] = [
      ...(patterns.length > 0 ? [{ kind: 'event' as const, patterns, event: seen }] : []),
      ...(enters && !isLate ? [{ kind: 'enter' as const, event: { ...seen, type, properties } }] : []),
    ];
    return stimuli.length > 0 ? [{ source, stimuli: { profileId, journeyId: live.id, stimuli } }] : [];
  });
};

/** Puts them into the queue of participants, what is of one person and journey together and in order. */
export const sendStimuli = async (queueUrl: string, found: readonly ForJourney[]): Promise<void> => {
  for (const [source, own] of Map.groupBy(found, (one) => one.source)) {
    const byPlace = Map.groupBy(own, ({ stimuli: { profileId, journeyId } }) => JSON.stringify([profileId, journeyId]));
    const people = [...byPlace.values()].map(([first, ...more]): Stimuli => {
      const { profileId, journeyId, stimuli } = first!.stimuli;
      return { profileId, journeyId, stimuli: [...stimuli, ...more.flatMap((one) => one.stimuli.stimuli)] };
    });
    await sendAll(
      queueUrl,
      chunkStimuli(people).map((body) => ({ body, group: groupOf(source) })),
    );
  }
};
