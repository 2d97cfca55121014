import { expect, test } from 'vitest';
import { looksFirst, NO_REFUSALS, noteRefusals, type Refusals } from '../../../core/delivery/refusals.ts';

const after = (...batches: [tried: number, refused: number][]): Refusals =>
  batches.reduce((past, [tried, refused]) => noteRefusals(past, tried, refused), NO_REFUSALS);

test.each<[string, Refusals, boolean]>([
  ['nothing known yet', NO_REFUSALS, false],
  ['too few to say', after([10, 10]), false],
  ['a tenth refused', after([100, 10]), false],
  ['more than a tenth', after([100, 11]), true],
  ['one bad batch after many good ones', after([100, 2], [100, 2], [100, 2], [100, 20]), false],
  ['two bad ones', after([100, 2], [100, 2], [100, 2], [100, 20], [100, 20]), true],
])('%s', (_, refusals, expected) => {
  expect(looksFirst(refusals)).toBe(expected);
});

test('what was long ago is forgotten: it goes back to writing at once', () => {
  let refusals = after([100, 90]);
  let batches = 0;
  for (; looksFirst(refusals); batches += 1) refusals = noteRefusals(refusals, 100, 1);
  expect(batches).toBeLessThan(10);
});
