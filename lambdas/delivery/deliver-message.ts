import {
  attemptedOf,
  holdUntil,
  isSettled,
  type LedgerRecord,
  markAttempted,
  openMarks,
  openOf,
  reopen,
  settle,
  settledOf,
} from '../../core/delivery/ledger.ts';
import type { SendMessage, SnapshotRow } from '../../core/delivery/messages.ts';
import { nextStepOf, type Step, touchesToRelease } from '../../core/delivery/plan-batch.ts';
import { channelsOf } from '../../core/delivery/policy.ts';
import type { Outgoing } from '../../core/delivery/sender.ts';
import { workOf } from '../../core/delivery/work.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { RetryLater } from '../middleware/retry-later.ts';
import type { Pace, PutOff } from './pacer.ts';
import { paceOf, putBackOf } from './pacing.ts';
import type { Ports } from './ports.ts';
import { type Prepared, prepareRecipients } from './prepare-recipients.ts';
import type { Publication } from './publish.ts';
import { release } from './release-touch.ts';
import { CALL_MS, type Sending, sendGroup } from './send-group.ts';

/**
 * At this receive a provider that still does not take a message is given up and the next channel gets its turn: well before
 * the queue gives up the message, and sooner where the message is worth little when it is late.
 */
export const LAST_RECEIVE = { transactional: 5, promotional: 15 } as const;

/** For how long an invocation may wait. */
const usableMs = ({ leftMs }: Pick<Attempt, 'leftMs'>): number => leftMs() - CALL_MS - PREPARE_MS;

/** A lease outlives the invocation that holds it by this much: a worker that is cut off writes nothing after it. */
const LEASE_MARGIN_MS = 5_000;
/** A batch of 100 text messages takes about 2 s, a hanging call 13 s. With less time left none is begun: it comes again. */
const ENOUGH_MS = 18_000;
/** Between the instant at which somebody may be sent to and the call: gate, rendering, two writes. */
const PREPARE_MS = 1_000;
const AT_ONCE_MS = 1_000;

/** As contact items are written for a batch. */
const PARALLEL_RELEASES = 25;

/** `receives`: how often the queue has given the message out. `leftMs`: how long this invocation may go on. */
export type Attempt = { receives: number; leftMs: () => number };

/** `paced`: what says how many may go now, and that of the `first` ones it has said so. Absent: all may. */
type Delivery = Sending & { paced?: { pace: Pace; first: number } };

/**
 * Sends one message of a send queue: to a batch of recipients, or to one. Returns what is to be published of it (see
 * publish.ts) before the message may leave the queue, or that it has put it back; throws RetryLater when another worker has it.
 *
 * Why twice is safe: the ledger record of the batch is claimed under a fencing token and says what was done with each
 * recipient. A recipient is marked before a provider may get it (promotional lane), and settled after; a mark without an
 * answer is never sent again. Touches, next-step messages, outcome rows and part progress have deterministic keys.
 */
export const deliverMessage = async (
  ports: Ports,
  message: SendMessage,
  attempt: Attempt,
): Promise<Publication | 'put-back'> => {
  const work = workOf(message);
  const plan = await ports.planOf(message.plan);
  if (channelsOf(plan.channelPolicy)[work.step] !== ports.sender.channel) {
    throw new Error(`Step ${work.step} of ${plan.planId}@${plan.hash} is not ${ports.sender.channel}`);
  }
  // First of all: who has to wait has nothing read, claimed or reserved meanwhile.
  const pace = await paceOf(ports, message, plan, work);
  try {
    const first = await pace?.next(work.only?.length ?? work.count, usableMs(attempt));
    if (typeof first === 'object') {
      await ports.putBack(plan.lane, [putBackOf(message, first, ports.now())]);
      return 'put-back';
    }
    const paced = pace && first !== undefined && { pace, first };
    return await deliver(ports, message, { ...attempt, work, plan, ...(paced && { paced }) });
  } finally {
    pace?.end();
  }
};

