import { describe, expect, test } from 'vitest';
import { batchOf, FATES, makeOrders } from '../../../bench/intake/orders.ts';
import { condition } from '../../../core/event/condition.ts';
import type { IntakeMessage } from '../../../core/event/event.ts';
import { plainMatch } from '../../../core/event/plain-matcher.ts';

describe.each(['event', 'profile'] as const)('triggers that look at the %s', (asked) => {
  const { triggers, pairs, eventAt } = makeOrders(150, asked);
  const rules = triggers.map(({ id, eventType, where = [] }) => ({ id, eventType, where }));

  test.each(FATES)('%s: as many matches as the name says', (fate) => {
    for (let n = 0; n < 100; n += 1) {
      const event = eventAt(n, fate, 1_000);
      const found = plainMatch(rules, { event, profile: { attributes: pairs[n]!.profile } });
      expect(found).toHaveLength(fate === 'one matches' ? 1 : 0);
    }
  });

  test('are conditions that a marketer could write, and ask what they are meant to ask', () => {
    for (const { where } of rules) {
      for (const one of where) expect(condition.safeParse(one).error).toBeUndefined();
      expect(JSON.stringify(where).includes('"attribute"')).toBe(asked === 'profile');
    }
  });
});

test('a batch holds every event once, so many a message', () => {
  const { eventAt } = makeOrders(20, 'event');
  const events = Array.from({ length: 23 }, (_, n) => eventAt(n, 'one matches', 1_000));
  const { Records } = batchOf(events, 5);
  expect(new Set(Records.map(({ messageId }) => messageId)).size).toBe(5);
  expect(Records.flatMap(({ body }) => (JSON.parse(body) as IntakeMessage).events)).toEqual(events);
});
