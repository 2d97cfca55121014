import { expect, test, vi } from 'vitest';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import { reportDropped, withoutErased } from '../../../lambdas/intake/drop-erased.ts';

const event = (who: Pick<AcceptedEvent, 'profileId' | 'anonymousId'>): AcceptedEvent => ({
  ...{ id: 'e1', source: 'shop', type: 'visit', timeMs: 1, receivedMs: 2, properties: { page: 'ada' } },
  ...who,
});
/** Ada and her laptop were erased. */
const isErased = (id: string) => ['ada', 'anonymous:laptop'].includes(id);

test.each<[string, Parameters<typeof event>[0], Parameters<typeof event>[0] | undefined]>([
  ['of an erased person goes', { profileId: 'ada' }, undefined],
  ['of one on a device that nobody knows goes', { profileId: 'ada', anonymousId: 'tablet' }, undefined],
  ['of an erased anonymous id goes', { profileId: 'anonymous:laptop', anonymousId: 'laptop' }, undefined],
  ['of somebody else stays', { profileId: 'bob' }, { profileId: 'bob' }],
  [
    'of somebody else on an own device stays',
    { profileId: 'bob', anonymousId: 'tv' },
    { profileId: 'bob', anonymousId: 'tv' },
  ],
  [
    'of somebody else on the erased device stays without it',
    { profileId: 'bob', anonymousId: 'laptop' },
    { profileId: 'bob' },
  ],
  [
    'of another anonymous id stays',
    { profileId: 'anonymous:tv', anonymousId: 'tv' },
    { profileId: 'anonymous:tv', anonymousId: 'tv' },
  ],
])('an event %s', (_, before, after) => {
  expect(withoutErased(event(before), isErased)).toEqual(after && event(after));
});

test('how many were dropped is a metric, and whose is told nowhere', () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  reportDropped('Herald/test', 3, 5);
  const [[text] = []] = write.mock.calls;
  write.mockRestore();
  expect(JSON.parse(String(text))).toEqual({
    _aws: {
      Timestamp: 5,
      CloudWatchMetrics: [
        { Namespace: 'Herald/test', Dimensions: [[]], Metrics: [{ Name: 'ErasedEvents', Unit: 'Count' }] },
      ],
    },
    ...{ level: 'INFO', message: 'Events of people who were erased are dropped', ErasedEvents: 3 },
  });
});
