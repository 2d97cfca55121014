import type { ProblemType } from '../access/problems.ts';

/** Whom the messages wait for that wait for the end of the stop, beside the ids of campaigns. */
export const EMERGENCY_STOP = 'emergency-stop';

/** Nothing promotional goes out, of no plan, until it is ended. Definition of kind `settings`. */
export type EmergencyStop = {
  /** Names it among all stops: what waits for its end waits under this number. */
  number: number;
  by: string;
  atMs: number;
  reason: string;
  ended?: { by: string; atMs: number };
};

export type StopDecision =
  | { kind: 'change'; action: 'stop' | 'end'; stop: EmergencyStop; detail: string }
  | { kind: 'same'; stop: EmergencyStop }
  | { kind: 'refuse'; problem: ProblemType; detail: string };

export const isInForce = (stop: EmergencyStop | undefined): stop is EmergencyStop => !!stop && !stop.ended;

/** Whoever stops what is stopped changes nothing: the first keeps the word. `version`: of the item, 0 when there is none. */
export const stopped = (
  before: EmergencyStop | undefined,
  version: number,
  { by, reason }: { by: string; reason: string },
  nowMs: number,
): StopDecision => {
  if (isInForce(before)) return { kind: 'same', stop: before };
  return { kind: 'change', action: 'stop', stop: { number: version + 1, by, atMs: nowMs, reason }, detail: reason };
};

/** Ending it again is harmless. */
export const goneOn = (before: EmergencyStop | undefined, by: string, nowMs: number): StopDecision => {
  if (!before) return { kind: 'refuse', problem: 'state-conflict', detail: 'Nothing is stopped' };
  if (before.ended) return { kind: 'same', stop: before };
  return { kind: 'change', action: 'end', stop: { ...before, ended: { by, atMs: nowMs } }, detail: '' };
};
