import type { Facts } from '../../../../core/event/evaluate.ts';
import { plainMatch } from '../../../../core/event/plain-matcher.ts';
import { advance } from '../../../../core/strategy/journey/advance.ts';
import { compileJourney } from '../../../../core/strategy/journey/compile.ts';
import type { JourneyInput } from '../../../../core/strategy/journey/journey-input.ts';
import type { JourneyNode } from '../../../../core/strategy/journey/journey-node.ts';
import type { JourneyVersion } from '../../../../core/strategy/journey/journey-version.ts';
import type {
  Advanced,
  JourneyFacts,
  JourneyMoment,
  Participant,
  Step,
  Stimulus,
} from '../../../../core/strategy/journey/participant.ts';

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;
/** A Tuesday, 09:00 UTC. */
export const T0 = Date.parse('2026-12-01T09:00:00Z');

/** A template for whatever is named. */
const anyTemplate = { name: 'any', channels: { email: { subject: 'Hi', html: '<p>Hi</p>' } } };

export const versionFrom = (input: JourneyInput, properties: string[] | 'all' = 'all'): JourneyVersion =>
  compileJourney(
    { journeyId: 'j', input, templates: new Proxy({}, { get: () => anyTemplate }) },
    { eventPropertiesOf: () => properties },
  ).version;

/** A journey of these nodes that somebody enters by `start`. */
export const journeyOf = (
  nodes: Record<string, JourneyNode>,
  rest: Partial<Omit<JourneyInput, 'nodes'>> = {},
): JourneyInput => ({
  name: 'Journey',
  topic: 'news',
  entry: { event: { eventType: 'start' } },
  start: Object.keys(nodes)[0] ?? '',
  nodes,
  ...rest,
});

export const message = (next: string): JourneyNode => ({
  kind: 'message',
  templateId: 't',
  channelPolicy: ['email'],
  next,
});
export const exit: JourneyNode = { kind: 'exit' };

export type EventGiven = { type: string; id?: string; at: number; properties?: Record<string, unknown> };

/** An event as match-events gives it to the journey; it was taken in when it happened. */
export const eventOf = ({ type, at, properties = {}, id = `${type}@${at}` }: EventGiven) => ({
  id,
  type,
  source: 'app',
  timeMs: at,
  receivedMs: at,
  properties,
});

export const patternsFor = (versions: readonly JourneyVersion[], event: EventGiven): string[] => {
  const facts: Facts = { event: { type: event.type, timeMs: event.at, properties: event.properties ?? {} } };
  const all = new Map(versions.flatMap(({ patterns }) => Object.entries(patterns)));
  return plainMatch(
    [...all].map(([id, { eventType, where = [] }]) => ({ id, eventType, where })),
    facts,
  );
};

/** One person in one journey, step by step. `now` defaults to when the thing happens. */
export const traveller = (
  input: JourneyInput,
  { facts = {}, profileId = 'ada', ...moment }: Partial<JourneyMoment> & { facts?: JourneyFacts } = {},
) => {
  const current = versionFrom(input);
  const world = {
    moment: { profileId, state: 'live', sinceMs: 0, current, inside: 'finish', ...moment } as JourneyMoment,
    facts,
    participant: undefined as Participant | undefined,
    steps: [] as Step[],
    answers: [] as Advanced[],
  };
  const versions = (): JourneyVersion[] => [world.moment.current, ...(world.moment.own ? [world.moment.own] : [])];
  const give = (stimulus: Stimulus, now: number): Advanced => {
    let answer = advance(world.participant, world.moment, stimulus, world.facts, now);
    for (
      let slots = {};
      answer.ask;
      answer = advance(world.participant, world.moment, stimulus, { ...world.facts, slots }, now)
    ) {
      slots = { ...slots, [answer.ask.throttle]: world.facts.slots?.[answer.ask.throttle] ?? now };
    }
    world.participant = answer.participant;
    world.steps.push(...answer.steps);
    world.answers.push(answer);
    return answer;
  };
  return {
    world,
    give,
    enter: (at: number, { now = at, ...event }: Partial<EventGiven> & { now?: number } = {}) =>
      give({ kind: 'enter', event: eventOf({ type: 'start', at, ...event }) }, now),
    event: (type: string, at: number, { now = at, ...event }: Partial<EventGiven> & { now?: number } = {}) =>
      give(
        {
          kind: 'event',
          patterns: patternsFor(versions(), { type, at, ...event }),
          event: eventOf({ type, at, ...event }),
        },
        now,
      ),
    /** The timer of where they rest rings. */
    due: (now = world.participant?.hold?.dueMs ?? 0) =>
      give({ kind: 'due', entry: world.participant?.entry ?? 0, step: world.participant?.hold?.step ?? 0 }, now),
    look: (now: number) => give({ kind: 'look' }, now),
    edit: (next: JourneyInput, inside: JourneyMoment['inside']) => {
      const own = world.moment.current;
      world.moment = { ...world.moment, current: versionFrom(next), own, inside };
    },
    /** `node way` of all steps so far. */
    path: () => world.steps.map(({ node, kind, way }) => `${node || kind} ${way}`),
    get hold() {
      return world.participant?.hold;
    },
    get end() {
      return world.participant?.end;
    },
  };
};
