import { MAX_EVENT_BYTES } from './chunk.ts';
import { type AcceptedEvent, eventInput } from './event.ts';
import { type Hazard, hazardOf } from './hazard.ts';
import { anonymousProfileId } from './identity.ts';

/** Why one event of a call is refused. The list is closed: apps branch on it. */
export type RefusalReason = 'not-an-object' | 'too-large' | 'invalid-field' | 'time-in-future' | Hazard['reason'];

/** What became of one event of a call. `path` and `message` say where and what is wrong. */
export type EventResult =
  | { index: number; id: string; status: 'accepted'; reason?: 'duplicate' }
  | { index: number; id?: string; status: 'refused'; reason: RefusalReason; path?: string; message?: string };

/** Clocks of apps may be ahead by at most this much. */
export const MAX_AHEAD_MS = 86_400_000;

/**
 * Judges each value on its own: a bad event never costs its neighbours. An id that the same call already carried is
 * accepted but taken once (`duplicate`). `defaultTimeMs`: when an event happened that does not say so. Never throws, whatever
 * JSON.parse may have made.
 */
export const acceptEvents = (
  values: readonly unknown[],
  source: string,
  nowMs: number,
  defaultTimeMs = nowMs,
): { events: AcceptedEvent[]; results: EventResult[] } => {
  const events: AcceptedEvent[] = [];
  const ids = new Set<string>();
  const results = values.map((value, index): EventResult => {
    const judged = acceptEvent(value, source, nowMs, defaultTimeMs);
    if ('refusal' in judged) return { index, ...idOf(value), status: 'refused', ...judged.refusal };
    const { id } = judged.event;
    if (ids.has(id)) return { index, id, status: 'accepted', reason: 'duplicate' };
    ids.add(id);
    events.push(judged.event);
    return { index, id, status: 'accepted' };
  });
  return { events, results };
};

type Refusal = { reason: RefusalReason; path?: string; message?: string };

const acceptEvent = (
  value: unknown,
  source: string,
  nowMs: number,
  defaultTimeMs: number,
): { event: AcceptedEvent } | { refusal: Refusal } => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { refusal: { reason: 'not-an-object' } };
  }
  const hazard = hazardOf(value);
  if (hazard) return { refusal: hazard };
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > MAX_EVENT_BYTES) {
    return { refusal: { reason: 'too-large', message: `${bytes} bytes; at most ${MAX_EVENT_BYTES}` } };
  }
  const parsed = eventInput.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = issue?.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : (issue?.path ?? []);
    const message = issue?.code === 'unrecognized_keys' ? 'Unknown field' : (issue?.message ?? 'Invalid input');
    return { refusal: { reason: 'invalid-field', path: at.join('.'), message } };
  }
  const { id, type, anonymousId, time, properties = {} } = parsed.data;
  const { profileId = anonymousProfileId(anonymousId ?? '') } = parsed.data;
  const timeMs = time === undefined ? defaultTimeMs : Date.parse(time);
  if (Number.isNaN(timeMs)) return { refusal: { reason: 'invalid-field', path: 'time', message: 'No such date' } };
  if (timeMs > nowMs + MAX_AHEAD_MS) return { refusal: { reason: 'time-in-future', path: 'time' } };
  const person = { profileId, ...(anonymousId !== undefined && { anonymousId }) };
  return { event: { id, type, ...person, source, timeMs, receivedMs: nowMs, properties } };
};

/** The id, as far as the caller gave one that may be shown. */
const idOf = (value: unknown): { id?: string } => {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
  return typeof id === 'string' && id.length <= 128 ? { id: id.toWellFormed() } : {};
};
