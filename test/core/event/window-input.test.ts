import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOver } from '../../../core/event/trigger.ts';
import { triggerInput } from '../../../core/event/trigger-input.ts';
import { observe } from '../../../core/event/window.ts';
import { fieldErrors } from '../../../lambdas/middleware/parse-request.ts';
import { rowsOf, spansOf } from './semantics-page.ts';

const rest = {
  ...{ name: 'T', eventType: 'pay', templateId: 't', channelPolicy: ['sms'], topic: 't', lane: 'transactional' },
};
const judge = (window: unknown): { path: string; message: string }[] =>
  fieldErrors(triggerInput.safeParse({ ...rest, window }).error?.issues ?? []);

// docs/trigger-semantics.md is the specification.
describe('windows that are refused', () => {
  const rows = rowsOf('refused window');
  test('the table is there', () => expect(rows.length).toBeGreaterThan(20));
  test.each(rows.map(({ line, cells }) => [line, ...cells] as const))(
    'line %i: %s at %s: %s',
    (_, asked, at, because) => {
      const path = ['window', ...spansOf(at)].join('.');
      const message = expect.stringContaining(because ?? '?');
      expect(judge(JSON.parse(spansOf(asked)[0] ?? ''))[0]).toEqual({ path, message });
    },
  );
});

test('what stands where no window could is told too', () => {
  expect(judge(5)).toEqual([{ path: 'window', message: 'Invalid input: expected object, received number' }]);
  expect(judge({ count: true, within: { hours: 1 }, reaches: 2, colour: 1 })).toEqual([
    { path: 'window.colour', message: 'Unknown field' },
  ]);
});

const hour = { hours: 1 };
const since = '2026-11-18T10:00:00Z';
const other = { eventType: 'b', where: [{ property: 'a', equals: 1 }] };
test.each<object>([
  { count: true, within: hour, reaches: 500 },
  { count: true, since, reaches: 1_000 },
  { sum: 'cart.total', since, until: '2026-11-19T10:00:00Z', reaches: 99.5 },
  { sum: 'a', within: { days: 31 }, fallsTo: -5 },
  { min: 'a', within: { minutes: 1 }, fallsTo: 0 },
  { max: 'a', since, reaches: 0 },
  { after: other, within: { seconds: 1 } },
  { after: other, within: hour, inAnyOrder: true, same: 'sku' },
  { without: other, within: hour },
  { without: other, within: hour, same: 'sku' },
])('%j is a window', (window) => expect(judge(window)).toEqual([]));

test('whatever is asked, it is refused with words or is a window that can observe events', () => {
  const date = fc.constantFrom(since, '2026-11-19T10:00:00Z', 'yesterday');
  const length = fc.dictionary(fc.constantFrom('seconds', 'hours', 'hour'), fc.constantFrom(1, 30, 0.5), {
    maxKeys: 2,
  });
  const input = fc.record(
    {
      count: fc.constantFrom(true, false),
      sum: fc.constantFrom('a', 'a..b'),
      min: fc.constant('a'),
      after: fc.constantFrom<unknown>(other, 5),
      without: fc.constant(other),
      within: length,
      since: date,
      until: date,
      reaches: fc.constantFrom(0, 1, 2.5, 600),
      fallsTo: fc.constantFrom(-1, 1),
      inAnyOrder: fc.constantFrom(true, false),
      same: fc.constant('sku'),
    },
    { requiredKeys: [] },
  );
  const nowMs = Date.parse(since);
  const event = {
    ...{ id: '1', type: 'pay', profileId: 'ada', source: 'shop', timeMs: nowMs, receivedMs: nowMs },
    properties: { a: 5, sku: 'A' },
  };
  fc.assert(
    fc.property(input, (window) => {
      const parsed = triggerInput.safeParse({ ...rest, window });
      if (!parsed.success) {
        for (const { path, message } of fieldErrors(parsed.error.issues)) {
          expect(path.split('.')[0]).toBe('window');
          expect(message).not.toBe('Invalid input');
        }
        return;
      }
      const { window: taken, ...trigger } = parsed.data;
      if (taken) expect(observe({ ...trigger, window: taken }, undefined, event, 0, nowMs)).toBeDefined();
    }),
    { numRuns: 2_000 },
  );
});

test.each<[string, object | undefined, boolean]>([
  ['no window', undefined, false],
  ['a length of time', { count: true, within: hour, reaches: 1 }, false],
  ['a period without end', { count: true, since, reaches: 1 }, false],
  ['a period that ends later', { count: true, since, until: '2026-11-19T10:00:00.001Z', reaches: 1 }, false],
  ['a period that ends now', { count: true, since, until: '2026-11-19T12:00:00+02:00', reaches: 1 }, true],
])('%s is over: %s', (_, window, expected) =>
  expect(isOver(triggerInput.parse({ ...rest, window }).window, Date.parse('2026-11-19T10:00:00Z'))).toBe(expected),
);
