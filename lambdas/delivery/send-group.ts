import {
  holdUntil,
  type LedgerRecord,
  markAttempted,
  openOf,
  reopen,
  type Settled,
  settle,
} from '../../core/delivery/ledger.ts';
import type { SendMessage } from '../../core/delivery/messages.ts';
import type { Step } from '../../core/delivery/plan-batch.ts';
import type { Outgoing, SendResult } from '../../core/delivery/sender.ts';
import { waitsFor } from '../../core/delivery/waiting.ts';
import type { Work } from '../../core/delivery/work.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import type { Ports } from './ports.ts';

/** With less time left no provider is called: a call that hangs takes 13 s to give up, and its answer must be noted. */
export const CALL_MS = 15_000;

/** What is sent, and by whom. `lastTry`: a provider that does not take it now is given up. `leftMs` as of Attempt. */
export type Sending = {
  ports: Ports;
  message: SendMessage;
  work: Work;
  plan: PlanVersion;
  step: Step;
  lastTry: boolean;
  leftMs: () => number;
};

/** How a group ended: all were sent to, or `unsent` were not, because of a pause, the time or a provider that takes nobody. */
type Group = { record: LedgerRecord; end: 'sent' | 'paused' | 'late' | 'busy'; unsent: readonly Outgoing[] };

/** Sends to who is ready, and marks them first where a worker that dies must not have sent twice. The last answers are not saved. */
export const sendGroup = async (
  delivery: Sending,
  before: LedgerRecord,
  ready: readonly Outgoing[],
  { isMarked, isFirst }: { isMarked: boolean; isFirst: boolean },
  messageIds: Map<number, string>,
): Promise<Group> => {
  const { ports, message, work, plan, leftMs } = delivery;
  let record = before;
  for (let at = 0; at < ready.length; at += ports.sender.chunk) {
    const chunk = ready.slice(at, at + ports.sender.chunk);
    const isPaused = (await ports.pauseOf(message.plan)) !== undefined;
    if (isPaused || leftMs() < CALL_MS) {
      const unsent = ready.slice(at);
      record = reopen(
        record,
        unsent.map(({ key }) => key),
      );
      return { record, end: isPaused ? 'paused' : 'late', unsent };
    }
    if (plan.lane === 'promotional' && !isMarked) {
      record = markAttempted(
        record,
        chunk.map(({ key }) => key),
      );
      await ports.ledger.save(work, record);
    } else if (at > 0 || !isFirst) {
      await ports.ledger.save(work, record);
    }
    const results = await ports.sender.send(chunk, plan.lane);
    record = note(delivery, record, chunk, results, messageIds);
    // A provider that is to be asked again for all of them is not asked at once. Who moves on instead is not waited with.
    const open = new Set(openOf(record));
    if (chunk.every(({ key }) => open.has(key))) {
      return { record, end: 'busy', unsent: ready.slice(at + chunk.length) };
    }
  }
  return { record, end: 'sent', unsent: [] };
};

/** Settles what the provider answered; whom it asks to come again is open again. Of whom it took, something may be waited for. */
const note = (
  { ports, plan, step, lastTry }: Sending,
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
