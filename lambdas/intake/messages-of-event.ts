import type { DirectMessage } from '../../core/delivery/messages.ts';
import type { AcceptedEvent } from '../../core/event/event.ts';
import { deadlineOf, matches } from '../../core/event/match-trigger.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import { addToWindow } from '../../core/event/window.ts';
import type { Windows } from '../adapters/windows.ts';
import { RetryLater } from '../middleware/retry-later.ts';

/** Two workers seldom have events of the same person at once; many conflicts in a row mean that something is wrong. */
const MAX_CONFLICTS = 10;

export type Triggered = { trigger: Trigger; message: DirectMessage };

/** The messages that one event asks for: of each active trigger of its type that matches, and whose window it fills. */
export const messagesOfEvent = async (
  triggers: readonly Trigger[],
  windows: Windows,
  event: AcceptedEvent,
  nowMs: number,
): Promise<Triggered[]> => {
  const found: Triggered[] = [];
  for (const trigger of triggers) {
    const { hash } = trigger;
    if (!hash || !matches(trigger, event)) continue;
    const window = trigger.window
      ? await fill(windows, { ...trigger, window: trigger.window }, event, nowMs)
      : undefined;
    const deadlineMs = deadlineOf(trigger, event);
    if (trigger.window ? !window : nowMs > deadlineMs) continue;
    const plan = { kind: 'trigger' as const, id: trigger.id, hash };
    const { profileId } = event;
    found.push({
      trigger,
      message: { kind: 'direct', plan, profileId, event, ...(window && { window }), step: 0, deadlineMs },
    });
  }
  return found;
};

type WindowTrigger = Trigger & { window: NonNullable<Trigger['window']> };

/** Adds the event to the person's window; the value of the window when the event fires it. */
const fill = async (windows: Windows, trigger: WindowTrigger, event: AcceptedEvent, nowMs: number) => {
  const key = { profileId: event.profileId, triggerId: trigger.id };
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const { state, fire } = addToWindow(trigger, await windows.get(key), event, nowMs);
    if (!state || (await windows.save(key, state))) return fire;
  }
  throw new RetryLater(`The window of ${event.profileId} was changed ${MAX_CONFLICTS} times in a row`);
};
