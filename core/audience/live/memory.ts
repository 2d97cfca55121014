import { createHash } from 'node:crypto';
import type { SeenEvent } from '../event-predicate.ts';
import { concerns, type Keeps, pathsRead, projected, type Watched } from './watched.ts';

/** An event as it is remembered: a name of its type, source and id, and of its properties just those that the segment reads. */
export type Remembered = [
  key: string,
  type: string,
  timeMs: number,
  receivedMs: number,
  properties: Record<string, unknown>,
];

/**
 * What is remembered of a person for one segment: the events that decide it. `lostMs`: there was no room for all, and
 * events that happened up to then may be missing.
 */
export type Memory = { events: readonly Remembered[]; lostMs?: number };
export const NO_MEMORY: Memory = { events: [] };

/** JSON bytes of the events of one person and segment: every event of theirs writes all of it again. */
export const MAX_MEMORY_BYTES = 8_192;
/** An event that is sent again within a day of its arrival is known, whatever its time: the first copy is still there. */
const COPIES_MS = 86_400_000;

export const keyOf = ({ type, source, id }: Pick<SeenEvent, 'type' | 'source' | 'id'>): string =>
  createHash('sha256')
    .update(JSON.stringify([type, source, id]))
    .digest('base64url')
    .slice(0, 12);

/** As the predicate sees it. */
export const seenOf = ([id, type, timeMs, receivedMs, properties]: Remembered): SeenEvent => ({
  id,
  source: '',
  type,
  timeMs,
  receivedMs,
  properties,
});

/** Metric of the people for whom the lake decides, because they do more than can be remembered. */
export const FULL_MEMORIES = 'FullSegmentMemories';

/**
 * The memory with these events, without those that decide nothing any more; the same object when it knew them all. Order
 * and repeats make no difference: of an event's copies the one that arrived first stays, as in event-predicate.ts, also
 * when that one has other properties, of which nothing is asked.
 */
export const remember = (
  memory: Memory,
  watched: readonly Watched[],
  arrived: readonly SeenEvent[],
  nowMs: number,
): Memory => {
  const known = new Set(memory.events.map(([key]) => key));
  const added = arrived
    .filter((event) => watched.some(({ pattern }) => concerns(pattern, event)) || known.has(keyOf(event)))
    .map((event): Remembered => {
      const { type, timeMs, receivedMs, properties } = event;
      return [keyOf(event), type, timeMs, receivedMs, projected(properties, pathsRead(watched, type))];
    });
  return merge(memory, watched, added, nowMs);
};

/** What two memories of one person know together, as when an anonymous id turns out to be theirs. */
export const mergeMemories = (into: Memory, watched: readonly Watched[], from: Memory, nowMs: number): Memory => {
  const merged = merge(into, watched, from.events, nowMs);
  const lostMs = Math.max(merged.lostMs ?? Number.NEGATIVE_INFINITY, from.lostMs ?? Number.NEGATIVE_INFINITY);
  return lostMs === (merged.lostMs ?? Number.NEGATIVE_INFINITY) ? merged : { ...merged, lostMs };
};

const merge = (memory: Memory, watched: readonly Watched[], added: readonly Remembered[], nowMs: number): Memory => {
  const known = new Map(memory.events.map((event) => [event[0], event]));
  let news = false;
  for (const event of added) {
    const before = known.get(event[0]);
    if (before && !arrivedFirst(event, before)) continue;
    known.set(event[0], event);
    news = true;
  }
  if (!news) return memory;
  const all = [...known.values()].sort(byTime);
  const deciding = new Set(watched.flatMap((one) => decidingEvents(one, all, nowMs)));
  const kept = all.filter((event) => deciding.has(event) || event[3] >= nowMs - COPIES_MS);
  const after = bounded(kept, deciding, memory.lostMs);
  return isSame(after, memory) ? memory : after;
};