const deliver = async (
  ports: Ports,
  message: SendMessage,
  { receives, leftMs, work, plan, paced }: Attempt & Pick<Delivery, 'work' | 'plan' | 'paced'>,
): Promise<Publication> => {
  if (!paced && leftMs() < ENOUGH_MS) throw new RetryLater(`Only ${leftMs()} ms are left of this invocation`);
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
  const first = await prepareFirst(ports, message, untaken, plan, rows, receives === 1 && !paced);
  const claimed = await ports.ledger.claim(work, first.marks, ports.now(), leftMs() + LEASE_MARGIN_MS);
  if (claimed === 'busy') throw new RetryLater(`Another worker has ${work.run} ${work.unit}`);

  const taken = { ...untaken, takenOver: claimed.token > 1 };
  const lastTry = receives >= LAST_RECEIVE[plan.lane];
  const delivery: Delivery = { ports, message, work, plan, step: taken, lastTry, leftMs, ...(paced && { paced }) };
  const prepared = taken.takenOver ? undefined : first.prepared;
  const { record, messageIds, putOff } = await send(delivery, claimed, rows, prepared);
  const step: Step = { ...taken, heldUntil: (index) => record.due?.[index] };
  const profileIdOf = (index: number) =>
    message.kind === 'direct' ? message.profileId : (rows[index]?.profileId ?? '');
  const settled = settledOf(record, 'unpublished');
  for (const [index, reason] of settled) {
    if (reason !== 'opted-out' || plan.planKind === 'test') continue;
    await ports.contacts.suppress(profileIdOf(index), ports.sender.channel, { reason, atMs: ports.now() });
  }
  for (const index of touchesToRelease(settled, step)) await release(ports, profileIdOf(index), work.touchKey);
  const back = putOff && putBackOf(message, putOff, ports.now());
  return { message, plan, step, record, profileIdOf, messageIds, ...(back && { back }) };
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
  isFirst: boolean,
): Promise<{ marks: string; prepared?: Prepared }> => {
  const { work } = step;
  const open = { token: 0, leaseUntilMs: 0, marks: openMarks(work.count, work.only) };
  const indexes = openOf(open);
  // A message that comes again has a record, which knows better; one that is paced goes in groups.
  const fits = plan.lane === 'promotional' && isFirst && indexes.length <= ports.sender.chunk;
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

type Sent = { record: LedgerRecord; messageIds: Map<number, string>; putOff?: PutOff };

/**
 * Gates, renders, reserves and sends whoever is open, or is `marked` in the claim: all of them, or group by group as their rates
 * allow, so that nobody holds a touch while they wait. The record that it returns is saved; of whom it puts off nothing is
 * settled.
 */
const send = async (
  delivery: Delivery,
  claimed: LedgerRecord,
  rows: readonly (SnapshotRow | undefined)[],
  marked: Prepared | undefined,
): Promise<Sent> => {
  const { ports, message, work, plan, step, paced } = delivery;
  const messageIds = new Map<number, string>(claimed.messageId ? [[0, claimed.messageId]] : []);
  if (!marked && isSettled(claimed)) return { record: claimed, messageIds };
  let record = marked ? claimed : afterCrash(claimed, plan);
  const left = marked ? [] : openOf(record);
  let group = paced ? left.splice(0, paced.first) : left.splice(0);
  let putOff: PutOff | undefined;
  let untouched: Outgoing[] = [];
  for (let isFirst = true; !putOff; isFirst = false) {
    const prepared = marked ?? (await prepareRecipients(ports, message, step, plan, rows, group, { mayReserve: true }));
    record = holdUntil(settle(record, prepared.settled), prepared.due);
    paced?.pace.unused(group.length - prepared.ready.length);
    const isMarked = marked !== undefined;
    const done = await sendGroup(delivery, record, prepared.ready, { isMarked, isFirst }, messageIds);
    record = done.record;
    if (done.end === 'paused') untouched = done.unsent.filter(({ key }) => !work.earlierOf(key).touched);
    // A message that is paced has waited, and comes again by itself.
    if (paced && (done.end === 'paused' || done.end === 'late')) putOff = { afterMs: AT_ONCE_MS };
    if (!paced || done.end !== 'sent' || left.length === 0) break;
    const next = await paced.pace.next(left.length, usableMs(delivery));
    if (typeof next === 'object') putOff = next;
    else group = left.splice(0, next);
  }
  const last = isSettled(record) ? givenBack(message, record, messageIds) : record;
  await ports.ledger.save(work, last);
  // A message that waits, perhaps for days, must not keep others out by its touch; when it goes on the gate decides anew. Who
  // came with a touch from an earlier channel keeps it: the message says that they may have one.
  await inParallel(PARALLEL_RELEASES, untouched, ({ profileId }) => release(ports, profileId, work.touchKey));
  return { record: last, messageIds, ...(putOff && { putOff }) };
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
