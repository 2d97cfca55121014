import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  attemptedOf,
  claimRecord,
  isSettled,
  type LedgerRecord,
  markAttempted,
  openMarks,
  openOf,
  publishRecord,
  reopen,
  type Settled,
  settle,
  settledOf,
} from '../../../core/delivery/ledger.ts';
import { FAIL_REASONS, SKIP_REASONS } from '../../../core/delivery/outcome.ts';

const fresh = (count: number, only?: number[]): LedgerRecord =>
  claimRecord(undefined, openMarks(count, only), 1_000, 500) as LedgerRecord;

describe('claim', () => {
  const first = fresh(3);
  test.each([
    ['while the lease lasts', first, 1_499, undefined],
    ['when the lease ends', first, 1_500, 2],
    ['when it was given back', { ...first, leaseUntilMs: 0 }, 1_001, 2],
  ])('%s', (_, stored, nowMs, token) => {
    expect(claimRecord(stored, '---', nowMs, 500)?.token).toBe(token);
  });

  test('keeps the marks of the worker before', () => {
    const marked = markAttempted(first, [1]);
    expect(claimRecord(marked, '---', 2_000, 500)).toEqual({ token: 2, leaseUntilMs: 2_500, marks: '-a-' });
  });
});

test('only those of the step are open', () => {
  expect(openOf(fresh(5, [1, 3]))).toEqual([1, 3]);
  expect(openOf(fresh(2))).toEqual([0, 1]);
  expect(isSettled(fresh(2, []))).toBe(true);
});

test('every reason comes back as it went in, before and after it is published', () => {
  const reasons: Settled[] = ['', ...SKIP_REASONS, ...FAIL_REASONS];
  const results = new Map(reasons.map((reason, n) => [n, reason]));
  const record = settle(fresh(reasons.length), results);
  expect(settledOf(record, 'all')).toEqual(results);
  expect(settledOf(record, 'unpublished')).toEqual(results);
  const published = publishRecord(record);
  expect(settledOf(published, 'all')).toEqual(results);
  expect(settledOf(published, 'unpublished').size).toBe(0);
  expect(published.leaseUntilMs).toBe(0);
});

test('what is half done keeps who is open', () => {
  const record = publishRecord(settle(fresh(2), new Map([[0, '']])));
  expect(openOf(record)).toEqual([1]);
  expect(isSettled(markAttempted(record, [1]))).toBe(false);
});

test('each recipient is in exactly one of: absent, open, attempted, settled', () => {
  const act = fc.record({ kind: fc.constantFrom('attempt', 'settle', 'reopen', 'publish'), index: fc.nat(9) });
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(9)), fc.array(act), (only, acts) => {
      let record = fresh(10, only);
      const twin = new Map(only.map((index) => [index, 'open']));
      for (const { kind, index } of acts) {
        if (kind === 'publish') record = publishRecord(record);
        if (kind === 'publish' || !twin.has(index) || twin.get(index) === 'settled') continue;
        if (kind === 'attempt') record = markAttempted(record, [index]);
        if (kind === 'settle') record = settle(record, new Map([[index, 'too-late']]));
        if (kind === 'reopen') record = reopen(record, [index]);
        twin.set(index, { attempt: 'attempted', settle: 'settled', reopen: 'open' }[kind] as string);
      }
      const of = (state: string) => [...twin].flatMap(([index, is]) => (is === state ? [index] : [])).sort();
      expect(openOf(record).sort()).toEqual(of('open'));
      expect(attemptedOf(record).sort()).toEqual(of('attempted'));
      expect([...settledOf(record, 'all').keys()].sort()).toEqual(of('settled'));
    }),
  );
});
