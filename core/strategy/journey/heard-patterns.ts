import type { EventPattern } from '../../event/trigger.ts';
import type { JourneyVersion, PatternId } from './journey-version.ts';

/** What is listened to for a version: the event that lets people enter, and those that its waits, goals and exits want. */
export const heardBy = ({
  entry,
  nodes,
  goals,
  exits,
  patterns,
}: Pick<JourneyVersion, 'entry' | 'nodes' | 'goals' | 'exits' | 'patterns'>): {
  entry?: EventPattern;
  maxLatenessMs: number;
  patterns: Record<PatternId, EventPattern>;
} => {
  const waited = Object.values(nodes).flatMap((node) => (node.kind === 'wait-for-event' ? node.events : []));
  const wanted = new Set([...waited, ...goals, ...exits].map(({ pattern }) => pattern));
  const entering = 'pattern' in entry ? patterns[entry.pattern] : undefined;
  return {
    ...(entering && { entry: entering }),
    maxLatenessMs: entry.maxLatenessMs,
    patterns: Object.fromEntries(Object.entries(patterns).filter(([id]) => wanted.has(id))),
  };
};
