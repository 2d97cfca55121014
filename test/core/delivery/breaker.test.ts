import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Breaker,
  CLOSED,
  closed,
  type Memory,
  opened,
  remember,
  stateOf,
  tried,
  type Verdict,
  verdictOf,
} from '../../../core/delivery/breaker.ts';
import type { SendResult } from '../../../core/delivery/sender.ts';

const MINUTE = 60_000;
const sent: SendResult = { status: 'sent', messageId: 'm' };
const retry = (fault?: 'down' | 'account' | 'breaker'): SendResult => ({
  status: 'retry',
  reason: 'why',
  ...(fault && { fault }),
});

describe('what a call says of its provider', () => {
  test.each<[string, (SendResult | undefined)[], Verdict]>([
    ['all sent', [sent, sent], { kind: 'fine' }],
    ['some sent', [retry('down'), sent], { kind: 'fine' }],
    ['refused: it works', [{ status: 'refused', reason: 'address-refused' }], { kind: 'fine' }],
    ['throttled', [retry(), retry()], { kind: 'busy' }],
    ['no answer for anybody', [undefined], { kind: 'busy' }],
    ['down', [retry(), retry('down')], { kind: 'down', reason: 'why' }],
    ['silent', [{ status: 'unknown', reason: 'slow', fault: 'down' }], { kind: 'down', reason: 'slow' }],
    ['not let in', [retry('account')], { kind: 'account', reason: 'why' }],
  ])('%s', (_, results, expected) => expect(verdictOf(results)).toEqual(expected));
});

describe('what a worker remembers', () => {
  const down: Verdict = { kind: 'down', reason: 'why' };
  const fine: Verdict = { kind: 'fine' };
  const opensAt = (verdicts: readonly Verdict[]): number => {
    let memory: Memory = [];
    return verdicts.findIndex((verdict) => {
      const next = remember(memory, verdict);
      memory = next.memory;
      return next.open !== undefined;
    });
  };
  test.each<[string, Verdict[], number]>([
    ['five failures in a row', [down, down, down, down, down], 4],
    ['four do not suffice', [down, down, down, down, fine], -1],
    ['half of ten', [fine, down, fine, down, fine, down, fine, down, fine, down], 9],
    ['one in three', Array.from({ length: 30 }, (_, n) => (n % 3 === 0 ? down : fine)), -1],
    ['one that is not let in', [fine, fine, { kind: 'account', reason: 'why' }], 2],
    ['throttling, for ever', Array.from({ length: 50 }, () => ({ kind: 'busy' }) as const), -1],
    ['throttling between failures', [down, { kind: 'busy' }, down, down, { kind: 'busy' }, down, down], 6],
  ])('%s', (_, verdicts, expected) => expect(opensAt(verdicts)).toBe(expected));

  test('it opens exactly when the plain count over the last ten calls says so', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (calls) => {
        const at = calls.findIndex((isDown, n) => {
          const last = calls.slice(Math.max(0, n - 9), n + 1);
          const downs = last.filter(Boolean).length;
          return isDown && downs >= 5 && downs / last.length >= 0.5;
        });
        expect(opensAt(calls.map((isDown) => (isDown ? down : fine)))).toBe(at);
      }),
    );
  });
});

describe('its life', () => {
  test('closed, open, half open, closed', () => {
    expect(stateOf(CLOSED, 0)).toBe('closed');
    const open = opened(CLOSED, 'why', 1_000);
    expect(open).toEqual({ version: 1, untilMs: 1_000 + MINUTE, openings: 1, reason: 'why' });
    expect([stateOf(open, 1_000), stateOf(open, 1_000 + MINUTE - 1), stateOf(open, 1_000 + MINUTE)]).toEqual([
      'open',
      'open',
      'half-open',
    ]);
    const trial = tried(open, 1_000 + MINUTE);
    expect([stateOf(trial, 1_000 + MINUTE), stateOf(trial, 1_000 + MINUTE + 20_000)]).toEqual(['open', 'half-open']);
    expect(stateOf(closed(trial), 0)).toBe('closed');
    expect(opened(closed(trial), 'again', 0).untilMs).toBe(MINUTE);
  });

  test('each trial that fails keeps it open for longer, up to a quarter of an hour', () => {
    const minutes: number[] = [];
    let breaker: Breaker = CLOSED;
    for (let n = 0; n < 6; n += 1) {
      breaker = opened(breaker, 'why', 0);
      minutes.push(breaker.untilMs / MINUTE);
    }
    expect(minutes).toEqual([1, 2, 4, 8, 15, 15]);
  });
});
