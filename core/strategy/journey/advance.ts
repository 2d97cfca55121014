import { type Asked, type Draft, ended, movedBy, noted, versionOf } from './draft.ts';
import { enter } from './enter.ts';
import { withGoalsAndExits } from './goals-and-exits.ts';
import { byEvent, heardOf, hearInside, hearOutside } from './hear.ts';
import type { NodeId } from './journey-node.ts';
import { timeText } from './journey-text.ts';
import type { Advanced, JourneyFacts, JourneyMoment, Participant, Stimulus } from './participant.ts';
import { type Walked, walk } from './walk.ts';

/**
 * What becomes of somebody by what has happened. Pure and total: the same arguments give the same answer, and every stimulus of every
 * participant has one. A stimulus that was handled before changes nothing. Decision 0031 says why no event is missed.
 */
export const advance = (
  participant: Participant | undefined,
  moment: JourneyMoment,
  stimulus: Stimulus,
  facts: JourneyFacts,
  nowMs: number,
): Advanced => {
  const asked: Asked = { moment, facts, nowMs };
  if (stimulus.kind === 'enter') {
    const entered = enter(asked, participant, stimulus);
    if (!('refused' in entered)) return answered(participant, entered);
    return { ...(participant && { participant }), steps: [], refused: entered.refused };
  }
  if (stimulus.kind === 'event' && participant?.state !== 'inside') {
    return answered(participant, hearOutside(asked, participant, heardOf(stimulus)));
  }
  if (participant?.state !== 'inside') return unchanged(participant);
  const draft: Draft = { participant, version: versionOf(participant, moment), steps: [] };
  return insider(asked, draft, stimulus);
};

/** Somebody who is inside. Goals and exits come first, and count while paused, too; then what has become of the journey. */
const insider = (asked: Asked, before: Draft, stimulus: Exclude<Stimulus, { kind: 'enter' }>): Advanced => {
  const { moment, nowMs } = asked;
  const { participant } = before;
  if (stimulus.kind === 'end') {
    if (stimulus.entry !== participant.entry) return unchanged(participant);
    return answered(participant, ended(before, { reason: 'removed', detail: stimulus.reason }, { atMs: nowMs, nowMs }));
  }
  const heard = stimulus.kind === 'event' ? heardOf(stimulus) : undefined;
  const ahead = endedByJourney(asked, heard ? withGoalsAndExits(before, heard, nowMs) : before);
  const draft = moment.state === 'live' ? byMetEvent(asked, ahead) : ahead;
  if ('ask' in draft || draft.participant.state === 'over') return answered(participant, draft);
  if (!heard) {
    const { walked, ...rest } = byClock(asked, draft, stimulus);
    return { ...answered(participant, walked), ...rest };
  }
  const after = hearInside(asked, draft, heard);
  const isParked = moment.state === 'paused' && !('ask' in after) && after.participant.hold?.met;
  return { ...answered(participant, after), ...(isParked && { park: true as const }) };
};

type Clocked = Pick<Advanced, 'park' | 'wake'> & { walked: Walked };

/** A timer, or a look. One that rings too early is set again, for there is no other. */
const byClock = (asked: Asked, draft: Draft, stimulus: Stimulus): Clocked => {
  const { entry, hold } = draft.participant;
  const isOwn = stimulus.kind === 'due' && stimulus.entry === entry && stimulus.step === hold?.step;
  if (!hold || !(isOwn || stimulus.kind === 'look')) return { walked: draft };
  const { step, dueMs } = hold;
  // In a pause, too: the look that ends it may come before they are due, and finds nothing to do.
  if (asked.nowMs < dueMs) return { walked: draft, ...(isOwn && { wake: { entry, step, dueMs } }) };
  if (asked.moment.state === 'paused') return { walked: draft, ...(isOwn && { park: true as const }) };
  return { walked: byTimer(asked, draft) };
};

/** The whole journey may have come to an end for those inside. */
const endedByJourney = ({ moment: { state, inside, current }, nowMs }: Asked, draft: Draft): Draft => {
  if (draft.participant.state === 'over') return draft;
  const at = { atMs: nowMs, nowMs };
  if (state === 'stopped') return ended(draft, { reason: 'stopped' }, at);
  const isOld = draft.participant.hash !== current.hash;
  return isOld && inside === 'exit' ? ended(draft, { reason: 'version-ended' }, at) : draft;
};

/** The event that was waited for came while the journey was paused. */
const byMetEvent = (asked: Asked, draft: Draft): Walked => {
  const met = draft.participant.hold?.met;
  return met ? byEvent(asked, draft, met) : draft;
};

/** Their time has come. */
const byTimer = (asked: Asked, draft: Draft): Walked => {
  const { participant, version } = draft;
  const { node: id, hold } = participant;
  const node = version.nodes[id];
  if (!hold || !node) return draft;
  if (hold.isUnasked) {
    const { hold: _left, ...rest } = participant;
    return walk(asked, { ...draft, participant: rest }, id);
  }
  if (!('next' in node || 'onTimeout' in node)) return draft;
  const moved = movedBy(draft, hold.dueMs, undefined, asked.nowMs);
  const atMs = moved.participant.clockMs;
  if (hold.isLast) return ended(moved, { reason: 'too-long' }, { atMs, nowMs: asked.nowMs });
  if (node.kind === 'throttle' && hasMissedTurn(asked, hold.dueMs, id)) return walk(asked, moved, id);
  const [to, way] = 'onTimeout' in node ? [node.onTimeout, 'timeout'] : [node.next, 'next'];
  const why = `${'onTimeout' in node ? 'Nothing came by' : 'Was due at'} ${timeText(hold.dueMs)}`;
  return walk(asked, noted(moved, { node: id, kind: node.kind, way, why, atMs }), to);
};

/** Whose turn at a throttle came in a pause takes another one: they would be a crowd when it ends. */
const hasMissedTurn = ({ moment: { sinceMs, inside, current } }: Asked, dueMs: number, id: NodeId): boolean =>
  dueMs < sinceMs && (inside !== 'move' || current.nodes[id]?.kind === 'throttle');

const unchanged = (participant: Participant | undefined): Advanced => ({
  ...(participant && { participant }),
  steps: [],
});

/** A new hold has a timer of its own. */
const answered = (before: Participant | undefined, walked: Walked | undefined): Advanced => {
  if (!walked) return unchanged(before);
  if ('ask' in walked) return { ...unchanged(before), ask: walked.ask };
  const { participant, steps } = walked;
  const { hold, entry } = participant;
  const isNew = hold && (entry !== before?.entry || hold.step !== before.hold?.step);
  return { participant, steps, ...(isNew && { wake: { entry, step: hold.step, dueMs: hold.dueMs } }) };
};
