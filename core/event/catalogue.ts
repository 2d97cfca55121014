import { newsIn } from './catalogue-news.ts';
import { mergeMembers, pruned, type SeenMembers, seenIn } from './catalogue-tree.ts';
import type { AcceptedEvent } from './event.ts';

/** What traffic has shown of one event type. Definition of kind `event-type`, id = the type. */
export type EventTypeEntry = {
  type: string;
  /** When Herald took in the first and the last event of the type that it learned from, epoch ms. */
  firstSeenMs: number;
  lastSeenMs: number;
  /** Sorted. */
  sources: string[];
  properties: SeenMembers;
  /** A bound left out a source, a place, or a name that no condition can ask about. */
  truncated?: true;
};

type Event = Pick<AcceptedEvent, 'type' | 'source' | 'profileId' | 'properties'>;

export const MAX_SOURCES = 20;

export const emptyEntry = (type: string, nowMs: number): EventTypeEntry => ({
  type,
  firstSeenMs: nowMs,
  lastSeenMs: nowMs,
  sources: [],
  properties: {},
});

/**
 * Everything that either knows. The order and the number of merges do not matter, so any number of workers may learn side
 * by side. Both are of the same type.
 */
export const mergeEntries = (a: EventTypeEntry, b: EventTypeEntry): EventTypeEntry => {
  const sources = [...new Set([...a.sources, ...b.sources])].sort();
  const { members: properties, cut } = pruned(mergeMembers(a.properties, b.properties));
  return {
    type: a.type,
    firstSeenMs: Math.min(a.firstSeenMs, b.firstSeenMs),
    lastSeenMs: Math.max(a.lastSeenMs, b.lastSeenMs),
    sources: sources.slice(0, MAX_SOURCES),
    properties,
    ...((a.truncated || b.truncated || cut || sources.length > MAX_SOURCES) && { truncated: true as const }),
  };
};

/** The entry after these events of its type. */
export const learn = (entry: EventTypeEntry, events: readonly Event[], nowMs: number): EventTypeEntry => {
  let known = entry;
  let isNews = newsFor(known);
  for (const event of events) {
    if (!isNews(event)) continue;
    known = mergeEntries(known, entryOf(event, nowMs));
    isNews = newsFor(known);
  }
  return { ...known, lastSeenMs: Math.max(known.lastSeenMs, nowMs) };
};

const entryOf = ({ type, source, profileId, properties }: Event, nowMs: number): EventTypeEntry => {
  const { members, cut } = seenIn(properties, profileId);
  const entry = { ...emptyEntry(type, nowMs), sources: [source], properties: members };
  return cut ? { ...entry, truncated: true } : entry;
};

/** Tells of events of the type whether the entry would learn from them. What it answers no to, `learn` changes nothing for. */
export const newsFor = ({ properties, sources, ...entry }: EventTypeEntry): ((event: Event) => boolean) => {
  const truncated = entry.truncated === true;
  const sourcesFull = sources.length >= MAX_SOURCES && truncated;
  const isNews = newsIn(properties, truncated);
  return (event) => (!sourcesFull && !sources.includes(event.source)) || isNews(event.properties, event.profileId);
};
