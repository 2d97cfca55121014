import { addressOf, type Channel, type Lane } from './channel.ts';
import { closedNow } from './hours.ts';
import type { SnapshotRow } from './messages.ts';
import type { SkipReason } from './outcome.ts';
import { isOverBudget, type PolicyStep } from './policy.ts';
import type { DeliverySettings } from './settings.ts';

/** What is asked about a recipient at a step. `batch` as of Work, `taken` as of Earlier. */
export type Screening = {
  row: SnapshotRow | undefined;
  channel: Channel;
  lane: Lane;
  policy: readonly PolicyStep[];
  budget: number | undefined;
  step: number;
  taken: readonly number[] | undefined;
  settings: DeliverySettings;
  nowMs: number;
  /** Epoch ms after which the message is not worth sending. */
  deadlineMs: number;
  batch: string;
};

/** `untilMs`: they come again then. */
export type Screened = { address: string } | { reason: SkipReason; untilMs?: number };

/** The half of the gate that needs no contact, and so costs nothing: address, budget, and what time it is for the person. */
export const screen = (asked: Screening): Screened => {
  const { row, channel, lane, policy, budget, step, taken, settings, nowMs, deadlineMs, batch } = asked;
  if (!row) return { reason: 'profile-missing' };
  if (row.erased !== undefined) return { reason: 'erased' };
  const address = addressOf(channel, row);
  if (!address) return { reason: 'no-address' };
  if (isOverBudget(budget, settings, policy, { step, taken })) return { reason: 'over-budget' };
  const { phone, timeZone } = row;
  const closed = closedNow({ settings, nowMs, channel, lane, phone, timeZone, unit: batch, deadlineMs });
  if (!closed) return { address };
  return closed.untilMs !== undefined && closed.untilMs > deadlineMs ? { reason: 'too-late' } : closed;
};
