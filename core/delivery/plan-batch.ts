import { type Channel, type Lane, reachableStep } from './channel.ts';
import type { Reason, Settled } from './ledger.ts';
import type { Earlier, SendMessage, SnapshotRow } from './messages.ts';
import { FAIL_REASONS, type OutcomeRow } from './outcome.ts';
import type { Work } from './work.ts';

/** Reasons that concern one channel only (D2): the next channel of the policy is tried. Any other ends the message. */
const MOVES_ON: ReadonlySet<Reason> = new Set<Reason>([
  'no-address',
  'no-consent',
  'suppressed',
  'channel-cap',
  'opted-out',
  'address-refused',
  'provider-refused',
  'provider-unavailable',
]);
const FAILED: ReadonlySet<Reason> = new Set<Reason>(FAIL_REASONS);

/**
 * True when this message may hold a touch of the person: it came to a provider, here or on an earlier channel, or a
 * worker died that may have reserved it. Nobody else can tell without a read, and reading everybody would cost too much.
 */
const mayHoldTouch = (settled: Reason, earlier: Earlier, takenOver: boolean): boolean =>
  earlier.touched === true || FAILED.has(settled) || takenOver;

/** What a message and its plan say. */
export type Step = {
  work: Work;
  policy: readonly Channel[];
  lane: Lane;
  takenOver: boolean;
  /** The later step that may reach a recipient; undefined: none. The same whenever it is asked. */
  nextStepOf: (index: number) => number | undefined;
};

/**
 * Where those whom this channel cannot reach go on. A snapshot's rows never change, so a step without an address is left
 * out. The profile of a real-time message may change between two tries, and both must go on alike: it takes each step.
 */
export const nextStepOf =
  (message: SendMessage, rows: readonly (SnapshotRow | undefined)[], policy: readonly Channel[]) =>
  (index: number): number | undefined => {
    const next = message.step + 1;
    const row = message.kind === 'snapshot' ? rows[index] : undefined;
    return row ? reachableStep(policy, row, next) : next < policy.length ? next : undefined;
  };

const movesOn = (settled: Settled, index: number, step: Step): boolean =>
  settled !== '' && MOVES_ON.has(settled) && step.nextStepOf(index) !== undefined;

/**
 * Recipients whose touch must be given back: the message ends here, no channel took it. One that a provider may have
 * taken (`unknown-after-crash`) keeps its touch.
 */
export const touchesToRelease = (settled: ReadonlyMap<number, Settled>, step: Step) =>
  [...settled].flatMap(([index, reason]) => {
    const { work, lane, takenOver } = step;
    if (lane === 'transactional' || reason === '' || reason === 'unknown-after-crash') return [];
    if (movesOn(reason, index, step)) return [];
    return mayHoldTouch(reason, work.earlierOf(index), takenOver) ? [index] : [];
  });

/**
 * The message for those who move on, or undefined when the batch ends here. It is one message, to the first step that may
 * reach any of them, so that a batch is done when its last message is. The same record gives the same message; after
 * a takeover it may ask for a few more looks.
 */
export const nextMessage = <M extends SendMessage>(
  message: M,
  settled: ReadonlyMap<number, Settled>,
  from: Step,
): M | undefined => {
  const { work, lane, takenOver } = from;
  const moved = [...settled].filter(([index, reason]) => movesOn(reason, index, from));
  if (moved.length === 0) return undefined;
  const notes = moved.flatMap(([index, reason]): [number, Earlier][] => {
    const before = work.earlierOf(index);
    const touched = lane === 'promotional' && mayHoldTouch(reason as Reason, before, takenOver);
    const last = lastWord(reason as Reason, work.step, before);
    const note: Earlier = {
      ...(last.reason !== 'no-address' && last),
      ...(touched && { touched }),
    };
    return Object.keys(note).length > 0 ? [[index, note]] : [];
  });
  const { earlier: _, ...rest } = message;
  return {
    ...rest,
    step: Math.min(...moved.map(([index]) => from.nextStepOf(index) ?? Number.POSITIVE_INFINITY)),
    ...(message.kind === 'snapshot' && { only: moved.map(([index]) => index) }),
    ...(notes.length > 0 && { earlier: message.kind === 'snapshot' ? Object.fromEntries(notes) : notes[0]?.[1] }),
  } as M;
};

/** The reason of the last channel that had an address; `no-address` only when none had. */
const lastWord = (reason: Reason, step: number, before: Earlier): { reason: Reason; step: number } =>
  reason === 'no-address' && before.reason !== undefined
    ? { reason: before.reason, step: before.step ?? 0 }
    : { reason, step };

type PlanNames = { planKind: 'campaign' | 'trigger'; planId: string };

/** One row per settled recipient. A row that leaves a channel for the next one says why; the other rows are final. */
export const outcomeRows = (
  settled: ReadonlyMap<number, Settled>,
  profileIdOf: (index: number) => string,
  messageIds: ReadonlyMap<number, string>,
  from: Step,
  { planKind, planId }: PlanNames,
  atMs: number,
): OutcomeRow[] =>
  [...settled].map(([index, own]) => {
    const { work, policy } = from;
    const final = !movesOn(own, index, from);
    const { reason, step } =
      own !== '' && final ? lastWord(own, work.step, work.earlierOf(index)) : { reason: own, step: work.step };
    const profileId = profileIdOf(index);
    return {
      outcome_id: work.outcomeIdOf(profileId),
      plan_kind: planKind,
      plan_id: planId,
      run_id: work.run,
      profile_id: profileId,
      channel: final && reason === 'no-address' ? 'none' : (policy[step] ?? 'none'),
      outcome: reason === '' ? 'sent' : FAILED.has(reason) ? 'failed' : 'skipped',
      reason,
      final,
      at_ms: atMs,
      message_id: messageIds.get(index) ?? '',
      event_id: work.eventId,
    };
  });
