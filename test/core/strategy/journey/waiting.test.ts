import { expect, test } from 'vitest';
import { chunkStimuli } from '../../../../core/strategy/journey/participants-message.ts';
import {
  placeOfWaiting,
  rowsOf,
  type Waiting,
  type WaitingPlace,
  waitingBuckets,
  withoutPeople,
} from '../../../../core/strategy/journey/waiting.ts';

const places = (count: number): WaitingPlace[] => Array.from({ length: count }, (_, n) => [`person-${n}`, 'j1', 1, n]);

test('those of a minute are together in rows of at most 200, and nobody is missing', () => {
  const waiting = places(450).map(([profileId, journeyId, entry, step]): Waiting => {
    return { profileId, journeyId, entry, step, dueMs: 1 };
  });
  const rows = rowsOf(waiting);
  expect(rows.map(({ of, row }) => [of.length, row.waiting.length])).toEqual([200, 200, 50].map((n) => [n, n]));
  expect(rows.flatMap(({ row }) => row.waiting)).toEqual(places(450));
  expect(rows.flatMap(({ of }) => of)).toEqual(waiting);
  expect(rowsOf([])).toEqual([]);
});

test('a row has one place, which another row has not, in one of the buckets of its minute', () => {
  const [row, other] = [{ waiting: places(2) }, { waiting: places(3) }];
  expect(placeOfWaiting(row)).toEqual(placeOfWaiting({ waiting: places(2) }));
  expect(placeOfWaiting(row).key).not.toBe(placeOfWaiting(other).key);
  expect(waitingBuckets(Date.UTC(2026, 10, 18, 12))).toEqual([0, 1, 2, 3].map((n) => `wait#2026-11-18T12:00Z#${n}`));
});

test('a row without somebody keeps the others, and is the same where they are not in it', () => {
  const row = { waiting: places(3) };
  expect(withoutPeople(row, new Set(['person-1', 'x']))?.waiting.map(([id]) => id)).toEqual(['person-0', 'person-2']);
  expect(withoutPeople(row, new Set(['x']))).toBeUndefined();
});

test('messages have at most 60 KB, or one person alone, and what is of one person stays together', () => {
  const event = (bytes: number) => ({
    ...{ id: 'e', type: 't', source: 's', timeMs: 1, receivedMs: 1 },
    properties: { text: 'x'.repeat(bytes) },
  });
  const people = [10, 30_000, 30_000, 10, 59_000, 80_000, 10].map((bytes, n) => ({
    ...{ profileId: `p${n}`, journeyId: 'j' },
    stimuli: [{ kind: 'look' as const }, { kind: 'enter' as const, event: event(bytes) }],
  }));
  const messages = chunkStimuli(people);
  expect(messages.flatMap((one) => (one.kind === 'stimuli' ? one.people : []))).toEqual(people);
  const sizes = messages.map((one) => [one.kind === 'stimuli' && one.people.length, JSON.stringify(one).length]);
  expect(sizes.filter(([count, bytes]) => Number(count) > 1 && Number(bytes) > 62_000)).toEqual([]);
  expect(sizes.map(([count]) => count)).toEqual([4, 1, 1, 1]);
});
