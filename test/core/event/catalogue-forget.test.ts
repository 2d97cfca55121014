import { expect, test } from 'vitest';
import { emptyEntry, learn } from '../../../core/event/catalogue.ts';
import { forgetIn } from '../../../core/event/catalogue-forget.ts';

const event = (profileId: string, properties: Record<string, unknown>) => ({
  type: 'visit',
  source: 's',
  profileId,
  properties,
});
const entryOf = (...events: ReturnType<typeof event>[]) => learn(emptyEntry('visit', 1), events, 2);

test('a text that only the person has sent goes, at every depth; what others have sent too stays', () => {
  const shared = { mood: 'fine', size: 7 };
  const entry = entryOf(
    event('ada', { ...shared, extra: { word: 'quixotissime' }, tags: ['zanzibar'] }),
    event('bob', { ...shared, tags: ['plain'] }),
    event('cem', shared),
    event('dan', shared),
  );
  const after = forgetIn(entry, ['ada', 'anonymous:laptop']);
  expect(JSON.stringify(after)).not.toMatch(/quixotissime|zanzibar/);
  expect(after?.properties.mood).toEqual(entry.properties.mood);
  expect(after?.properties.size).toEqual(entry.properties.size);
  expect(after?.properties.tags?.items?.candidates).toEqual([['plain', expect.any(Array)]]);
  expect(after?.properties.extra?.members?.word?.kinds).toEqual(['text']);
  expect(forgetIn(after!, ['ada'])).toBeUndefined();
});

test('a text of two people stays as the other one’s', () => {
  const entry = entryOf(event('ada', { mood: 'odd' }), event('bob', { mood: 'odd' }));
  expect(forgetIn(entry, ['ada'])).toEqual(entryOf(event('bob', { mood: 'odd' })));
});

test('what the person sent before they were known goes as well', () => {
  const entry = entryOf(event('anonymous:laptop', { mood: 'odd' }));
  expect(forgetIn(entry, ['ada'])).toBeUndefined();
  expect(JSON.stringify(forgetIn(entry, ['ada', 'anonymous:laptop']))).not.toContain('odd');
});
