import { type Lane, reachableStep } from './channel.ts';
import type { Reason, Settled } from './ledger.ts';
import type { Earlier, Later, SendMessage, SnapshotMessage, SnapshotRow } from './messages.ts';
import { FAIL_REASONS, type OutcomeRow } from './outcome.ts';
import { channelOf, channelsOf, type PolicyStep } from './policy.ts';
import { awaitsUntil } from './waiting.ts';
import type { Work } from './work.ts';

/** Reasons that concern one channel only (D2): the next channel of the policy is tried. Any other ends the message. */
export const MOVES_ON: ReadonlySet<Reason> = new Set<Reason>([
  'no-address',
  'no-consent',
  'suppressed',
  'channel-cap',
  'over-budget',
  'opted-out',
  'address-refused',
  'provider-refused',
  'provider-unavailable',
  'not-delivered',
  'not-opened',
]);
const FAILED: ReadonlySet<Reason> = new Set<Reason>(FAIL_REASONS);

/**
 * True when this message may hold a touch of the person: it came to a provider, here or on an earlier channel, or a
 * worker died that may have reserved it. Nobody else can tell without a read, and reading everybody would cost too much.
 */
const mayHoldTouch = (settled: Reason, earlier: Earlier, takenOver: boolean): boolean =>
  earlier.touched === true || FAILED.has(settled) || takenOver;

/** What a message, its plan and its record say. */
export type Step = {
  work: Work;
  policy: readonly PolicyStep[];
  lane: Lane;
  takenOver: boolean;
  /** The later step that may reach a recipient; undefined: none. The same whenever it is asked. */
  nextStepOf: (index: number) => number | undefined;
  /** Who is put off, or waited for, and until when (epoch ms): they come again at this step. */
  heldUntil: (index: number) => number | undefined;
};

/**
 * Where those whom this channel cannot reach go on. A snapshot's rows never change, so a step without an address is left
 * out. The profile of a real-time message may change between two tries, and both must go on alike: it takes each step.
 */
export const nextStepOf =
  (message: SendMessage, rows: readonly (SnapshotRow | undefined)[], policy: readonly PolicyStep[]) =>
  (index: number): number | undefined => {
    const next = message.step + 1;
    const row = message.kind === 'snapshot' ? rows[index] : undefined;
    return row ? reachableStep(channelsOf(policy), row, next) : next < policy.length ? next : undefined;
  };

/** Where a recipient goes on for whom this step is settled; undefined: this is the end. */
const onward = (settled: Settled, index: number, step: Step): Later | undefined => {
  const dueMs = step.heldUntil(index);
  if (dueMs !== undefined) return { step: step.work.step, dueMs };
  const next = settled !== '' && MOVES_ON.has(settled) ? step.nextStepOf(index) : undefined;
  return next === undefined ? undefined : { step: next, dueMs: 0 };
};

const movesOn = (settled: Settled, index: number, step: Step): boolean => onward(settled, index, step) !== undefined;

/**
 * Recipients whose touch must be given back: the message ends here, no channel took it. One that a provider may have
 * taken (`unknown-after-crash`) keeps its touch.
 */
export const touchesToRelease = (settled: ReadonlyMap<number, Settled>, step: Step) =>
  [...settled].flatMap(([index, reason]) => {
    const { work, lane, takenOver } = step;
    if (lane === 'transactional' || reason === '' || reason === 'unknown-after-crash') return [];
    if (movesOn(reason, index, step) || work.earlierOf(index).taken) return [];
    return mayHoldTouch(reason, work.earlierOf(index), takenOver) ? [index] : [];
  });

/** What a later step is told about somebody who goes on. Being put off is no word of the channel. */
const noteOn = (settled: Settled, index: number, { work, lane, takenOver, heldUntil, policy }: Step): Earlier => {
  const before = work.earlierOf(index);
  const dueMs = heldUntil(index);
  const isSent = settled === '';
  const touched = lane === 'promotional' && (isSent || mayHoldTouch(settled, before, takenOver));
  const last = isSent || dueMs !== undefined ? before : lastWord(settled, work.step, before);
  const taken = isSent && !before.awaits ? [...(before.taken ?? []), work.step] : before.taken;
  const awaits = isSent && dueMs !== undefined && awaitsUntil(policy[work.step], before.awaits, work.unit, dueMs);
  return {
    ...(last.reason !== undefined && last.reason !== 'no-address' && { reason: last.reason, step: last.step ?? 0 }),
    ...(touched && { touched }),
    ...(taken && { taken }),
    ...(awaits && { awaits }),
  };
};

