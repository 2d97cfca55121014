import type { Timer } from '../event/timer.ts';

/** What a timer of a lead bears in the place of a trigger's id; those are ULIDs. */
const PREFIX = 'lead-model/';

export const timerNameOf = (modelId: string): string => `${PREFIX}${modelId}`;

/** The model whose lead is to be looked at when the timer rings; undefined for a timer of a trigger. */
export const modelOfTimer = ({ triggerId }: Pick<Timer, 'triggerId'>): string | undefined =>
  triggerId.startsWith(PREFIX) ? triggerId.slice(PREFIX.length) : undefined;
