import { advance } from '../../core/strategy/journey/advance.ts';
import { compileJourney } from '../../core/strategy/journey/compile.ts';
import type { JourneyInput } from '../../core/strategy/journey/journey-input.ts';
import type { JourneyFacts, JourneyMoment, Participant } from '../../core/strategy/journey/participant.ts';
import type { Part } from '../part.ts';
import { spread, spreadText } from '../statistics.ts';

const START_MS = Date.UTC(2026, 10, 18, 12);
const ROUNDS = 7;

/** A day, a morning where the person is, a branch over attributes, and an event that does not come. */
const STROLL: JourneyInput = {
  name: 'Stroll',
  topic: 'news',
  entry: { event: { eventType: 'account.created' } },
  start: 'day',
  nodes: {
    day: { kind: 'wait', for: { days: 1 }, next: 'morning' },
    morning: { kind: 'wait-until', at: { time: '09:00' }, next: 'where' },
    where: {
      kind: 'branch',
      branches: [
        { name: 'Rome', when: [{ attribute: 'city', equals: 'Rome' }], next: 'order' },
        { name: 'Paris', when: [{ attribute: 'city', equals: 'Paris' }], next: 'order' },
      ],
      otherwise: 'end',
    },
    order: {
      kind: 'wait-for-event',
      events: [{ event: { eventType: 'order.placed' }, next: 'end' }],
      within: { days: 3 },
      onTimeout: 'end',
    },
    end: { kind: 'exit' },
  },
};
/** Stimuli of one participation: they enter, and three timers. */
const STIMULI = 4;

/** Stimuli a second of one core through `advance` alone, of people who all walk to the end. */
export const measureAdvance = (people: number): Part => {
  const { version } = compileJourney(
    { journeyId: 'stroll', input: STROLL, templates: {} },
    { eventPropertiesOf: () => [] },
  );
  const facts: JourneyFacts = { profile: { attributes: { city: 'Paris' }, timeZone: 'Europe/Paris' } };
  const stroll = (profileId: string): Participant | undefined => {
    const moment: JourneyMoment = { profileId, state: 'live', sinceMs: 0, current: version, inside: 'finish' };
    const event = { id: profileId, type: 'account.created', source: 'app', timeMs: START_MS, receivedMs: START_MS };
    let { participant } = advance(
      undefined,
      moment,
      { kind: 'enter', event: { ...event, properties: {} } },
      facts,
      START_MS,
    );
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
      const gone = stroll(`p${round}-${n}`);
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
