import { armTurn, branchTurn, holdoutTurn } from './choices.ts';
import { type Asked, type Draft, ended, movedBy, noted } from './draft.ts';
import type { NodeId } from './journey-node.ts';
import type { JourneyVersion, VersionNodeOf } from './journey-version.ts';
import type { Advanced, JourneyFacts, NodeEffect } from './participant.ts';
import { withAttributes } from './profile-after.ts';
import type { Place, Turn } from './turn.ts';
import { throttleTurn, waitForEventTurn, waitTurn, waitUntilTurn } from './waits.ts';

/**
 * Nodes that one call may pass: as many as a journey has, so that a save stays small. Whoever takes events that have come before may go on
 * further, in a next call; whoever takes none has been to a node twice.
 */
const MAX_PASSED = 100;

export type Ask = NonNullable<Advanced['ask']>;
export type Walked = Draft | { ask: Ask };

/** From node to node, beginning with `to`, until the participant rests or the journey is over. */
export const walk = (asked: Asked, from: Draft, to: NodeId): Walked => {
  let draft = from;
  let next: NodeId = to;
  let { facts } = asked;
  let hasTaken = false;
  const throttles = new Set<NodeId>();
  for (let passed = 0; ; passed += 1) {
    draft = onto(asked, draft, next);
    if (draft.participant.state === 'over') return draft;
    const place = placeOf(asked, draft, facts);
    if (passed === MAX_PASSED)
      return hasTaken ? unasked(draft, place, `${MAX_PASSED} nodes at once, then on`) : goingRound(draft, asked.nowMs);
    // A turn lets through once, and one call takes one at each throttle.
    if (throttles.has(next)) return unasked(draft, place, 'Here again at once, for another turn');
    if (place.node.kind === 'throttle') throttles.add(next);
    const turn = turnAt(place);
    hasTaken ||= 'took' in turn;
    if (turn.kind === 'asks') return { ask: { throttle: place.id, perMinute: turn.perMinute } };
    if (turn.kind === 'holds') return resting(draft, place, turn);
    if (turn.kind === 'ends') return ended(draft, turn, { atMs: draft.participant.clockMs, nowMs: asked.nowMs });
    if (place.node.kind === 'update') facts = withAttributes(facts, place.node.set);
    draft = gone(draft, place, turn, asked.nowMs);
    next = turn.to;
  }
};

const goingRound = (draft: Draft, nowMs: number): Draft =>
  ended(draft, { reason: 'endless' }, { atMs: draft.participant.clockMs, nowMs });

/** On the node as they have come to it; its timer has them go on. */
const unasked = (draft: Draft, { id, node, nowMs }: Place, why: string): Draft => {
  const done = noted(draft, { node: id, kind: node.kind, way: 'waits', why, atMs: draft.participant.clockMs });
  const { participant } = done;
  return {
    ...done,
    participant: { ...participant, hold: { step: participant.step, dueMs: nowMs, why, isUnasked: true } },
  };
};

/** On the node, in the version in which they go on. */
const onto = ({ moment: { current, inside }, nowMs }: Asked, draft: Draft, to: NodeId): Draft => {
  const version: JourneyVersion = inside === 'move' ? current : draft.version;
  if (!Object.hasOwn(version.nodes, to)) {
    return ended(draft, { reason: 'node-gone', detail: to }, { atMs: draft.participant.clockMs, nowMs });
  }
  return { ...draft, version, participant: { ...draft.participant, hash: version.hash, node: to } };
};

const placeOf = ({ moment, nowMs }: Asked, { participant, version }: Draft, facts: JourneyFacts): Place => {
  const { node: id } = participant;
  // Of a node that is not there nobody gets this far.
  const node = version.nodes[id] ?? { kind: 'exit' };
  return { id, node, version, participant, facts, nowMs, profileId: moment.profileId };
};

const turnAt = (place: Place): Turn => {
  const { node } = place;
  const as = <Kind extends Place['node']['kind']>(): Place<VersionNodeOf<Kind>> => place as Place<VersionNodeOf<Kind>>;
  switch (node.kind) {
    case 'message':
      return { kind: 'goes', to: node.next, way: 'next', why: 'Message asked for', effect: 'send' };
    case 'webhook':
      return { kind: 'goes', to: node.next, way: 'next', why: 'Call asked for', effect: 'send' };
    case 'update': {
      const why = `Sets ${Object.keys(node.set).join(', ')}`;
      return { kind: 'goes', to: node.next, way: 'next', why, effect: 'update' };
    }
    case 'jump':
      return { kind: 'goes', to: node.to, way: 'next', why: `To ${node.to}` };
    case 'exit':
      return { kind: 'ends', reason: 'exit', detail: node.reason, why: node.reason ?? 'Came to an exit' };
    case 'wait':
      return waitTurn(as<'wait'>());
    case 'wait-until':
      return waitUntilTurn(as<'wait-until'>());
    case 'wait-for-event':
      return waitForEventTurn(as<'wait-for-event'>());
    case 'throttle':
      return throttleTurn(as<'throttle'>());
    case 'branch':
      return branchTurn(as<'branch'>());
    case 'holdout':
      return holdoutTurn(as<'holdout'>());
    case 'split':
    case 'experiment':
      return armTurn(as<'split' | 'experiment'>());
  }
};

/** The participant has left the node, and what that node does is asked for. */
const gone = (draft: Draft, { id, node }: Place, turn: Extract<Turn, { kind: 'goes' }>, nowMs: number): Draft => {
  const moved = turn.took ? movedBy(draft, turn.took.atMs, turn.took.key, nowMs) : draft;
  const { way, why, arm } = turn;
  const done = noted(moved, { node: id, kind: node.kind, way, why, atMs: moved.participant.clockMs });
  const { participant } = done;
  const { entry, step, hash } = participant;
  const effect =
    turn.effect && ({ kind: turn.effect, entry, step, node: id, hash, atMs: participant.clockMs } as NodeEffect);
  return {
    ...done,
    participant: {
      ...participant,
      ...(arm !== undefined && { arms: { ...participant.arms, [id]: arm } }),
      ...(effect && { pending: [...(participant.pending ?? []), effect] }),
    },
  };
};

/** Nobody rests for longer than the journey may last. */
const resting = (draft: Draft, { id, node }: Place, { dueMs, why }: Extract<Turn, { kind: 'holds' }>): Draft => {
  const { enteredMs, clockMs } = draft.participant;
  const lastMs = enteredMs + draft.version.longestMs;
  const isLast = dueMs > lastMs;
  const done = noted(draft, { node: id, kind: node.kind, way: 'waits', why, atMs: clockMs });
  const { participant } = done;
  const hold = {
    step: participant.step,
    dueMs: isLast ? lastMs : dueMs,
    why,
    ...(isLast && { isLast: true as const }),
  };
  return { ...done, participant: { ...participant, hasRested: true, hold } };
};
