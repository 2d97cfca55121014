import { lengthText, timeText } from './journey-text.ts';
import type { JourneyVersion, VersionNodeOf } from './journey-version.ts';
import { firstSeen } from './seen-events.ts';
import type { Place, Turn } from './turn.ts';
import { untilOf } from './wait-until.ts';

export const waitTurn = ({ node, participant }: Place<VersionNodeOf<'wait'>>): Turn => {
  const dueMs = participant.clockMs + node.ms;
  return { kind: 'holds', dueMs, why: `${lengthText(node.ms)}, until ${timeText(dueMs)}` };
};

/** Whoever has waited before waits for the next such moment: two waits until nine o'clock are a day apart. */
export const waitUntilTurn = ({ node, participant, facts }: Place<VersionNodeOf<'wait-until'>>): Turn => {
  const { clockMs, hasRested } = participant;
  const until = untilOf(node.at, facts, hasRested ? clockMs + 1 : clockMs);
  if ('missing' in until) {
    const { ifMissing } = node;
    return { kind: 'goes', to: ifMissing ?? node.next, way: ifMissing ? 'ifMissing' : 'next', why: until.missing };
  }
  return { kind: 'holds', dueMs: until.atMs, why: `${node.at.time} in ${until.zone}, until ${timeText(until.atMs)}` };
};

export const waitForEventTurn = ({ node, version, participant }: Place<VersionNodeOf<'wait-for-event'>>): Turn => {
  const dueMs = participant.clockMs + node.withinMs;
  const patterns = node.events.map(({ pattern }) => pattern);
  const came = firstSeen(participant, patterns, participant.sinceMs, dueMs);
  const taken = came && node.events[came.branch];
  if (came && taken) {
    const { atMs, key } = came;
    return { kind: 'goes', to: taken.next, ...eventWay(version, node, came), took: { atMs, key } };
  }
  const names = patterns.map((id) => version.patterns[id]?.eventType ?? id);
  return { kind: 'holds', dueMs, why: `for ${[...new Set(names)].join(' or ')}, until ${timeText(dueMs)}` };
};

/** What a way out by an event is called: its type, and its place where several events of the node have that. */
export const eventWay = (
  { patterns }: JourneyVersion,
  { events }: VersionNodeOf<'wait-for-event'>,
  { branch, atMs }: { branch: number; atMs: number },
): { way: string; why: string } => {
  const types = events.map(({ pattern }) => patterns[pattern]?.eventType ?? pattern);
  const type = types[branch] ?? '';
  const isAlone = types.filter((one) => one === type).length === 1;
  return { way: isAlone ? type : `${type} (${branch + 1})`, why: `${type} at ${timeText(atMs)}` };
};

/** A turn is taken outside, before anything is stored; one that is free at once keeps nobody waiting. */
export const throttleTurn = ({ id, node, facts, nowMs }: Place<VersionNodeOf<'throttle'>>): Turn => {
  const slotMs = facts.slots?.[id];
  if (slotMs === undefined) return { kind: 'asks', perMinute: node.perMinute };
  const why = `${node.perMinute} a minute`;
  if (slotMs <= nowMs) return { kind: 'goes', to: node.next, way: 'next', why };
  return { kind: 'holds', dueMs: slotMs, why: `${why}, until ${timeText(slotMs)}` };
};
