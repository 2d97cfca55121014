import type { AcceptedEvent } from '../event/event.ts';
import { MESSAGE_TYPES } from '../event/own-event.ts';
import type { FailReason, SkipReason } from './outcome.ts';
import type { Heard } from './policy.ts';

/** What a message may belong to. Of a journey each message node is frozen by itself. The order is part of every receipt's ref. */
export const PLAN_KINDS = ['campaign', 'trigger', 'test', 'journey'] as const;
export type PlanKind = (typeof PLAN_KINDS)[number];

/**
 * Which plan version a message belongs to. `hash` names the frozen content (see core/strategy/plan-version.ts). A `test` is a message of
 * no plan, to see a template: its id is that of the template.
 */
export type PlanRef = { kind: PlanKind; id: string; hash: string };

/**
 * What earlier channels of the policy said about a recipient. `reason` and `step` are of the last channel that had an
 * address; `touched` says that a touch may be reserved, to be given back if no channel takes the message.
 */
export type Earlier = {
  reason?: SkipReason | FailReason;
  step?: number;
  touched?: true;
  /** Steps whose channels took the message, so that it was sent, whatever the later ones say. */
  taken?: number[];
  /** What is to be heard of the last of them before the next channel gets its turn. `unit`: the ledger record that it was sent in. */
  awaits?: { what: Heard; unit: string; sentMs: number };
};

/**
 * Where a recipient goes on who is not wanted yet: at which step, and not before when (epoch ms; 0: at once, behind the others).
 */
export type Later = { step: number; dueMs: number };

/** What the messages of one chain have in common: a batch, or a person, has at most one of them under way at a time. */
export type Link = {
  /** Index into the plan's channel policy; the queue is that channel's. */
  step: number;
  /** How often the chain has come back to a step that it had been at; absent: never. */
  round?: number;
  /** Epoch ms before which nothing is to be done; absent: at once. */
  dueMs?: number;
  /** Of a message that a rate has put off: epoch ms at which its turn seemed to be. */
  turnMs?: number;
  /** Epoch ms after which the message is no longer worth sending; absent: it always is. */
  deadlineMs?: number;
};

/** A pointer to at most 100 recipients: a byte range of a snapshot part (NDJSON of SnapshotRow). */
export type SnapshotMessage = Link & {
  kind: 'snapshot';
  plan: PlanRef;
  runId: string;
  /** S3 key of the part in the work bucket. */
  part: string;
  /** Number of this batch within its part, from 0. */
  batch: number;
  offset: number;
  bytes: number;
  count: number;
  /** Indexes (0..count-1) of the recipients still wanted at this step; absent: all. */
  only?: number[];
  /** By index, those who are wanted at another step, or later: the message's follower takes them along. */
  later?: Record<number, Later>;
  /** By index, for the recipients of `only` and `later` of whom there is something to say. */
  earlier?: Record<number, Earlier>;
};

/** A real-time message: it carries its recipient and the event that caused it. */
export type DirectMessage = Link & {
  kind: 'direct';
  plan: PlanRef;
  profileId: string;
  /** Of a test: whom it is for, who needs no profile. */
  to?: SnapshotRow;
  event: AcceptedEvent;
  /**
   * What a trigger's window found: `value` for the template (`{{ window.value }}`; only counts, sums, least and greatest
   * have one). `firing` names the occasion: of a person, a trigger and an occasion there is one message, whichever event
   * asked for it.
   */
  window?: { value?: number; firing: string };
  deadlineMs: number;
  earlier?: Earlier;
};

/** Body of a message in a send queue. */
export type SendMessage = SnapshotMessage | DirectMessage;

/** True when a trigger asks for the message because of what became of another one. Journeys have rules for who enters again. */
export const isByMessage = (message: SendMessage): boolean =>
  message.kind === 'direct' && message.plan.kind === 'trigger' && message.event.type.startsWith(MESSAGE_TYPES);

/** Recipients per pointer message, and per ledger item. */
export const BATCH_SIZE = 100;
/** Recipients per snapshot part. */
export const PART_SIZE = 10_000;

/** What the profile id in the outcome of somebody begins with who was erased; the rest names the place in the snapshot. */
export const ERASED = 'erased:';

/** One line of a snapshot part: the fields that rendering and the gate need, nothing else. */
export type SnapshotRow = {
  profileId: string;
  email?: string;
  phone?: string;
  /** Of every device, one a line: see core/audience/device.ts. */
  pushToken?: string;
  wechatOpenId?: string;
  timeZone?: string;
  locale?: string;
  /** Only the attributes that the plan's template names. */
  attributes: Record<string, unknown>;
  /** No consent was known when the snapshot was made: a look is cheaper than a write that is likely to be refused. */
  lookFirst?: true;
  /** The person was erased: nothing is known but that somebody was here, in a line of so many bytes. */
  erased?: number;
};
