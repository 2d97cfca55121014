import type { AcceptedEvent, IntakeMessage } from '../../core/event/event.ts';
import type { Timer, TimersMessage } from '../../core/event/timer.ts';

/** The queue takes messages of this application only, but one that is none would fail all of its neighbours. */
export const isIntake = (message: unknown): message is IntakeMessage | TimersMessage => {
  if (typeof message !== 'object' || message === null) return false;
  const { events, timers } = message as { events?: unknown; timers?: unknown };
  if (Array.isArray(events)) return events.every(isEvent);
  return Array.isArray(timers) && timers.every((timer: Partial<Timer> | null) => isEvent(timer?.event));
};
const isEvent = (value: unknown): boolean => {
  const { id, type, profileId, source, timeMs, properties } = (value ?? {}) as Partial<AcceptedEvent>;
  const names = [id, type, profileId, source].every((name) => typeof name === 'string' && name !== '');
  return names && typeof timeMs === 'number' && typeof properties === 'object' && properties !== null;
};
