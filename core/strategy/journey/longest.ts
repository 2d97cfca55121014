import { durationMs } from '../../event/duration.ts';
import type { JourneyInput } from './journey-input.ts';
import { MAX_WAIT_DAYS } from './journey-node.ts';

/** An execution of Step Functions lasts for a year at most, and nobody wakes those whose execution has ended: two weeks are for pauses. */
const MAX_TRACED_DAYS = 350;

type Held = Pick<JourneyInput, 'hold' | 'longest'>;

/** Ms that anybody may be inside of a journey that is held so. */
export const mostMs = ({ hold }: Held): number =>
  durationMs({ days: hold === 'traced' ? MAX_TRACED_DAYS : MAX_WAIT_DAYS });

/** Ms that somebody is inside of the journey at most. */
export const longestMs = (journey: Held): number => (journey.longest ? durationMs(journey.longest) : mostMs(journey));
