import { expect, test } from 'vitest';
import { armTurn } from '../../../../core/strategy/journey/choices.ts';
import { nobodyYet } from '../../../../core/strategy/journey/enter.ts';
import type { JourneyNode } from '../../../../core/strategy/journey/journey-node.ts';
import type { VersionNodeOf } from '../../../../core/strategy/journey/journey-version.ts';
import type { Participant } from '../../../../core/strategy/journey/participant.ts';
import { DAY, exit, journeyOf, T0, versionFrom } from './traveller.ts';

const arms = ['A', 'B'].map((name) => ({ name, percent: 50, next: 'e' }));
const rules = { goal: 'order', method: 'fixed', minimumSample: 100, minimumDays: 7, default: 'A' };
const nodes = { x: { kind: 'experiment', arms, ...rules } as JourneyNode, e: exit };

/** Why somebody takes their arm, who entered at T0 and comes to the node `days` later. */
const whyOf = (change: Partial<Participant>, days = 0, within?: number): string => {
  const goal = {
    name: 'order',
    event: { eventType: 'order' },
    ...(within !== undefined && { within: { days: within } }),
  };
  const version = versionFrom(journeyOf(nodes, { goals: [goal] }));
  const participant = { ...nobodyYet(version.hash), enteredMs: T0, clockMs: T0 + days * DAY, ...change };
  const node = version.nodes.x as VersionNodeOf<'experiment'>;
  const turn = armTurn({
    id: 'x',
    node,
    version,
    profileId: 'ada',
    participant,
    facts: {},
    nowMs: participant.clockMs,
  });
  return turn.kind === 'goes' ? turn.why : turn.kind;
};

// Whoever counts experiments goes by these words: core/measurement/experiment-sql.ts.
test.each<[string, string, RegExp]>([
  ['the first time', whyOf({}), /^[\d.]+ of 100 by chance; arms of 50 %, 50 %$/],
  ['again', whyOf({ arms: { x: 'B' } }), /^Had this arm before$/],
  [
    'when their arm is gone',
    whyOf({ arms: { x: 'C' } }),
    /^Had another arm before; [\d.]+ of 100 by chance; arms of 50 %, 50 %$/,
  ],
  ['an arm of another node', whyOf({ arms: { y: 'C' } }), /^[\d.]+ of 100 by chance/],
  ['when the goal is reached', whyOf({ goals: { order: T0 } }), /50 %; had nothing left to reach$/],
  ['another goal', whyOf({ goals: { other: T0 } }), /50 %$/],
  ['when the time for it is over', whyOf({}, 2.01, 2), /50 %; had nothing left to reach$/],
  ['at its very end', whyOf({}, 2, 2), /50 %$/],
  ['late, of a goal without a time', whyOf({}, 300), /50 %$/],
])('%s', (_, why, expected) => expect(why).toMatch(expected));
