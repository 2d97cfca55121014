import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { collectDue, dueTableOf, dueTableText } from '../../../core/delivery/due-table.ts';

const HOUR = 3_600_000;
const tableOf = (all: readonly number[]) => {
  const due = collectDue();
  for (const dueMs of all) due.add(dueMs);
  return due.table();
};
const timesOf = ({ times, indexes }: ReturnType<typeof tableOf>) => [...indexes].map((index) => times[index]);

test('comes back as it was, in the order of the recipients', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 500 }), (hours) => {
      const all = hours.map((hour) => hour * HOUR);
      expect(timesOf(tableOf(all))).toEqual(all);
      expect(timesOf(dueTableOf(dueTableText(tableOf(all))))).toEqual(all);
    }),
    { numRuns: 50 },
  );
});

test('of many recipients, in lines that the erasure of people can read', () => {
  const all = Array.from({ length: 25_001 }, (_, n) => (n % 300) * HOUR);
  const text = dueTableText(tableOf(all));
  expect(text.trimEnd().split('\n')).toHaveLength(4);
  expect(timesOf(dueTableOf(text))).toEqual(all);
});

test('one that is cut off is an error', () => {
  const text = dueTableText(tableOf([0, HOUR, HOUR]));
  expect(() => dueTableOf(text.slice(0, -4))).toThrow('for 3 recipients');
});

test('takes as many times as two bytes can name', () => {
  const due = collectDue();
  for (let n = 0; n < 65_536; n += 1) due.add(n);
  due.add(7);
  expect(() => due.add(65_536)).toThrow('65536 different times');
});
