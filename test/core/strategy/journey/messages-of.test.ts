import { expect, test } from 'vitest';
import type { JourneyVersion } from '../../../../core/strategy/journey/journey-version.ts';
import { says, withMessagesOf } from '../../../../core/strategy/journey/messages-of.ts';
import { hashOf } from '../../../../core/strategy/plan-hash.ts';

/** With a message of each of these plans, and an end. */
const version = (plans: Record<string, string>, properties: JourneyVersion['properties'] = []): JourneyVersion => {
  const messages = Object.entries(plans).map(([id, plan]) => [id, { kind: 'message', plan, next: 'end' }]);
  const nodes = { ...Object.fromEntries(messages), end: { kind: 'exit' } };
  const content = { journeyId: 'j', nodes, properties } as unknown as Omit<JourneyVersion, 'hash'>;
  return { ...content, hash: hashOf(content) };
};
const from = version({ a: 'a1', b: 'b1', c: 'c1' });
const to = version({ a: 'a2', b: 'b2', c: 'c1' });

test.each<[string, JourneyVersion, JourneyVersion | undefined, boolean]>([
  ['as it was', from, to, false],
  [
    'another template came before',
    version({ a: 'a1', b: 'b1', c: 'c2' }),
    version({ a: 'a2', b: 'b2', c: 'c2' }),
    false,
  ],
  ['a message was approved anew', version({ a: 'a1', b: 'b3' }), version({ a: 'a2', b: 'b3' }), false],
  ['all of them were approved anew', version({ a: 'a3', b: 'b3', c: 'c1' }), undefined, false],
  ['the node is another one now', version({ c: 'c1' }), undefined, false],
  ['it was done before', to, undefined, true],
  ['it was done before, and another template after', version({ a: 'a2', b: 'b2', c: 'c2' }), undefined, true],
])('%s', (_, current, expected, isThere) => {
  expect(withMessagesOf(current, from, to)).toEqual(expected);
  expect(says(current, from, to)).toBe(isThere);
});

test.each<[JourneyVersion['properties'], JourneyVersion['properties'], JourneyVersion['properties']]>([
  [
    ['b', 'c'],
    ['a', 'b'],
    ['a', 'b', 'c'],
  ],
  ['all', ['a'], 'all'],
  [['a'], 'all', 'all'],
])('what either reads of the entry event is kept', (own, others, both) => {
  const current = version({ a: 'a1', d: 'd1' }, own);
  const changed = version({ a: 'a2', b: 'b1', c: 'c1' }, others);
  expect(withMessagesOf(current, from, changed)).toEqual(version({ a: 'a2', d: 'd1' }, both));
});
