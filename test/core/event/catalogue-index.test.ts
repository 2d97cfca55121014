import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  admitted,
  type CatalogueIndex,
  emptyIndex,
  isListed,
  MAX_OWN_TYPES,
  MAX_TURNED_AWAY,
  MAX_TYPES,
  type Sighting,
} from '../../../core/event/catalogue-index.ts';

const DAY = 86_400_000;
const sightings = (count: number, source: string, prefix = source): Sighting[] =>
  Array.from({ length: count }, (_, n) => ({ type: `${prefix}.${n}`, source }));
const typesOf = ({ types }: CatalogueIndex) => Object.keys(types);
/** Five sources with as many types of their own as each may have. */
const full = admitted(
  emptyIndex,
  Array.from({ length: MAX_TYPES / MAX_OWN_TYPES }, (_, n) => sightings(MAX_OWN_TYPES, `s${n}`)).flat(),
  0,
);

test('new types are admitted once; who knows them all gets the same object', () => {
  const both = [
    { type: 'a', source: 'shop' },
    { type: 'constructor', source: 'shop' },
  ];
  const index = admitted(emptyIndex, [...both, ...both], 0);
  expect(typesOf(index)).toEqual(['a', 'constructor']);
  expect(admitted(index, both, 6 * DAY)).toBe(index);
  expect(admitted(index, [], 0)).toBe(index);
});

describe('room', () => {
  test('one source fills no more than its share, however many types it makes up', () => {
    const flooded = admitted(emptyIndex, sightings(5_000, 'flood'), 0);
    expect(typesOf(flooded)).toHaveLength(MAX_OWN_TYPES);
    const others = sightings(MAX_OWN_TYPES, 'shop');
    const index = admitted(flooded, others, 0);
    expect(others.every(({ type }) => isListed(index, type))).toBe(true);
  });

  test('types that others send too do not count as its own', () => {
    const shared = sightings(MAX_OWN_TYPES, 'shop').flatMap((one) => [one, { ...one, source: 'app' }]);
    const index = admitted(admitted(emptyIndex, shared, 0), sightings(MAX_OWN_TYPES, 'shop', 'own'), 0);
    expect(typesOf(index)).toHaveLength(2 * MAX_OWN_TYPES);
    expect(index.turnedAway).toEqual([]);
  });

  test('a type for which one source has no room is admitted when another sends it', () => {
    const crowded = admitted(emptyIndex, sightings(MAX_OWN_TYPES + 1, 'shop'), 0);
    const last = `shop.${MAX_OWN_TYPES}`;
    expect([isListed(crowded, last), crowded.turnedAway.length]).toEqual([false, 1]);
    const index = admitted(crowded, [{ type: last, source: 'app' }], 0);
    expect([isListed(index, last), index.turnedAway.length]).toEqual([true, 0]);
  });

  test('a full catalogue turns new types away, and counts each once, up to a thousand', () => {
    const index = admitted(full, sightings(3, 'new'), 29 * DAY);
    expect([typesOf(index).length, index.turnedAway.length]).toEqual([MAX_TYPES, 3]);
    expect(admitted(index, sightings(2, 'new'), 29 * DAY)).toBe(index);
    const most = admitted(index, sightings(MAX_TURNED_AWAY + 50, 'more'), 0);
    expect(most.turnedAway).toHaveLength(MAX_TURNED_AWAY);
    expect(admitted(most, sightings(100, 'again'), 0)).toBe(most);
  });

  test('types that were not seen for 30 days give way, those that were stay', () => {
    const [seen = [], unseen = []] = [sightings(MAX_OWN_TYPES, 's0'), sightings(MAX_OWN_TYPES, 's1')];
    const alive = admitted(full, seen, 20 * DAY);
    expect(admitted(alive, sightings(1, 'new'), 36 * DAY).types).toEqual(alive.types);
    const later = admitted(alive, sightings(MAX_OWN_TYPES, 'new'), 45 * DAY);
    expect(seen.every(({ type }) => isListed(later, type))).toBe(true);
    expect(sightings(MAX_OWN_TYPES, 'new').every(({ type }) => isListed(later, type))).toBe(true);
    expect(typesOf(later)).toHaveLength(MAX_TYPES);
    expect(unseen.some(({ type }) => isListed(later, type))).toBe(false);
  });

  test('what comes in beside a new type does not give way to it, in whatever order they came', () => {
    const index = admitted(full, [{ type: 'new.0', source: 'new' }, ...sightings(MAX_OWN_TYPES, 's0')], 40 * DAY);
    expect(sightings(MAX_OWN_TYPES, 's0').every(({ type }) => isListed(index, type))).toBe(true);
    expect(isListed(index, 'new.0')).toBe(true);
  });

  test('a source that has its share gives up its own old types, not those of others', () => {
    const index = admitted(full, sightings(1, 's0', 'next'), 40 * DAY);
    expect(isListed(index, 'next.0')).toBe(true);
    expect(typesOf(index).filter((type) => type.startsWith('s0.'))).toHaveLength(MAX_OWN_TYPES - 1);
  });

  test('as many types as fit, of the longest names, fit into one item', () => {
    const types = Array.from({ length: MAX_TYPES }, (_, n) => ({ type: `${n}`.padEnd(100, 'x'), source: `s${n % 5}` }));
    const index = admitted(admitted(emptyIndex, types, 0), sightings(MAX_TURNED_AWAY, 'z'.repeat(256)), 0);
    expect([typesOf(index).length, index.turnedAway.length]).toEqual([MAX_TYPES, MAX_TURNED_AWAY]);
    expect(JSON.stringify(index).length).toBeLessThan(200_000);
  });
});

test('whatever came in, no bound is exceeded, repeats tell nothing, and a newcomer gets in where there is room', () => {
  const burst = fc.record({
    source: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
    from: fc.nat(300),
    count: fc.nat(260),
    shared: fc.boolean(),
    days: fc.nat(25),
  });
  fc.assert(
    fc.property(fc.array(burst, { maxLength: 12 }), (bursts) => {
      let index = emptyIndex;
      let nowMs = 0;
      for (const { source, from, count, shared, days } of bursts) {
        nowMs += days * DAY;
        const came = Array.from({ length: count }, (_, n) => ({
          type: `${shared ? 'all' : source}.${from + n}`,
          source,
        }));
        index = admitted(index, came, nowMs);
        expect(admitted(index, came, nowMs)).toBe(index);
        const owners = Map.groupBy(Object.values(index.types), (one) => one.source);
        for (const [owner, own] of owners) if (owner) expect(own.length).toBeLessThanOrEqual(MAX_OWN_TYPES);
        expect(typesOf(index).length).toBeLessThanOrEqual(MAX_TYPES);
        expect(index.turnedAway.length).toBeLessThanOrEqual(MAX_TURNED_AWAY);
      }
      const hasRoom =
        typesOf(index).length < MAX_TYPES ||
        Object.values(index.types).some(({ day }) => day * DAY <= nowMs - 37 * DAY);
      expect(isListed(admitted(index, [{ type: 'newcomer', source: 'z' }], nowMs), 'newcomer')).toBe(hasRoom);
    }),
    { numRuns: 60 },
  );
});
