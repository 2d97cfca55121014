import { advance } from '../../core/strategy/journey/advance.ts';
import { type EntryOutcome, outcomeOf } from '../../core/strategy/journey/entry-outcome.ts';
import type { JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import type {
  Advanced,
  EntryEvent,
  JourneyFacts,
  JourneyMoment,
  Stimulus,
} from '../../core/strategy/journey/participant.ts';
import { traced } from '../../core/strategy/journey/tracing.ts';
import type { ParticipantKey, StoredParticipant } from '../adapters/participants.ts';
import { askedOf, type JourneyFactSources, loadJourneyFacts } from './journey-facts.ts';
import { type Answering, type Slots, type TakeSlots, withSlots } from './take-slots.ts';

/** What deciding about a participant reads. */
export type TurnPorts = {
  now(): number;
  /** At most 3 seconds old, or read `now`. Undefined: it was never published. */
  journeyOf(id: string, when?: 'now'): Promise<LiveJourney | undefined>;
  /** Never changes. Throws when there is none. */
  versionOf(journeyId: string, hash: string): Promise<JourneyVersion>;
  facts: JourneyFactSources;
  takeSlots: TakeSlots;
  /** Hears what becomes of whoever comes to the door, each time that it is decided. */
  atDoor?(key: ParticipantKey, event: EntryEvent, outcome: EntryOutcome): void;
};

/** `slots`: turns at throttles that were taken for them before and are not used. */
export type Asking = {
  key: ParticipantKey;
  stimuli: readonly Stimulus[];
  stored: StoredParticipant | undefined;
  slots?: Slots;
};

/**
 * What becomes of a participant: by as many of the stimuli as do nothing, and the first that does something. `advanced` is absent
 * when none does. `error`: why nothing can be said. `slots`: of the throttles that were asked, to be used if this is not saved.
 */
export type Turn = { taken: number; advanced?: Advanced; error?: unknown; slots?: Slots };

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
  const turns: Turn[] = [];
  const deciding = asking.flatMap((one, n): Deciding[] => {
    const { value: moment, error } = moments[n] ?? {};
    // Of a journey that nobody has published nothing can have happened to anybody.
    turns[n] = error === undefined ? { taken: one.stimuli.length } : { taken: 0, error };
    if (error !== undefined || !moment) return [];
    const rowsOf = asked[n]?.needs.references.length ? asked[n].event : undefined;
    const { journeyId } = one.key;
    return [{ ...{ n, asking: one, moment, facts: facts[n] ?? {}, rowsOf }, journeyId, slots: one.slots ?? {} }];
  });
  const fail = ({ n }: Deciding, error: unknown) => {
    turns[n] = { taken: 0, error };
  };
  await withSlots(
    ports.takeSlots,
    deciding,
    (one) => {
      try {
        const turn = turnOf(one, ports);
        if ('ask' in turn) return turn.ask;
        turns[one.n] = { ...turn, slots: one.slots };
      } catch (error) {
        fail(one, error);
      }
      return undefined;
    },
    fail,
  );
  return turns;
};

type Deciding = Answering & {
  n: number;
  asking: Asking;
  moment: JourneyMoment;
  facts: JourneyFacts;
  /** The event of whose names the rows of reference tables were read; undefined: none are needed. */
  rowsOf: EntryEvent | undefined;
};

/** What is wrong with one keeps nobody else waiting. */
const settled = async <T>(promise: Promise<T>): Promise<{ value?: T; error?: unknown }> => {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
};

const turnOf = (deciding: Deciding, { now, atDoor }: TurnPorts): Turn | { ask: NonNullable<Advanced['ask']> } => {
  const { asking, moment, rowsOf, slots } = deciding;
  const { stimuli, stored } = asking;
  const before = stored?.participant;
  const facts = { ...deciding.facts, slots };
  for (const [n, stimulus] of stimuli.entries()) {
    // The rows of reference tables are those that this event names: of another one they are read when it is its turn.
    const isOther = rowsOf && before?.state !== 'inside' && stimulus.kind === 'enter' && stimulus.event !== rowsOf;
    if (isOther) return { taken: n };
    const advanced = traced(before, advance(before, moment, stimulus, facts, now()), moment);
    const { participant, park, wake, ask } = advanced;
    if (ask) return { ask };
    if (stimulus.kind === 'enter') atDoor?.(asking.key, stimulus.event, outcomeOf(before, stimulus.event, advanced));
    if (participant !== before || park || wake) return { taken: n + 1, advanced };
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
