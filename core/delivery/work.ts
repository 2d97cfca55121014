import { createHash } from 'node:crypto';
import type { Earlier, Link, PlanKind, SendMessage } from './messages.ts';
import { touchKey } from './touch.ts';

/** A send message as the ledger and the sender see it: a batch of recipients at one step, or a batch of one. */
export type Work = {
  /** Key of its record in the ledger. */
  run: string;
  unit: string;
  count: number;
  step: number;
  /** Indexes wanted at this step; absent: all. */
  only?: readonly number[];
  eventId: string;
  earlierOf: (index: number) => Earlier;
  /** Names the batch, or the person's message, at whichever step. */
  batch: string;
  /** Key of the touch: the same at every step, so falling back to another channel counts once. */
  touchKey: string;
  outcomeIdOf: (profileId: string) => string;
};

/** Run of messages that each have an occasion of their own: all of a trigger share it, and all of a journey. */
export const occasionRun = (kind: Exclude<PlanKind, 'campaign'>, id: string): string => `${RUN_LETTERS[kind]}#${id}`;
const RUN_LETTERS = { trigger: 't', test: 't', journey: 'j' } as const;

/** Name of a part within its run: the last segment of its key, without extension. */
const partName = (key: string): string => key.slice(key.lastIndexOf('/') + 1).replace(/\.ndjson$/, '');
/** Ledger unit that counts the batches of a part. */
export const partUnit = (key: string): string => `p#${partName(key)}`;

/** Keeps `#` a separator, whatever characters an id has. */
export const escaped = (id: string): string => id.replaceAll('%', '%25').replaceAll('#', '%23');

/** A sort key has at most 1,024 bytes. Longer ids are possible (any script, and sources of EventBridge), so they are hashed. */
const MAX_KEY_BYTES = 1_000;
const bounded = (key: string): string =>
  Buffer.byteLength(key) <= MAX_KEY_BYTES ? key : `h#${createHash('sha256').update(key).digest('base64url')}`;

/** True when the key of a ledger record, which an id of a person is part of in the run of a trigger or a journey, names one of these. */
export const namesPerson = (run: string, unit: string, ids: ReadonlySet<string>): boolean => {
  const parts = unit.split('#').map((part) => part.replaceAll('%23', '#').replaceAll('%25', '%'));
  if (!/^[tj]#/.test(run) || parts.length !== 4) return false;
  // A window's is w, person, firing and step; an event's is source, id, person and step. What could be either is read as a
  // window's: an event of a source that is called w is left to the table's TTL, rather than somebody else's record touched.
  return ids.has(parts[parts[0] === 'w' ? 1 : 2] ?? '');
};

/** Names the message among those of its chain. */
const place = ({ step, round }: Link): string => (round ? `${step}.${round}` : `${step}`);

export const workOf = (message: SendMessage): Work => {
  const { step } = message;
  const at = place(message);
  if (message.kind === 'snapshot') {
    const { runId: run, part, batch, count, only, earlier = {} } = message;
    return {
      run,
      unit: `b#${partName(part)}#${batch}#${at}`,
      count,
      step,
      ...(only && { only }),
      eventId: '',
      earlierOf: (index) => earlier[index] ?? {},
      batch: `${run}#${partName(part)}#${batch}`,
      touchKey: touchKey(run),
      outcomeIdOf: (profileId) => `${run}#${escaped(profileId)}#${at}`,
    };
  }
  const { plan, profileId, event, window, earlier = {} } = message;
  const run = occasionRun(plan.kind === 'campaign' ? 'trigger' : plan.kind, plan.id);
  // What fired a window is one occasion, whichever of two racing events made it fire.
  const once = bounded(
    (window ? ['w', profileId, window.firing] : [event.source, event.id, profileId]).map(escaped).join('#'),
  );
  return {
    run,
    unit: `${once}#${at}`,
    count: 1,
    step,
    eventId: event.id,
    earlierOf: () => earlier,
    batch: `${run}#${once}`,
    touchKey: touchKey(`${run}#${once}`),
    outcomeIdOf: () => `${run}#${once}#${at}`,
  };
};
