import { durationMs } from '../../event/duration.ts';
import type { JourneyInput } from './journey-input.ts';
import { MAX_WAIT_DAYS } from './journey-node.ts';

/** Ms that somebody is inside of the journey at most. */
export const longestMs = ({ longest }: Pick<JourneyInput, 'longest'>): number =>
  durationMs(longest ?? { days: MAX_WAIT_DAYS });
