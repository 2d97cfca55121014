import { describe, expect, test } from 'vitest';
import type { DirectMessage, SnapshotMessage } from '../../../core/delivery/messages.ts';
import { namesPerson, partUnit, workOf } from '../../../core/delivery/work.ts';

const direct = (
  source: string,
  id: string,
  profileId: string,
  step = 0,
  window?: { value?: number; firing: string },
): DirectMessage => ({
  kind: 'direct',
  plan: { kind: 'trigger', id: 't1', hash: 'h' },
  profileId,
  event: { id, type: 'x', profileId, source, timeMs: 0, receivedMs: 0, properties: {} },
  step,
  deadlineMs: 0,
  ...(window && { window }),
});
const pointer: SnapshotMessage = {
  kind: 'snapshot',
  plan: { kind: 'campaign', id: 'c1', hash: 'h' },
  runId: 'c1-abc',
  part: 'snapshots/c1-abc/parts/0-12.ndjson',
  batch: 7,
  offset: 0,
  bytes: 10,
  count: 2,
  step: 1,
  only: [1],
  earlier: { 1: { touched: true } },
};

describe('keys of the ledger', () => {
  test('a batch', () => {
    const work = workOf(pointer);
    expect([work.run, work.unit, partUnit(pointer.part)]).toEqual(['c1-abc', 'b#0-12#7#1', 'p#0-12']);
    expect(work.outcomeIdOf('ada')).toBe('c1-abc#ada#1');
    expect(work.earlierOf(1)).toEqual({ touched: true });
    expect(work.earlierOf(0)).toEqual({});
  });

  test('an event-triggered message, and one of a window', () => {
    expect(workOf(direct('shop', 'e1', 'ada', 1))).toMatchObject({ run: 't#t1', unit: 'shop#e1#ada#1', count: 1 });
    const occasion = { value: 9, firing: 'f1' };
    expect(workOf(direct('shop', 'e1', 'ada', 0, occasion)).unit).toBe('w#ada#f1#0');
    expect(workOf(direct('shop', 'e2', 'ada', 0, { ...occasion, value: 10 })).unit).toBe('w#ada#f1#0');
    expect(workOf(direct('shop', 'e1', 'ada', 0, { firing: 'f2' })).unit).toBe('w#ada#f2#0');
  });

  test('ids with separators in them stay apart', () => {
    const units = [
      ['s', 'a#b', 'c'],
      ['s', 'a', 'b#c'],
      ['s', 'a%23b', 'c'],
      ['s#a', 'b', 'c'],
    ].map(([source = '', id = '', profileId = '']) => workOf(direct(source, id, profileId)).unit);
    expect(new Set(units).size).toBe(units.length);
  });

  test('the longest ids fit into a sort key of 1,024 bytes', () => {
    const { unit } = workOf(direct('s'.repeat(64), '大'.repeat(128), '#'.repeat(128)));
    expect(Buffer.byteLength(unit)).toBeLessThanOrEqual(1_024);
    const longest = ['ada', 'bob'].map(
      (end) => workOf(direct('源'.repeat(256), '大'.repeat(128), '人'.repeat(125) + end)).unit,
    );
    for (const each of longest) expect(Buffer.byteLength(each)).toBeLessThanOrEqual(1_024);
    expect(longest[0]).not.toBe(longest[1]);
  });
});

test('a touch has the same key at every step, and another for another message', () => {
  const key = (message: DirectMessage | SnapshotMessage) => workOf(message).touchKey;
  expect(key(pointer)).toBe(key({ ...pointer, step: 2, batch: 9 }));
  expect(key(pointer)).not.toBe(key({ ...pointer, runId: 'c1-def' }));
  expect(key(direct('shop', 'e1', 'ada'))).toBe(key(direct('shop', 'e1', 'ada', 1)));
  expect(key(direct('shop', 'e1', 'ada'))).not.toBe(key(direct('shop', 'e2', 'ada')));
});

describe('whom the key of a record names', () => {
  const named = (message: DirectMessage | SnapshotMessage, ...ids: string[]) => {
    const { run, unit } = workOf(message);
    return namesPerson(run, unit, new Set(ids));
  };
  test.each(['ada', 'a#b', '100%', '%23', 'w', 'Ünï'])('%s, in an event’s and in a window’s', (id) => {
    expect(named(direct('shop', 'e1', id), id)).toBe(true);
    expect(named(direct('shop', 'e1', id, 0, { firing: 'f#1' }), id)).toBe(true);
    expect(named(direct('shop', 'e1', id), 'bob', 'e1', 'shop', '0')).toBe(false);
    expect(named(direct('shop', 'e1', id, 0, { firing: 'f' }), 'bob', 'f')).toBe(false);
  });

  test('a snapshot’s names nobody, whatever its numbers are; nor does one that is hashed', () => {
    expect(named({ ...pointer, part: 'snapshots/r/parts/7.ndjson' }, '7', '1', 'b')).toBe(false);
    const long = 'x'.repeat(1_200);
    expect(named(direct('shop', long, 'ada'), 'ada')).toBe(false);
  });
});
