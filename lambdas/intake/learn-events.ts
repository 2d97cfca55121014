import { type EventTypeEntry, emptyEntry, learn, newsFor } from '../../core/event/catalogue.ts';
import {
  admitted,
  type CatalogueIndex,
  emptyIndex,
  isListed,
  type Sighting,
} from '../../core/event/catalogue-index.ts';
import type { AcceptedEvent } from '../../core/event/event.ts';
import { type Definitions, type Stored, VersionConflict } from '../adapters/definitions.ts';
import { inParallel } from '../adapters/in-parallel.ts';

/** How old `lastSeenMs` may become while events of the type come in. */
const LAST_SEEN_MS = 3_600_000;
/** How old the index may be of which a worker reads that there is no room for a type. */
const INDEX_MS = 3_600_000;
/** After a failure nothing is learned for so long: a table that is throttled must not slow down every batch. */
const REST_MS = 60_000;
/** More than workers are likely to meet the same new type at once: of those that do, one succeeds each time. */
const MAX_CONFLICTS = 20;
const PARALLEL_TYPES = 10;

type Known = { lastSeenMs: number; isNews: ReturnType<typeof newsFor> };

/**
 * Learns the event catalogue from traffic. Call this once per Lambda environment and what it returns once per batch: it
 * remembers what the catalogue holds, and reads and writes an entry only when events show something new, or once an hour: steady traffic
 * costs a write per type and hour. It never throws. A type or property that it failed to note is noted when it comes
 * again; taking in the same events again changes nothing.
 */
export const learnEvents = (defs: Definitions) => {
  const known = new Map<string, Known>();
  let index: CatalogueIndex = emptyIndex;
  let indexReadMs = 0;
  let restsUntilMs = 0;

  const readIndex = async (nowMs: number): Promise<Stored<CatalogueIndex> | undefined> => {
    const stored = await defs.get<CatalogueIndex>('event-catalogue', 'types');
    index = stored?.body ?? emptyIndex;
    indexReadMs = nowMs;
    return stored;
  };

  /** Brings the index up to date with what came in. */
  const admit = async (sightings: readonly Sighting[], nowMs: number): Promise<void> => {
    // There may be room again since others have changed it.
    const isOld = nowMs - indexReadMs >= INDEX_MS;
    if (isOld && sightings.some(({ type }) => !isListed(index, type))) await readIndex(nowMs);
    for (let conflicts = 0; admitted(index, sightings, nowMs) !== index; conflicts += 1) {
      if (conflicts > MAX_CONFLICTS) throw new Error('The index of the catalogue is changed by too many at once');
      const stored = await readIndex(nowMs);
      const next = admitted(index, sightings, nowMs);
      if (next !== index && (await put('event-catalogue', 'types', next, stored, nowMs))) index = next;
    }
  };

  const put = async <T>(
    kind: 'event-type' | 'event-catalogue',
    id: string,
    body: T,
    before: Stored<T> | undefined,
    nowMs: number,
  ): Promise<boolean> => {
    try {
      await defs.put(kind, id, body, before?.version ?? 0, nowMs);
      return true;
    } catch (error) {
      if (error instanceof VersionConflict) return false;
      throw error;
    }
  };

  /** Others may have learned the same meanwhile: what is stored decides whether there is something to write. */
  const update = async (type: string, events: readonly AcceptedEvent[], nowMs: number): Promise<void> => {
    for (let conflicts = 0; conflicts <= MAX_CONFLICTS; conflicts += 1) {
      const stored = await defs.get<EventTypeEntry>('event-type', type);
      if (stored && !isDue(knownOf(stored.body), events, nowMs)) {
        known.set(type, knownOf(stored.body));
        return;
      }
      const learned = learn(stored?.body ?? emptyEntry(type, nowMs), events, nowMs);
      if (await put('event-type', type, learned, stored, nowMs)) {
        known.set(type, knownOf(learned));
        return;
      }
    }
    throw new Error(`${type} is learned by too many at once`);
  };

  return async (events: readonly AcceptedEvent[], nowMs: number): Promise<void> => {
    if (nowMs < restsUntilMs) return;
    try {
      const byType = Map.groupBy(events, ({ type }) => type);
      await admit([...byType.values()].flatMap(sightingsOf), nowMs);
      const due = [...byType].filter(([type, own]) => {
        const remembered = known.get(type);
        return isListed(index, type) && (!remembered || isDue(remembered, own, nowMs));
      });
      await inParallel(PARALLEL_TYPES, due, ([type, own]) => update(type, own, nowMs));
    } catch (error) {
      restsUntilMs = nowMs + REST_MS;
      console.warn({ message: 'The event catalogue did not learn from a batch', error: String(error) });
    }
  };
};

/** Of events of one type. */
const sightingsOf = (events: readonly AcceptedEvent[]): Sighting[] => [
  ...new Map(events.map(({ type, source }) => [source, { type, source }])).values(),
];

const knownOf = (entry: EventTypeEntry): Known => ({ lastSeenMs: entry.lastSeenMs, isNews: newsFor(entry) });

const isDue = ({ lastSeenMs, isNews }: Known, events: readonly AcceptedEvent[], nowMs: number): boolean =>
  nowMs - lastSeenMs >= LAST_SEEN_MS || events.some(isNews);
