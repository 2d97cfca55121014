import { healthKey, heardOf, judge, type PlanHealth, type Verdict } from '../../core/delivery/plan-health.ts';
import type { Receipt } from '../../core/delivery/receipt.ts';
import type { ReceiptRef } from '../../core/delivery/receipt-ref.ts';
import type { PlanHealths } from '../adapters/plan-healths.ts';
import { RetryLater } from '../middleware/retry-later.ts';

export type ComplaintPorts = {
  now(): number;
  healths: PlanHealths;
  /** Stops the plan for good reason; does nothing when it does not send. False when it is to be asked again. */
  stopPlan(plan: Pick<ReceiptRef, 'planKind' | 'planId'>, verdict: Verdict): Promise<boolean>;
  warn(plan: Pick<ReceiptRef, 'planKind' | 'planId'>, verdict: Verdict): void;
};

type Known = { receipt: Receipt; ref: ReceiptRef };
const COUNTED = new Set<Receipt['outcome']>(['delivered', 'complained']);
const MAX_CONFLICTS = 10;

/**
 * Counts the complaints about emails of each plan, and stops a plan of which too many complain. Why twice is safe: counts are
 * sets of names of messages, and a plan that is stopped already stays as it is.
 */
export const watchComplaints = async (ports: ComplaintPorts, known: readonly Known[]): Promise<void> => {
  const counted = known.filter(({ receipt, ref }) => ref.channel === 'email' && COUNTED.has(receipt.outcome));
  const plans = Map.groupBy(counted, ({ receipt, ref }) => healthKey(ref, receipt.atMs));
  for (const [key, heard] of plans) {
    const said = heard.map(({ receipt, ref }) => ({ outcome: receipt.outcome, message: ref.message }));
    const health = await change(ports, key, (before) => heardOf(before, said));
    // Deliveries only make the share smaller.
    if (heard.every(({ receipt }) => receipt.outcome === 'delivered')) continue;
    const [{ ref: plan }] = heard as [Known];
    const verdict = judge(health);
    if (verdict.act === 'nothing' || health.stoppedMs !== undefined) continue;
    if (verdict.act === 'warn') {
      ports.warn(plan, verdict);
      continue;
    }
    if (await ports.stopPlan(plan, verdict))
      await change(ports, key, (before) => ({ ...before, version: before.version + 1, stoppedMs: ports.now() }));
  }
};

const change = async (
  { healths, now }: ComplaintPorts,
  key: string,
  next: (before: PlanHealth) => PlanHealth,
): Promise<PlanHealth> => {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const before = await healths.get(key);
    const after = next(before);
    if (after === before || (await healths.save(key, after, now()))) return after;
  }
  throw new RetryLater(`What was heard of ${key} changes all the time`);
};
