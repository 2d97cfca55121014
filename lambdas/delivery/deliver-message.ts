import {
  attemptedOf,
  holdUntil,
  isSettled,
  type LedgerRecord,
  markAttempted,
  openMarks,
  openOf,
  reopen,
  type Settled,
  settle,
  settledOf,
} from '../../core/delivery/ledger.ts';
import type { SendMessage, SnapshotRow } from '../../core/delivery/messages.ts';
import { nextStepOf, type Step, touchesToRelease } from '../../core/delivery/plan-batch.ts';
import { channelsOf } from '../../core/delivery/policy.ts';
import type { Outgoing, SendResult } from '../../core/delivery/sender.ts';
import { waitsFor } from '../../core/delivery/waiting.ts';
import { type Work, workOf } from '../../core/delivery/work.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { RetryLater } from '../middleware/retry-later.ts';
import type { Ports } from './ports.ts';
import { type Prepared, prepareRecipients } from './prepare-recipients.ts';
import type { Publication } from './publish.ts';
import { release } from './release-touch.ts';

/**
 * At this receive a provider that still does not take a message is given up and the next channel gets its turn: well before
 * the queue gives up the message, and sooner where the message is worth little when it is late.
 */
export const LAST_RECEIVE = { transactional: 5, promotional: 15 } as const;

/** A lease outlives the invocation that holds it by this much: a worker that is cut off writes nothing after it. */
const LEASE_MARGIN_MS = 5_000;
/** With less time left no provider is called: a call that hangs takes 13 s to give up, and its answer must be noted. */
const CALL_MS = 15_000;

/** As contact items are written for a batch. */
const PARALLEL_RELEASES = 25;

/** `receives`: how often the queue has given the message out. `leftMs`: how long this invocation may go on. */
export type Attempt = { receives: number; leftMs: () => number };

type Delivery = { ports: Ports; message: SendMessage; work: Work; plan: PlanVersion; step: Step } & {
  lastTry: boolean;
  leftMs: () => number;
};

/**
 * Sends one message of a send queue: to a batch of recipients, or to one. Returns what is to be published of it (see
 * publish.ts) before the message may leave the queue; throws RetryLater when another worker has it.
 *
 * Why twice is safe: the ledger record of the batch is claimed under a fencing token and says what was done with each
 * recipient. A recipient is marked before a provider may get it (promotional lane), and settled after; a mark without an
 * answer is never sent again. Touches, next-step messages, outcome rows and part progress have deterministic keys.
 */
export const deliverMessage = async (
  ports: Ports,
  message: SendMessage,
  { receives, leftMs }: Attempt,
): Promise<Publication> => {
  const work = workOf(message);
  const plan = await ports.planOf(message.plan);
  if (channelsOf(plan.channelPolicy)[work.step] !== ports.sender.channel) {
    throw new Error(`Step ${work.step} of ${plan.planId}@${plan.hash} is not ${ports.sender.channel}`);
  }
  const rows = await ports.rowsOf(message);
  const policy = plan.channelPolicy;
  const untaken: Step = {
    work,
    policy,
    lane: plan.lane,
    takenOver: false,
    heldUntil: () => undefined,
    nextStepOf: nextStepOf(message, rows, policy),
  };
  const first = await prepareFirst(ports, message, untaken, plan, rows, receives);
  const claimed = await ports.ledger.claim(work, first.marks, ports.now(), leftMs() + LEASE_MARGIN_MS);
  if (claimed === 'busy') throw new RetryLater(`Another worker has ${work.run} ${work.unit}`);

  const taken = { ...untaken, takenOver: claimed.token > 1 };
  const lastTry = receives >= LAST_RECEIVE[plan.lane];
  const delivery: Delivery = { ports, message, work, plan, step: taken, lastTry, leftMs };
  const prepared = taken.takenOver ? undefined : first.prepared;
  const { record, messageIds } = await send(delivery, claimed, rows, prepared);
  const step: Step = { ...taken, heldUntil: (index) => record.due?.[index] };
  const profileIdOf = (index: number) =>
    message.kind === 'direct' ? message.profileId : (rows[index]?.profileId ?? '');
  const settled = settledOf(record, 'unpublished');
  for (const [index, reason] of settled) {
    if (reason !== 'opted-out') continue;
    await ports.contacts.suppress(profileIdOf(index), ports.sender.channel, { reason, atMs: ports.now() });
  }
  for (const index of touchesToRelease(settled, step)) await release(ports, profileIdOf(index), work.touchKey);
  return { message, plan, step, record, profileIdOf, messageIds };
};

/**
 * What can be prepared before the claim, and the marks to claim with: in the promotional lane, a batch of people who come
 * from an earlier channel and still hold their touch. Nothing is written for them, so preparing them is of no consequence
 * until they are marked, and the claim can mark them itself. Such batches are small, and a write of its own is dear.
 */