const arrivedFirst = (a: Remembered, b: Remembered): boolean => a[3] < b[3] || (a[3] === b[3] && a[2] < b[2]);
/** In event time; events of the same millisecond by their keys, so that the order of arrival makes no difference. */
const byTime = (a: Remembered, b: Remembered): number => a[2] - b[2] || (a[0] < b[0] ? -1 : 1);
const isSame = (a: Memory, b: Memory): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Those of the events, in event time, that may decide the condition now or later. */
const decidingEvents = ({ pattern, keeps }: Watched, events: readonly Remembered[], nowMs: number): Remembered[] => {
  const own = events.filter(([, type, , , properties]) => concerns(pattern, { type, properties }));
  if (keeps.kind === 'oldest') return own.slice(0, 1);
  if (keeps.kind === 'newest') {
    const future = own.findIndex(([, , timeMs]) => timeMs > nowMs);
    const past = future < 0 ? own.length : future;
    return own.slice(Math.max(0, past - keeps.count));
  }
  return own.filter(([, , timeMs]) => isWithin(keeps, timeMs, nowMs));
};

const isWithin = (keeps: Extract<Keeps, { kind: 'last' | 'between' }>, timeMs: number, nowMs: number): boolean =>
  keeps.kind === 'last' ? timeMs >= nowMs - keeps.ms : timeMs >= keeps.fromMs && timeMs < keeps.toMs;

/** Without what there is no room for: first the oldest of those that decide nothing, then the oldest of all. */
const bounded = (events: readonly Remembered[], deciding: ReadonlySet<Remembered>, lostMs?: number): Memory => {
  const lost = lostMs === undefined ? {} : { lostMs };
  let bytes = 2 + events.reduce((sum, event) => sum + sizeOf(event), 0);
  if (bytes <= MAX_MEMORY_BYTES) return { events, ...lost };
  const left = new Set(events);
  let newestLost = lostMs;
  for (const event of [...events.filter((one) => !deciding.has(one)), ...events.filter((one) => deciding.has(one))]) {
    if (bytes <= MAX_MEMORY_BYTES) break;
    left.delete(event);
    bytes -= sizeOf(event);
    if (deciding.has(event)) newestLost = Math.max(newestLost ?? event[2], event[2]);
  }
  return { events: [...left], ...(newestLost !== undefined && { lostMs: newestLost }) };
};
const sizeOf = (event: Remembered): number => Buffer.byteLength(JSON.stringify(event)) + 1;

/** Whether all events are remembered that decide the conditions at `nowMs`. */
export const isComplete = ({ events, lostMs }: Memory, watched: readonly Watched[], nowMs: number): boolean =>
  lostMs === undefined ||
  watched.every(({ pattern, keeps }) => {
    if (keeps.kind === 'last') return lostMs < nowMs - keeps.ms;
    if (keeps.kind === 'between') return lostMs < keeps.fromMs;
    if (keeps.kind === 'oldest') return false;
    const newer = events.filter(
      ([, type, timeMs, , properties]) => timeMs > lostMs && timeMs <= nowMs && concerns(pattern, { type, properties }),
    );
    return newer.length >= keeps.count;
  });

/** Epoch ms at which a memory that has lost events is complete again as time goes by; undefined: it is, or never will be. */
export const completeAgainMs = (memory: Memory, watched: readonly Watched[], nowMs: number): number | undefined => {
  if (memory.lostMs === undefined || isComplete(memory, watched, nowMs)) return undefined;
  const spans = watched.flatMap(({ keeps }) => (keeps.kind === 'last' ? [keeps.ms] : []));
  const atMs = memory.lostMs + Math.max(0, ...spans) + 1;
  return atMs > nowMs && isComplete(memory, watched, atMs) ? atMs : undefined;
};

/** Epoch ms from which on the memory of somebody who is no member decides nothing; undefined: it always may. */
export const forgettableMs = ({ events, lostMs }: Memory, watched: readonly Watched[]): number | undefined => {
  if (events.length > 0 && watched.some(({ keeps }) => keeps.kind !== 'last')) return undefined;
  const spans = watched.flatMap(({ keeps }) => (keeps.kind === 'last' ? [keeps.ms] : []));
  const times = [...events.map(([, , timeMs]) => timeMs), ...(lostMs === undefined ? [] : [lostMs])];
  return Math.max(0, ...times) + Math.max(COPIES_MS, ...spans);
};