/** Who is due within so long after the first goes with them: waking a batch costs the same for one as for all. */
const GATHER_MS = 60_000;

type Going = Later & { index: number; note: Earlier };

/**
 * The one message for all of the batch for whom there is more to do, or undefined when the batch ends here: so it is done when
 * its last message is. It goes to the step, and waits until the time, of who is due first; the others it takes along. The
 * same record gives the same message; after a takeover it may ask for a few more looks.
 */
export const nextMessage = <M extends SendMessage>(
  message: M,
  settled: ReadonlyMap<number, Settled>,
  from: Step,
): M | undefined => {
  const going: Going[] = [
    ...[...settled].flatMap(([index, reason]) => {
      const on = onward(reason, index, from);
      return on ? [{ ...on, index, note: noteOn(reason, index, from) }] : [];
    }),
    ...laterOf(message).map(([index, later]) => ({ ...later, index, note: from.work.earlierOf(index) })),
  ];
  if (going.length === 0) return undefined;
  const firstMs = Math.min(...going.map(({ dueMs }) => dueMs));
  const due = going.filter(({ dueMs }) => dueMs <= firstMs + GATHER_MS);
  const step = Math.min(...due.map((one) => one.step));
  const first = due.filter((one) => one.step === step);
  const others = going.filter((one) => !first.includes(one));
  const notes = going.filter(({ note }) => Object.keys(note).length > 0).map(({ index, note }) => [index, note]);
  const dueMs = Math.max(...first.map((one) => one.dueMs));
  const {
    earlier: _earlier,
    dueMs: _dueMs,
    turnMs: _turnMs,
    only: _only,
    later: _later,
    ...rest
  } = message as SendMessage & SnapshotMessage;
  return {
    ...rest,
    step,
    ...(step <= message.step && { round: (message.round ?? 0) + 1 }),
    ...(dueMs > 0 && { dueMs }),
    ...(message.kind === 'snapshot' && { only: first.map(({ index }) => index) }),
    ...(others.length > 0 && { later: Object.fromEntries(others.map(({ index, ...on }) => [index, laterFrom(on)])) }),
    ...(notes.length > 0 && { earlier: message.kind === 'snapshot' ? Object.fromEntries(notes) : notes[0]?.[1] }),
  } as M;
};

const laterFrom = ({ step, dueMs }: Later): Later => ({ step, dueMs });
const laterOf = (message: SendMessage): [number, Later][] =>
  message.kind === 'snapshot'
    ? Object.entries(message.later ?? {}).map(([index, later]) => [Number(index), later])
    : [];

/** The reason of the last channel that had an address; `no-address` only when none had. */
const lastWord = (reason: Reason, step: number, before: Earlier): { reason: Reason; step: number } =>
  reason === 'no-address' && before.reason !== undefined
    ? { reason: before.reason, step: before.step ?? 0 }
    : { reason, step };

/** How it ended: sent, when any channel took it. */
const lastWords = (own: Settled, step: number, before: Earlier): { reason: Settled; step: number } => {
  const taken = before.taken?.at(-1);
  if (own === '') return { reason: '', step };
  return taken === undefined ? lastWord(own, step, before) : { reason: '', step: taken };
};

type PlanNames = { planKind: Exclude<OutcomeRow['plan_kind'], ''>; planId: string; variant?: string };

/** One row per settled recipient. A row that leaves a channel for the next one says why; the other rows are final. */
export const outcomeRows = (
  settled: ReadonlyMap<number, Settled>,
  profileIdOf: (index: number) => string,
  messageIds: ReadonlyMap<number, string>,
  from: Step,
  { planKind, planId, variant }: PlanNames,
  atMs: number,
): OutcomeRow[] =>
  [...settled].map(([index, own]) => {
    const { work, policy } = from;
    const final = !movesOn(own, index, from);
    const { reason, step } = final
      ? lastWords(own, work.step, work.earlierOf(index))
      : { reason: own, step: work.step };
    const channel = policy[step];
    const profileId = profileIdOf(index);
    return {
      outcome_id: work.outcomeIdOf(profileId),
      plan_kind: planKind,
      plan_id: planId,
      run_id: work.run,
      profile_id: profileId,
      channel: !channel || (final && reason === 'no-address') ? 'none' : channelOf(channel),
      outcome: reason === '' ? 'sent' : FAILED.has(reason) ? 'failed' : 'skipped',
      reason,
      final,
      at_ms: atMs,
      message_id: messageIds.get(index) ?? '',
      event_id: work.eventId,
      ...(variant !== undefined && { variant }),
    };
  });
