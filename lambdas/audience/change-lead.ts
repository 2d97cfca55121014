import type { LeadState } from '../../core/audience/lead.ts';
import type { LeadDecision } from '../../core/audience/lead-decisions.ts';
import { timerNameOf } from '../../core/audience/lead-timer.ts';
import { ownEvent } from '../../core/event/own-event.ts';
import type { LeadKey, Leads } from '../adapters/leads.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { sendStageChanges } from '../adapters/stage-queue.ts';
import type { Timers } from '../adapters/timers.ts';
import { RetryLater } from '../middleware/retry-later.ts';

/** `stagesQueueUrl`: of the queue of publish-stages. */
export type LeadPorts = { leads: Leads; timers: Timers; stagesQueueUrl: string };

/** Two workers seldom have events of the same person at once; many conflicts in a row mean that something is wrong. */
const MAX_CONFLICTS = 10;

/**
 * Decides about a lead and writes it, again when somebody else was faster, and publishes its stage change; what cannot be
 * published now stays in the item for the sweep. The state as it then is. Throws RetryLater when others change the same
 * lead all the time.
 */
export const changeLead = async (
  ports: LeadPorts,
  key: LeadKey,
  nowMs: number,
  decide: (stored: LeadState | undefined) => LeadDecision,
): Promise<LeadState | undefined> => {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const stored = await ports.leads.get(key);
    const { state, change, timer } = decide(stored?.state);
    // Set before the state says so: a timer of a state that is not written finds nothing to do.
    if (timer) await setLeadTimer(ports.timers, key, timer.dueMs);
    if (!state) return stored?.state;
    const outbox: OutboxEntry[] = [
      ...(stored?.outbox ?? []),
      ...(change ? [{ effect: 'stage-change' as const, change }] : []),
    ];
    if (!(await ports.leads.save(key, state, outbox, nowMs))) continue;
    if (outbox.length > 0) await publish(ports, key, state.version + 1, outbox);
    return state;
  }
  throw new RetryLater(`A lead of ${key.modelId} was changed ${MAX_CONFLICTS} times in a row`);
};

const publish = async (
  { leads, stagesQueueUrl }: LeadPorts,
  key: LeadKey,
  version: number,
  outbox: readonly OutboxEntry[],
): Promise<void> => {
  try {
    const changes = outbox.flatMap((entry) => (entry.effect === 'stage-change' ? [entry.change] : []));
    await sendStageChanges(stagesQueueUrl, changes);
    await leads.clearOutbox(key, version);
  } catch (error) {
    console.warn({ message: 'The outbox stays for the sweep', ...key, version, error: String(error) });
  }
};

/** The timer comes back through the intake queue with an event, as those of triggers do. */
export const setLeadTimer = (timers: Timers, { profileId, modelId }: LeadKey, dueMs: number): Promise<void> => {
  const event = ownEvent({ id: 'look', type: 'herald.lead.look', profileId, timeMs: dueMs, properties: {} });
  return timers.set({ triggerId: timerNameOf(modelId), version: 0, definition: '', event, dueMs });
};
