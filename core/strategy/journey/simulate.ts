import type { Facts } from '../../event/evaluate.ts';
import { plainMatch } from '../../event/plain-matcher.ts';
import { advance } from './advance.ts';
import { nobodyYet } from './enter.ts';
import { stepText } from './journey-text.ts';
import type { JourneyVersion, PatternId } from './journey-version.ts';
import type { EndReason, EntryEvent, JourneyFacts, Participant, RefusedReason, Step, Stimulus } from './participant.ts';
import { withAttributes } from './profile-after.ts';

/** Somebody who is made up, or looked up, and what happens to them. Times are epoch ms. */
export type Sample = {
  profileId: string;
  /** Entries that the walk meets are as for anybody: by the rules, holdouts included. */
  enters: { atMs: number; type: string; properties: Record<string, unknown> };
  events: readonly { atMs: number; type: string; properties: Record<string, unknown> }[];
  facts: JourneyFacts;
  /** The arm to take at a split or an experiment, instead of the one that chance has for this person. */
  arms?: Readonly<Record<string, string>>;
  /** No further than this. */
  untilMs: number;
};

export type Simulated = {
  steps: (Step & { text: string })[];
  refused?: RefusedReason;
  /** Where they rest when the time is over. */
  rests?: { node: string; dueMs: number; why: string };
  end?: { reason: EndReason; detail?: string; atMs: number };
  /** True: there was more to tell than is told. */
  isCut?: true;
};

const MAX_STEPS = 500;

/**
 * A walk through a journey on a chosen clock, each decision with its reason. It is `advance` itself that decides: timers ring when they
 * are due, turns at throttles are free at once, and what a node changes in the profile is seen from then on.
 */
export const simulate = (version: JourneyVersion, sample: Sample): Simulated => {
  const moment = {
    profileId: sample.profileId,
    state: 'live',
    sinceMs: 0,
    current: version,
    inside: 'finish',
  } as const;
  let { facts } = sample;
  let participant: Participant | undefined = { ...nobodyYet(version.hash), arms: { ...sample.arms } };
  const steps: Step[] = [];

  const give = (stimulus: Stimulus, nowMs: number): RefusedReason | undefined => {
    const slots: Record<string, number> = {};
    for (;;) {
      const answer = advance(participant, moment, stimulus, { ...facts, slots }, nowMs);
      if (answer.ask) {
        slots[answer.ask.throttle] = nowMs;
        continue;
      }
      participant = answer.participant;
      steps.push(...answer.steps.map((step) => chosen(sample, step)));
      facts = answer.steps.reduce((known, step) => changedBy(version, step, known), facts);
      return answer.refused;
    }
  };

  const { enters, untilMs } = sample;
  const refused = give({ kind: 'enter', event: eventOf('enters', enters) }, enters.atMs);
  const coming = sample.events.filter(({ atMs }) => atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs);
  for (let n = 0; participant && steps.length < MAX_STEPS; ) {
    const event = coming[n];
    const { hold, entry }: Participant = participant;
    const dueMs = hold && hold.dueMs <= untilMs ? hold.dueMs : Number.POSITIVE_INFINITY;
    // Of an event and a timer of the same time the event comes first.
    if (event && event.atMs <= dueMs) {
      n += 1;
      give(
        { kind: 'event', patterns: patternsOf(version, event, facts), event: eventOf(`event-${n}`, event) },
        event.atMs,
      );
    } else if (hold && dueMs <= untilMs) give({ kind: 'due', entry, step: hold.step }, dueMs);
    else break;
  }

  const { node = '', hold, end }: Partial<Participant> = participant ?? {};
  return {
    steps: steps.map((step) => ({ ...step, text: stepText(step) })),
    ...(refused && { refused }),
    ...(hold && { rests: { node, dueMs: hold.dueMs, why: hold.why } }),
    ...(end && { end }),
    ...(steps.length >= MAX_STEPS && { isCut: true as const }),
  };
};

const eventOf = (id: string, { atMs, type, properties }: Sample['enters']): EntryEvent => ({
  ...{ id, type, properties, source: 'simulation', timeMs: atMs, receivedMs: atMs },
});

const patternsOf = (version: JourneyVersion, event: Sample['enters'], known: JourneyFacts): PatternId[] => {
  const { profile, contact, references } = known;
  const facts: Facts = {
    event: { type: event.type, timeMs: event.atMs, properties: event.properties },
    ...(profile && { profile }),
    ...(contact && { contact }),
    ...(references && { references }),
  };
  const rules = Object.entries(version.patterns).map(([id, { eventType, where = [] }]) => ({ id, eventType, where }));
  return plainMatch(rules, facts);
};

/** An arm that was asked for is not one that they had. */
const chosen = ({ arms = {} }: Sample, step: Step): Step =>
  ARMED.has(step.kind) && Object.hasOwn(arms, step.node) && arms[step.node] === step.way
    ? { ...step, why: 'Was chosen for this walk' }
    : step;
const ARMED: ReadonlySet<string> = new Set(['split', 'experiment']);

/** The profile after a step at an update node. */
const changedBy = ({ nodes }: JourneyVersion, { node: id }: Step, facts: JourneyFacts): JourneyFacts => {
  const node = nodes[id];
  return node?.kind === 'update' ? withAttributes(facts, node.set) : facts;
};
