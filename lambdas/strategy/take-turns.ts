import { advance } from '../../core/strategy/journey/advance.ts';
import type { JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import type {
  Advanced,
  EntryEvent,
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
  const now = new Map<string, Promise<LiveJourney | undefined>>();
  const journeyNow = (id: string) => {
    const read = now.get(id) ?? ports.journeyOf(id, 'now');
    now.set(id, read);
    return read;
  };
  const moments = await Promise.all(asking.map((one) => settled(momentOf(ports, journeyNow, one))));
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
      const known = { facts: facts[n] ?? {}, rowsOf: asked[n]?.needs.references.length ? asked[n].event : undefined };
      const turn = await settled(turnOf(ports, one, moment, known));
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
  { facts, rowsOf }: { facts: JourneyFacts; rowsOf: EntryEvent | undefined },
): Promise<Turn> => {
  const isInside = stored?.participant.state === 'inside';
  for (const [before, stimulus] of stimuli.entries()) {
    // The rows of reference tables are those that this event names: of another one they are read when it is its turn.
    if (rowsOf && !isInside && stimulus.kind === 'enter' && stimulus.event !== rowsOf) return { taken: before };
    const decided = await advancedBy(ports, key, stored?.participant, moment, stimulus, facts);
    const advanced = traced(stored?.participant, decided, moment);
    const { participant, park, wake } = advanced;
    if (participant !== stored?.participant || park || wake) return { taken: before + 1, advanced };
  }
  return { taken: stimuli.length };
};

const momentOf = async (
  { journeyOf, versionOf }: TurnPorts,
  journeyNow: (id: string) => Promise<LiveJourney | undefined>,
  asking: Asking,
): Promise<JourneyMoment | undefined> => {
  const {
    key: { profileId, journeyId },
    stored,
  } = asking;
  const lately = await journeyOf(journeyId);
  const live = lately && isEnough(lately, asking) ? lately : await journeyNow(journeyId);
  if (!live) return undefined;
  const { state, sinceMs, inside } = live;
  const current = await versionOf(journeyId, live.current);
  const hash = stored?.participant.hash;
  const own = hash && hash !== live.current ? await versionOf(journeyId, hash) : undefined;
  return { profileId, state, sinceMs, inside, current, ...(own && { own }) };
};

/**
 * Whether what was so 3 seconds ago is enough to decide by. It is not for what waits for the end of a pause, which would wait for ever; nor
 * for a look, which asks what has just changed, and comes once; nor for whoever may be on a newer version than the one for which others leave.
 */
const isEnough = ({ state, inside, current }: LiveJourney, { stimuli, stored }: Asking): boolean => {
  const { participant } = stored ?? {};
  const isOnOther = participant?.state === 'inside' && participant.hash !== current;
  return state === 'live' && !stimuli.some(({ kind }) => kind === 'look') && (inside === 'finish' || !isOnOther);
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
