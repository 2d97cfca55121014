import { describe, expect, it, test } from 'vitest';
import {
  IMPORT_STATES,
  type ImportAction,
  nextImportState,
  transitions,
} from '../../../core/audience/import-states.ts';

/** What is written here is all that may happen. */
const ALLOWED: Record<ImportAction, string[]> = {
  change: ['created → created', 'checking → created', 'checked → created', 'failed → created'],
  check: ['created → checking', 'checked → checking', 'failed → checking'],
  report: ['checking → checked'],
  start: ['created → running', 'checked → running', 'failed → running'],
  pause: ['running → paused'],
  resume: ['paused → running'],
  cancel: ['created', 'checking', 'checked', 'running', 'paused', 'failed'].map((state) => `${state} → cancelled`),
  finish: ['running → finished'],
  fail: ['checking → failed', 'running → failed'],
};

describe.each(Object.entries(ALLOWED))('%s', (action, allowed) => {
  it.each(IMPORT_STATES)('in %s', (state) => {
    const next = nextImportState(state, action as ImportAction);
    const expected = allowed.find((one) => one.startsWith(`${state} → `));
    expect(next && `${state} → ${next}`).toBe(expected);
  });
});

test('what is over stays so', () => {
  for (const state of ['finished', 'cancelled'] as const) expect(transitions[state]).toEqual({});
});
