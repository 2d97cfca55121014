import type { AcceptedEvent } from '../../core/event/event.ts';
import type { Timer } from '../../core/event/timer.ts';
import type { Window } from '../../core/event/trigger.ts';
import type { ActiveTrigger } from '../../core/event/trigger-set.ts';
import { due, type Firing, observe, type WindowState } from '../../core/event/window.ts';
import { definitionOf, type Observed } from '../../core/event/window-state.ts';
import type { Timers } from '../adapters/timers.ts';
import type { Windows } from '../adapters/windows.ts';
import { RetryLater } from '../middleware/retry-later.ts';
import { TriggerFailed } from './trigger-faults.ts';

/** Two workers seldom have events of the same person at once; many conflicts in a row mean that something is wrong. */
const MAX_CONFLICTS = 10;

export type WindowPorts = { windows: Windows; timers: Timers };
/** A trigger with a window. */
export type Filled = ActiveTrigger & { window: Window };

/**
 * Shows an event that matches the trigger's pattern number `role` to the window of its person; the message that the window
 * asks for, if it does. Running it twice is safe: a window knows its events, and asks again for the message that an event
 * made it ask for. Throws RetryLater when others change the same window all the time, TriggerFailed when the window itself
 * cannot be decided on.
 */
export const fillWindow = (
  ports: WindowPorts,
  trigger: Filled,
  event: AcceptedEvent,
  role: number,
  nowMs: number,
): Promise<Firing | undefined> => fill(ports, trigger, event, (stored) => observe(trigger, stored, event, role, nowMs));

/**
 * Looks again at the window of an event whose timer has rung; the message that it asks for, if it does. `event` of the timer
 * names the person: who was anonymous then may have a profile now. Running it twice is safe for the same reasons.
 */
export const ringTimer = (
  ports: WindowPorts,
  trigger: Filled,
  timer: Timer,
  nowMs: number,
): Promise<Firing | undefined> => fill(ports, trigger, timer.event, (stored) => due(trigger, stored, timer, nowMs));

const fill = async (
  { windows, timers }: WindowPorts,
  trigger: Filled,
  event: AcceptedEvent,
  decide: (stored: WindowState | undefined) => Observed,
): Promise<Firing | undefined> => {
  const key = { profileId: event.profileId, triggerId: trigger.id };
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const { state, fire, timer } = decideOn(trigger, decide, await windows.get(key));
    const { id: triggerId, version } = trigger;
    if (timer) await timers.set({ triggerId, version, definition: definitionOf(trigger), event, ...timer });
    if (!state || (await windows.save(key, state))) return fire;
  }
  throw new RetryLater(`A window of ${trigger.id} was changed ${MAX_CONFLICTS} times in a row`);
};

/** What fails here fails for this trigger alone, however often it is tried. */
const decideOn = (
  trigger: Filled,
  decide: (stored: WindowState | undefined) => Observed,
  stored?: WindowState,
): Observed => {
  try {
    return decide(stored);
  } catch (error) {
    throw new TriggerFailed(trigger, error);
  }
};
