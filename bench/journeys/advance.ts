import { advance } from '../../core/strategy/journey/advance.ts';
import type { JourneyFacts, JourneyMoment, Participant } from '../../core/strategy/journey/participant.ts';
import type { Part } from '../part.ts';
import { spread, spreadText } from '../statistics.ts';
import { STIMULI, STROLLER, stroll, strollBegins } from './stroll.ts';

const START_MS = Date.UTC(2026, 10, 18, 12);
const ROUNDS = 7;

/** Stimuli a second of one core through `advance` alone, of people who all walk to the end. */
export const measureAdvance = (people: number): Part => {
  const version = stroll();
  const facts: JourneyFacts = { profile: STROLLER };
  const strollThrough = (profileId: string): Participant | undefined => {
    const moment: JourneyMoment = { profileId, state: 'live', sinceMs: 0, current: version, inside: 'finish' };
    const enters = { kind: 'enter' as const, event: strollBegins(profileId, START_MS) };
    let { participant } = advance(undefined, moment, enters, facts, START_MS);
    for (let n = 1; n < STIMULI; n += 1) {
      const { entry = 0, hold } = participant ?? {};
      const due = { kind: 'due' as const, entry, step: hold?.step ?? 0 };
      ({ participant } = advance(participant, moment, due, facts, hold?.dueMs ?? 0));
    }
    return participant;
  };
  const rates = Array.from({ length: ROUNDS + 1 }, (_, round) => {
    const before = process.cpuUsage();
    for (let n = 0; n < people; n += 1) {
      const gone = strollThrough(`p${round}-${n}`);
      if (gone?.end?.reason !== 'exit') throw new Error(`Somebody did not get through: ${JSON.stringify(gone)}`);
    }
    const { user, system } = process.cpuUsage(before);
    return (people * STIMULI) / ((user + system) / 1e6);
    // The first round compiles the code.
  }).slice(1);
  const found = spread(rates, 0);
  return {
    figures: { advance: { people, stimuliPerSecond: found } },
    text: `advance alone: ${spreadText(found)} stimuli a second of one core, median (lowest … highest) of ${ROUNDS} rounds of ${people.toLocaleString('en')} people with ${STIMULI} each`,
    bars: [],
  };
};
