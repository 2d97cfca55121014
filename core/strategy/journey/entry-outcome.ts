import { OWN_SOURCE } from '../../event/own-event.ts';
import type { Entering } from './journey-series.ts';
import type { Advanced, EntryEvent, Participant, RefusedReason, Stimulus } from './participant.ts';

/** Type of the event with which those enter who are let in on schedule. */
export const ENTERED_BY_SCHEDULE = 'herald.journey.scheduled';

/** Lets somebody in who is a member at that time: by the same event, however often it is told. */
export const enteringBySchedule = (journeyId: string, { dueMs, beginMs }: Entering): Stimulus => ({
  kind: 'enter',
  isAsked: true,
  event: {
    ...{ id: `${journeyId}-${dueMs}`, type: ENTERED_BY_SCHEDULE, source: OWN_SOURCE },
    ...{ timeMs: beginMs, receivedMs: beginMs, properties: {} },
  },
});

/** Names what became of those who were told of a time, by one attempt. */
export const entryRun = (journeyId: string, { dueMs, attempt }: Entering): string =>
  `entries-${journeyId}-${dueMs}-${attempt}`;

/** What became of somebody at the door. */
export type EntryOutcome = 'entered' | RefusedReason;

/** The same when it is told again: who is refused because this very event has let them in has entered. */
export const outcomeOf = (
  before: Participant | undefined,
  event: Pick<EntryEvent, 'id' | 'source'>,
  { refused, participant }: Pick<Advanced, 'refused' | 'participant'>,
): EntryOutcome => {
  if (refused === undefined) return participant?.entry === 0 ? 'held-out' : 'entered';
  const own = before?.entry ? before.event : undefined;
  return own?.id === event.id && own.source === event.source ? 'entered' : refused;
};
