import { advance } from '../../core/strategy/journey/advance.ts';
import type { JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import type {
  Advanced,
  JourneyFacts,
  JourneyMoment,
  Participant,
  Stimulus,
} from '../../core/strategy/journey/participant.ts';
import { traced } from '../../core/strategy/journey/tracing.ts';
import type { ParticipantKey, StoredParticipant } from '../adapters/participants.ts';
import { askedOf, type JourneyFactSources, loadJourneyFacts } from './journey-facts.ts';

/** What deciding about a participant reads. */
export type TurnPorts = {
  now(): number;
  /** At most 3 seconds old, or read `now`. Undefined: it was never published. */
  journeyOf(id: string, when?: 'now'): Promise<LiveJourney | undefined>;
  /** Never changes. Throws when there is none. */
  versionOf(journeyId: string, hash: string): Promise<JourneyVersion>;
  facts: JourneyFactSources;
  /** Epoch ms of the next turn at a throttle. One that is taken for nothing is lost. */
  takeSlot(journeyId: string, node: string, perMinute: number): Promise<number>;
};

export type Asking = { key: ParticipantKey; stimuli: readonly Stimulus[]; stored: StoredParticipant | undefined };

/**
 * What becomes of a participant: by as many of the stimuli as do nothing, and the first that does something. `advanced` is absent
 * when none does. `error`: why nothing can be said.
 */
export type Turn = { taken: number; advanced?: Advanced; error?: unknown };

/** The turns of some participants, in their order; what they have in common is read together. Throws when it cannot be read. */
export const takeTurns = async (ports: TurnPorts, asking: readonly Asking[]): Promise<Turn[]> => {
  const moments = await Promise.all(asking.map((one) => settled(momentOf(ports, one))));
  const asked = asking.map(({ stored, stimuli }, n) => {
    const moment = moments[n]?.value;
    return moment && askedOf(stored?.participant, moment, stimuli);
  });
  const facts = await loadJourneyFacts(ports.facts, asked);
  return Promise.all(
    asking.map(async (one, n): Promise<Turn> => {
      const { value: moment, error } = moments[n] ?? {};
      if (error !== undefined) return { taken: 0, error };
      // Of a journey that nobody has published nothing can have happened to anybody.
      if (!moment) return { taken: one.stimuli.length };
      const turn = await settled(turnOf(ports, one, moment, facts[n] ?? {}));
      return turn.value ?? { taken: 0, error: turn.error };
    }),
  );
};

/** What is wrong with one keeps nobody else waiting. */
const settled = async <T>(promise: Promise<T>): Promise<{ value?: T; error?: unknown }> => {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
};

const turnOf = async (
  ports: TurnPorts,
  { key, stimuli, stored }: Asking,
  moment: JourneyMoment,
  facts: JourneyFacts,
): Promise<Turn> => {
  for (const [before, stimulus] of stimuli.entries()) {
    const decided = await advancedBy(ports, key, stored?.participant, moment, stimulus, facts);
    const advanced = traced(stored?.participant, decided, moment);
    const { participant, park, wake } = advanced;
    if (participant !== stored?.participant || park || wake) return { taken: before + 1, advanced };
  }
  return { taken: stimuli.length };
};

const momentOf = async (
  { journeyOf, versionOf }: TurnPorts,
  { key: { profileId, journeyId }, stored }: Asking,
): Promise<JourneyMoment | undefined> => {
  const lately = await journeyOf(journeyId);
  // What waits for the end of a pause that has ended would wait for ever.
  const live = lately?.state === 'live' ? lately : await journeyOf(journeyId, 'now');
  if (!live) return undefined;
  const { state, sinceMs, inside } = live;
  const current = await versionOf(journeyId, live.current);
  const hash = stored?.participant.hash;
  const own = hash && hash !== live.current ? await versionOf(journeyId, hash) : undefined;
  return { profileId, state, sinceMs, inside, current, ...(own && { own }) };
};

/** A participant at a throttle takes a turn, and is asked about again: what is stored never waits for an answer. */
const advancedBy = async (
  { now, takeSlot }: TurnPorts,
  { journeyId }: ParticipantKey,
  participant: Participant | undefined,
  moment: JourneyMoment,
  stimulus: Stimulus,
  facts: JourneyFacts,
): Promise<Advanced> => {
  let slots: NonNullable<JourneyFacts['slots']> = {};
  for (;;) {
    const advanced = advance(participant, moment, stimulus, { ...facts, slots }, now());
    const { ask } = advanced;
    if (!ask) return advanced;
    slots = { ...slots, [ask.throttle]: await takeSlot(journeyId, ask.throttle, ask.perMinute) };
  }
};
