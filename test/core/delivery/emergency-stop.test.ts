import { describe, expect, test } from 'vitest';
import {
  type EmergencyStop,
  goneOn,
  isInForce,
  type StopDecision,
  stopped,
} from '../../../core/delivery/emergency-stop.ts';

const by = { by: 'mia', reason: 'Wrong prices' };
const made = (decision: StopDecision): EmergencyStop => {
  if (decision.kind === 'refuse') throw new Error(decision.detail);
  return decision.stop;
};

describe('a stop of everything promotional', () => {
  const stop = made(stopped(undefined, 0, by, 5));
  const ended = made(goneOn(stop, 'oscar', 9));
  test('says who, when and why, and has a number of its own', () => {
    expect(stop).toEqual({ number: 1, by: 'mia', atMs: 5, reason: 'Wrong prices' });
    expect(made(stopped(ended, 2, by, 20)).number).toBe(3);
  });
  test('is in force until it is ended', () => {
    expect([undefined, stop, ended].map(isInForce)).toEqual([false, true, false]);
    expect(ended.ended).toEqual({ by: 'oscar', atMs: 9 });
  });
  test('twice changes nothing, and neither does ending it twice', () => {
    expect(stopped(stop, 1, { by: 'ben', reason: 'Another' }, 6)).toEqual({ kind: 'same', stop });
    expect(goneOn(ended, 'olga', 10)).toEqual({ kind: 'same', stop: ended });
    expect(goneOn(undefined, 'oscar', 1).kind).toBe('refuse');
  });
});
