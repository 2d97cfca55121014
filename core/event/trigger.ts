import type * as z from 'zod/mini';
import type { Approval, PastSubmission } from '../strategy/approval/approval.ts';
import type { Condition } from './condition.ts';
import type { triggerInput } from './trigger-input.ts';

/** Events of one type for which all of `where` holds. */
export type EventPattern = { eventType: string; where?: Condition[] | undefined };

/** A length of time, 1 second to 31 days; in journeys to 366 days. Days are 86,400 s. */
export type Duration = { seconds: number } | { minutes: number } | { hours: number } | { days: number };

/**
 * A limit on a person's events: their number, or the sum, least or greatest of one of their properties.
 * `within`: over the time before each event; fires when the limit is met, at most once per such length.
 * `since` … `until`: over one period; fires once per person.
 */
export type AggregateWindow = ({ count: true } | { sum: string } | { min: string } | { max: string }) &
  ({ within: Duration } | { since: string; until?: string | undefined }) &
  ({ reaches: number } | { fallsTo: number });
/** The trigger's event with another one before it (`inAnyOrder`: or after it) at most `within` apart. */
export type SequenceWindow = {
  after: EventPattern;
  within: Duration;
  inAnyOrder?: true | undefined;
  /** Only events with the same value at this path belong together. */
  same?: string | undefined;
};
/** The trigger's event, and then not the other one for as long as `within`. */
export type AbsenceWindow = { without: EventPattern; within: Duration; same?: string | undefined };
export type Window = AggregateWindow | SequenceWindow | AbsenceWindow;

/** Its period has ended, so no event that happens from now on could meet its limit. */
export const isOver = (window: Window | undefined, nowMs: number): boolean =>
  window !== undefined && 'since' in window && window.until !== undefined && Date.parse(window.until) <= nowMs;

export type TriggerInput = z.infer<typeof triggerInput>;
export type TriggerState = 'draft' | 'in review' | 'approved' | 'rejected' | 'active' | 'paused';
export type Trigger = TriggerInput & {
  id: string;
  version: number;
  state: TriggerState;
  author: string;
  /** Everybody else who changed it: none of them may approve it. */
  editors: string[];
  createdMs: number;
  /** Hash of the plan version that is in force; set when activated. */
  hash?: string;
  /** Who gave the last approval. */
  activatedBy?: string;
  approval?: Approval;
  history?: PastSubmission[];
};

/**
 * What a trigger listens to, in this order: the event that it is about, then the one that its window pairs it with. The
 * place in the list is the event's role.
 */
export const patternsOf = ({
  eventType: type,
  where: conditions,
  window: paired,
}: Pick<TriggerInput, 'eventType' | 'where' | 'window'>): EventPattern[] => [
  { eventType: type, where: conditions },
  ...(paired && 'after' in paired ? [paired.after] : []),
  ...(paired && 'without' in paired ? [paired.without] : []),
];
