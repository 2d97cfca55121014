import type { Channel } from '../../delivery/channel.ts';
import type { ContactState } from '../../delivery/contact-state.ts';
import { gate } from '../../delivery/gate.ts';
import type { SnapshotRow } from '../../delivery/messages.ts';
import type { SkipReason } from '../../delivery/outcome.ts';
import { MOVES_ON } from '../../delivery/plan-batch.ts';
import { channelOf } from '../../delivery/policy.ts';
import { screen } from '../../delivery/screen.ts';
import type { DeliverySettings } from '../../delivery/settings.ts';
import { type Holdout, isHeldOut } from '../holdout.ts';
import type { PlanVersion } from '../plan-version.ts';

/** A recipient as they are now. */
export type Recipient = { row: SnapshotRow; contact: ContactState };

export type Sending = {
  plan: Pick<PlanVersion, 'channelPolicy' | 'budget' | 'topic' | 'lane' | 'priority'>;
  settings: DeliverySettings;
  holdouts: readonly Holdout[];
  /** Epoch ms after which it is not worth sending. */
  deadlineMs: number;
  /** Why not, although the gate says to send: it cannot be rendered. */
  renders: (recipient: Recipient, channel: Channel) => boolean;
};

/** `channel`: who takes it; else `reason`. `cap`: a cap or the gap kept a channel, or all, from it. `quiet`: what quiet hours did. */
export type Fate = ({ channel: Channel } | { reason: SkipReason }) & {
  cap?: true;
  quiet?: { untilMs: number } | 'dropped' | 'too-late';
};

const CAPS: ReadonlySet<SkipReason> = new Set<SkipReason>(['frequency-cap', 'channel-cap', 'minimum-gap']);
const HOURS: ReadonlySet<SkipReason> = new Set<SkipReason>(['quiet-hours', 'sms-window']);
/** No message has it. */
const NO_MESSAGE = '';

/**
 * What becomes of a message that is due to somebody at `dueMs`, if until then nothing changes: the senders' own questions, in their
 * order (prepare-recipients), without their writes. Whom quiet hours put off are asked for again when those end. Providers are taken
 * to take everything. `hours` false: whatever time it is.
 */
export const fateOf = (recipient: Recipient, dueMs: number, sending: Sending, hours = true): Fate => {
  const { row, contact } = recipient;
  const { plan, settings, holdouts, deadlineMs } = sending;
  if (holdouts.some((holdout) => isHeldOut(row.profileId, holdout))) return { reason: 'holdout' };
  const { channelPolicy: policy, lane, budget, topic, priority } = plan;
  let nowMs = dueMs;
  let seen: Pick<Fate, 'cap' | 'quiet'> = {};
  let last: SkipReason = 'no-address';
  for (let step = 0; step < policy.length; step += 1) {
    const channel = channelOf(policy[step] as (typeof policy)[number]);
    const asked = { row, channel, lane, policy, budget, step, taken: undefined, settings, deadlineMs };
    let screened = screen({ ...asked, nowMs, batch: row.profileId, ...(!hours && { settings: awake(settings) }) });
    if ('reason' in screened && screened.untilMs !== undefined) {
      nowMs = screened.untilMs;
      seen = { ...seen, quiet: { untilMs: nowMs } };
      screened = screen({ ...asked, nowMs, batch: row.profileId });
    }
    if ('reason' in screened) {
      const { reason } = screened;
      if (reason === 'no-address') continue;
      last = reason;
      if (MOVES_ON.has(reason)) continue;
      const quiet = HOURS.has(reason) ? 'dropped' : reason === 'too-late' ? 'too-late' : undefined;
      return { reason, ...seen, ...(quiet && { quiet }) };
    }
    const at = { settings, nowMs, timeZone: row.timeZone };
    const { address } = screened;
    const decision = gate({ ...at, contact, channel, address, topic, lane, priority, messageKey: NO_MESSAGE });
    if (decision.decision === 'send') {
      return sending.renders(recipient, channel) ? { channel, ...seen } : { reason: 'render-failed', ...seen };
    }
    last = decision.reason;
    if (CAPS.has(last)) seen = { ...seen, cap: true };
    if (decision.decision === 'skip') return { reason: last, ...seen };
  }
  return { reason: last, ...seen };
};

/** Settings in which there is no night. */
const awake = ({ quietHours: _quiet, usSmsWindow: _window, ...settings }: DeliverySettings): DeliverySettings =>
  settings;