const prepareFirst = async (
  ports: Ports,
  message: SendMessage,
  step: Step,
  plan: PlanVersion,
  rows: readonly (SnapshotRow | undefined)[],
  receives: number,
): Promise<{ marks: string; prepared?: Prepared }> => {
  const { work } = step;
  const open = { token: 0, leaseUntilMs: 0, marks: openMarks(work.count, work.only) };
  const indexes = openOf(open);
  // A message that comes again has a record, which knows better.
  const fits = plan.lane === 'promotional' && receives === 1 && indexes.length <= ports.sender.chunk;
  if (!fits || !indexes.every((index) => work.earlierOf(index).touched)) return { marks: open.marks };
  const prepared = await prepareRecipients(ports, message, step, plan, rows, indexes, { mayReserve: false });
  if (prepared.lacking || prepared.due.size > 0) return { marks: open.marks };
  const marked = markAttempted(
    settle(open, prepared.settled),
    prepared.ready.map(({ key }) => key),
  );
  return { marks: marked.marks, prepared };
};

/** Where a worker died during a provider call: promotional messages choose at most once, transactional at least once. */
const afterCrash = (record: LedgerRecord, { lane }: PlanVersion): LedgerRecord => {
  const inDoubt = attemptedOf(record);
  return lane === 'promotional'
    ? settle(record, new Map(inDoubt.map((index) => [index, 'unknown-after-crash'])))
    : reopen(record, inDoubt);
};

/** Gates, renders, reserves and sends whoever is open, or is `marked` in the claim. The record that it returns is saved. */
const send = async (
  delivery: Delivery,
  claimed: LedgerRecord,
  rows: readonly (SnapshotRow | undefined)[],
  marked: Prepared | undefined,
): Promise<{ record: LedgerRecord; messageIds: Map<number, string> }> => {
  const { ports, message, work, plan, step, leftMs } = delivery;
  const messageIds = new Map<number, string>(claimed.messageId ? [[0, claimed.messageId]] : []);
  if (!marked && isSettled(claimed)) return { record: claimed, messageIds };
  const resumed = marked ? claimed : afterCrash(claimed, plan);
  const prepared =
    marked ?? (await prepareRecipients(ports, message, step, plan, rows, openOf(resumed), { mayReserve: true }));
  let record = holdUntil(settle(resumed, prepared.settled), prepared.due);
  let untouched: Outgoing[] = [];
  for (let at = 0; at < prepared.ready.length; at += ports.sender.chunk) {
    const chunk = prepared.ready.slice(at, at + ports.sender.chunk);
    const isPaused = (await ports.pauseOf(message.plan)) !== undefined;
    if (isPaused || leftMs() < CALL_MS) {
      const rest = prepared.ready.slice(at);
      record = reopen(
        record,
        rest.map(({ key }) => key),
      );
      if (isPaused) untouched = rest.filter(({ key }) => !work.earlierOf(key).touched);
      break;
    }
    if (plan.lane === 'promotional' && !marked) {
      record = markAttempted(
        record,
        chunk.map(({ key }) => key),
      );
      await ports.ledger.save(work, record);
    } else if (at > 0) {
      await ports.ledger.save(work, record);
    }
    const results = await ports.sender.send(chunk, plan.lane);
    record = note(delivery, record, chunk, results, messageIds);
    // A provider that is to be asked again for all of them is not asked at once. Who moves on instead is not waited with.
    const open = new Set(openOf(record));
    if (chunk.every(({ key }) => open.has(key))) break;
  }
  const last = isSettled(record) ? givenBack(message, record, messageIds) : record;
  await ports.ledger.save(work, last);
  // A message that waits, perhaps for days, must not keep others out by its touch; when it goes on the gate decides anew. Who
  // came with a touch from an earlier channel keeps it: the message says that they may have one.
  await inParallel(PARALLEL_RELEASES, untouched, ({ profileId }) => release(ports, profileId, work.touchKey));
  return { record: last, messageIds };
};

/**
 * The last write of a record: it gives the lease back at once, for all that is left to do can be repeated from the record.
 * A record of one message keeps its provider's id.
 */
const givenBack = (
  { kind }: SendMessage,
  record: LedgerRecord,
  messageIds: ReadonlyMap<number, string>,
): LedgerRecord => {
  const messageId = kind === 'direct' ? messageIds.get(0) : undefined;
  return { ...record, leaseUntilMs: 0, ...(messageId && { messageId }) };
};

/** Settles what the provider answered; whom it asks to come again is open again. Of whom it took, something may be waited for. */
const note = (
  { ports, plan, step, lastTry }: Delivery,
  record: LedgerRecord,
  chunk: readonly Outgoing[],
  results: ReadonlyMap<number, SendResult>,
  messageIds: Map<number, string>,
): LedgerRecord => {
  const settled = new Map<number, Settled>();
  const due = new Map<number, number>();
  const again: number[] = [];
  for (const { key } of chunk) {
    const result = results.get(key) ?? { status: 'unknown', reason: 'no answer for this address' };
    if (result.status === 'sent') {
      settled.set(key, '');
      messageIds.set(key, result.messageId);
      const wait = waitsFor(step, key);
      if (wait) due.set(key, ports.now() + wait.ms);
    } else if (result.status === 'refused') {
      settled.set(key, result.reason);
    } else if (result.status === 'unknown' && plan.lane === 'promotional') {
      settled.set(key, 'unknown-after-crash');
    } else if (lastTry || (result.fault === 'breaker' && step.nextStepOf(key) !== undefined)) {
      // Behind an open breaker nobody waits who has another channel.
      settled.set(key, 'provider-unavailable');
    } else {
      again.push(key);
    }
  }
  return reopen(holdUntil(settle(record, settled), due), again);
};
