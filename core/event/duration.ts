import type { AcceptedEvent } from './event.ts';
import type { Duration, TriggerInput } from './trigger.ts';

export const durationMs = (length: Duration): number => {
  if ('seconds' in length) return length.seconds * 1_000;
  if ('minutes' in length) return length.minutes * 60_000;
  return 'hours' in length ? length.hours * 3_600_000 : length.days * 86_400_000;
};

const DEFAULT_MAX_LATENESS_SECONDS = 3_600;

/** How old an event may be when it arrives and still make the trigger send. */
export const latenessMs = ({ maxLatenessSeconds }: Pick<TriggerInput, 'maxLatenessSeconds'>): number =>
  (maxLatenessSeconds ?? DEFAULT_MAX_LATENESS_SECONDS) * 1_000;

/** Epoch ms after which the event is too old for this trigger to send anything. */
export const deadlineOf = (
  trigger: Pick<TriggerInput, 'maxLatenessSeconds'>,
  event: Pick<AcceptedEvent, 'timeMs'>,
): number => event.timeMs + latenessMs(trigger);
