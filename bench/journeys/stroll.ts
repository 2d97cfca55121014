import { compileJourney } from '../../core/strategy/journey/compile.ts';
import type { JourneyInput } from '../../core/strategy/journey/journey-input.ts';
import type { EntryEvent, JourneyFacts } from '../../core/strategy/journey/participant.ts';

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
export const STIMULI = 4;

/** A journey that its people all walk to the end, and what is known of each of them. */
export const stroll = () =>
  compileJourney({ journeyId: 'stroll', input: STROLL, templates: {} }, { eventPropertiesOf: () => [] }).version;
export const STROLLER: NonNullable<JourneyFacts['profile']> = {
  attributes: { city: 'Paris' },
  timeZone: 'Europe/Paris',
};
export const strollBegins = (profileId: string, atMs: number): EntryEvent => {
  return { id: profileId, type: 'account.created', source: 'app', timeMs: atMs, receivedMs: atMs, properties: {} };
};
