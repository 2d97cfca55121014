import type { AcceptedEvent } from '../../core/event/event.ts';
import { anonymousProfileId, isAnonymous } from '../../core/event/identity.ts';
import type { IsErased } from '../adapters/erased-people.ts';

/** Name of the metric that counts events that were dropped because their person was erased. */
export const ERASED_EVENTS = 'ErasedEvents';

/**
 * The event as far as it may be known: undefined when its person was erased. One of somebody else, on a device of such a
 * person, stays theirs and does not say on which device it was.
 */
export const withoutErased = (event: AcceptedEvent, isErased: IsErased): AcceptedEvent | undefined => {
  const { anonymousId, ...rest } = event;
  if (isErased(event.profileId)) return undefined;
  if (anonymousId === undefined || isAnonymous(event.profileId)) return event;
  return isErased(anonymousProfileId(anonymousId)) ? rest : event;
};

/** Counts them in one line of the embedded metric format (see trigger-faults.ts), without saying whose they were. */
export const reportDropped = (namespace: string, events: number, nowMs: number): void => {
  const directive = { Namespace: namespace, Dimensions: [[]], Metrics: [{ Name: ERASED_EVENTS, Unit: 'Count' }] };
  const line = {
    _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] },
    level: 'INFO',
    message: 'Events of people who were erased are dropped',
    [ERASED_EVENTS]: events,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
