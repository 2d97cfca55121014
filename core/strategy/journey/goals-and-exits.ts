import { type Draft, ended, noted } from './draft.ts';
import { timeText } from './journey-text.ts';
import type { PatternId } from './journey-version.ts';
import { eventKey, happenedMs } from './logical-time.ts';
import type { Participant } from './participant.ts';

/** An event of which it is known what it may mean: the patterns that it matches, its time (epoch ms) and its key. */
export type Heard = { patterns: readonly PatternId[]; atMs: number; key: string };

/** What happened before somebody entered, or let them in, neither reaches a goal nor ends anything. */
const isAfterEntry = ({ event }: Participant, { atMs, key }: Heard): boolean =>
  event !== undefined && atMs >= happenedMs(event) && key !== eventKey(event);

/**
 * Goals that the event reaches, then what it ends. A goal with a time counts for so long, be the participant still inside or not; so do
 * those of people who were held out, to be compared.
 */
export const withGoalsAndExits = (before: Draft, heard: Heard, nowMs: number): Draft => {
  if (!isAfterEntry(before.participant, heard)) return before;
  const { patterns, atMs } = heard;
  let draft = before;
  for (const { name, pattern, withinMs, exits } of before.version.goals) {
    const { participant, version } = draft;
    if (!patterns.includes(pattern) || Object.hasOwn(participant.goals, name)) continue;
    const { state, enteredMs, end } = participant;
    const isInTime =
      withinMs === undefined ? state === 'inside' || atMs <= (end?.atMs ?? 0) : atMs <= enteredMs + withinMs;
    if (!isInTime) continue;
    const why = `${version.patterns[pattern]?.eventType ?? ''} at ${timeText(atMs)}`;
    const done = noted(draft, { node: '', kind: 'goal', way: name, why, atMs });
    draft = { ...done, participant: { ...done.participant, goals: { ...participant.goals, [name]: atMs } } };
    if (exits && state === 'inside') draft = ended(draft, { reason: 'goal', detail: name }, { atMs, nowMs });
  }
  const left = draft.version.exits.find(({ pattern }) => patterns.includes(pattern));
  if (!left || draft.participant.state === 'over') return draft;
  const what = left.leavesSegment === undefined ? draft.version.patterns[left.pattern]?.eventType : undefined;
  const why = `${what ?? `left segment ${left.leavesSegment}`} at ${timeText(atMs)}`;
  return ended(draft, { reason: 'exit-criterion', detail: what ?? left.leavesSegment, why }, { atMs, nowMs });
};
