import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventRow } from '../../../core/event/event.ts';
import type { IdentityRow } from '../../../core/event/identity.ts';
import { repurchaseOf, repurchaseQuery } from '../../../core/measurement/repurchase.ts';
import { inventPurchases, type Purchase, readPurchases } from '../../../scripts/purchases.ts';
import { createLake, type Lake } from '../lake.ts';
import { FROM_MS, instants, people, TO_MS } from './outcome-arbitrary.ts';
import { repurchaseTwin } from './repurchase-twin.ts';

let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const question = { fromMs: FROM_MS, toMs: TO_MS, eventType: 'purchase', withinDays: 2 };
const ask = async (of = question) => repurchaseOf(await lake.query(repurchaseQuery(of)));

/** Events that apps sent up to three times; without a time of their own each copy has its time of intake. */
const events = fc
  .array(
    fc.record({
      type: fc.constantFrom('purchase', 'purchase', 'purchase', 'visit'),
      profile_id: fc.oneof({ weight: 3, arbitrary: people }, fc.constantFrom('anonymous:d1', "anonymous:d'2")),
      source: fc.constantFrom('shop', "l'app"),
      time_ms: fc.oneof(instants, fc.constantFrom(FROM_MS + 2 * DAY_MS, FROM_MS + 2 * DAY_MS + 1)),
      ownTime: fc.boolean(),
      delayMs: fc.integer({ min: -DAY_MS, max: 40 * HOUR_MS }),
      copiesLater: fc.array(fc.integer({ min: 1, max: 12 * HOUR_MS }), { maxLength: 2 }),
    }),
    { maxLength: 40, size: 'max' },
  )
  .map((all) =>
    all.flatMap(({ type, profile_id, source, time_ms, ownTime, delayMs, copiesLater }, n) =>
      [0, ...new Set(copiesLater)].map((laterMs): EventRow => {
        const received_ms = (ownTime ? time_ms + delayMs : time_ms) + laterMs;
        // Two sources may use one id.
        const id = `e${n >> 1}${source}`;
        const time = ownTime ? time_ms : received_ms;
        return { id, type, profile_id, source, time_ms: time, received_ms, properties: '{}' };
      }),
    ),
  )
  // Rows with one id are copies: of one type and person, and received one after the other.
  .map((rows) => {
    const copies = Map.groupBy(rows, ({ source, id }) => `${source}/${id}`);
    return [...copies.values()].flatMap((some) => {
      const [{ type, profile_id } = rows[0]!] = some;
      const arrivals = [...new Map(some.map((row) => [row.received_ms, row])).values()];
      const [first = rows[0]!] = arrivals;
      return arrivals
        .filter(
          (row) =>
            Math.abs(row.received_ms - first.received_ms) <= DAY_MS && Math.abs(row.time_ms - first.time_ms) <= DAY_MS,
        )
        .map((row) => ({ ...row, type, profile_id }));
    });
  });

/** Whose the anonymous ids are: rows may contradict each other, the earliest counts. */
const links: fc.Arbitrary<IdentityRow[]> = fc.uniqueArray(
  fc.record({ alias: fc.constantFrom('d1', "d'2", 'ada'), profile_id: people, at_ms: instants }),
  { maxLength: 4, selector: ({ at_ms }) => at_ms },
);

describe('repurchase', () => {
  it('agrees with its twin', { timeout: 120_000 }, async () => {
    let [buyers, repeatBuyers, repeatedWithin] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(events, links, fc.integer({ min: 1, max: 5 }), async (rows, linked, withinDays) => {
        lake.events(rows);
        lake.identities(linked);
        const found = await ask({ ...question, withinDays });
        expect(found).toEqual(repurchaseTwin(rows, { ...question, withinDays }, linked));
        buyers += found.buyers;
        repeatBuyers += found.repeatBuyers;
        repeatedWithin += found.repeatedWithin;
      }),
      { numRuns: 80 },
    );
    lake.identities([]);
    // The generator must make people of all three kinds, else the agreement says nothing.
    expect(repeatedWithin).toBeGreaterThan(20);
    expect(repeatBuyers).toBeGreaterThan(repeatedWithin);
    expect(buyers).toBeGreaterThan(repeatBuyers);
  });

  const buy = (id: string, time_ms: number): EventRow => ({
    id,
    type: 'purchase',
    profile_id: 'ada',
    source: 'shop',
    time_ms,
    received_ms: time_ms + 1,
    properties: '{}',
  });
  const one = { buyers: 1, purchases: 1, repeatBuyers: 0, repeatRate: 0, repeatedWithin: 0, rateWithin: 0 };
  const two = { ...one, purchases: 2, repeatBuyers: 1, repeatRate: 1 };
  const cases: [string, EventRow[], object][] = [
    ['nobody bought: no rates', [], { buyers: 0, purchases: 0, repeatBuyers: 0, repeatedWithin: 0 }],
    ['once', [buy('1', FROM_MS)], one],
    ['one event sent twice is one purchase', [buy('1', FROM_MS), buy('1', FROM_MS)], one],
    ['twice at one instant', [buy('1', FROM_MS), buy('2', FROM_MS)], { ...two, repeatedWithin: 1, rateWithin: 1 }],
    [
      'again when the days end',
      [buy('1', FROM_MS), buy('2', FROM_MS + 2 * DAY_MS)],
      { ...two, repeatedWithin: 1, rateWithin: 1 },
    ],
    ['again a millisecond later', [buy('1', FROM_MS), buy('2', FROM_MS + 2 * DAY_MS + 1)], two],
    ['purchases outside the span do not count', [buy('0', FROM_MS - 1), buy('1', FROM_MS), buy('2', TO_MS)], one],
    ['other events are no purchases', [buy('1', FROM_MS), { ...buy('2', FROM_MS), type: 'visit' }], one],
  ];
  it.each(cases)('%s', async (_, rows, expected) => {
    lake.events(rows);
    expect(await ask()).toEqual(expected);
  });

  it('who buys before and after they are known is one buyer, who buys twice', async () => {
    lake.events([{ ...buy('1', FROM_MS), profile_id: 'anonymous:laptop' }, buy('2', FROM_MS + 1)]);
    expect(await ask()).toMatchObject({ buyers: 2, repeatBuyers: 0 });
    lake.identities([{ alias: 'laptop', profile_id: 'ada', at_ms: TO_MS }]);
    expect(await ask()).toEqual({ ...two, repeatedWithin: 1, rateWithin: 1 });
    lake.identities([]);
  });

  it('rounds rates to 6 digits', () => {
    const row = { people: '3', total: '5', repeated: '2', repeated_within: '1' };
    expect(repurchaseOf([row])).toMatchObject({ repeatRate: 0.666667, rateWithin: 0.333333 });
  });
});

describe('repurchase over a purchase history', () => {
  const whole = { fromMs: Date.UTC(1997, 0, 1), toMs: Date.UTC(1998, 6, 1), eventType: 'purchase', withinDays: 90 };
  const rowsOf = (purchases: readonly Purchase[]) =>
    purchases.map(
      ({ line, customer, timeMs, amount }): EventRow => ({
        id: String(line),
        type: 'purchase',
        profile_id: customer,
        source: 'history',
        time_ms: timeMs,
        received_ms: timeMs,
        properties: JSON.stringify({ amount }),
      }),
    );
  const spans = [
    whole,
    { ...whole, toMs: Date.UTC(1997, 3, 1) },
    { ...whole, fromMs: Date.UTC(1997, 6, 1), withinDays: 30 },
  ];

  it('agrees with its twin on 2,000 invented customers', async () => {
    const rows = rowsOf(inventPurchases(2_000));
    lake.events(rows);
    for (const span of spans) expect(await ask(span)).toEqual(repurchaseTwin(rows, span));
  });

  const path = new URL('../../../../shared/data/cdnow-purchases.txt.gz', import.meta.url).pathname;
  const here = existsSync(path);
  if (!here) console.info(`Skipped the CDNOW history: ${path} is not there`);
  it.skipIf(!here)('agrees with its twin on the CDNOW history', { timeout: 120_000 }, async () => {
    const rows = rowsOf(readPurchases(path));
    lake.events(rows);
    for (const span of spans) expect(await ask(span)).toEqual(repurchaseTwin(rows, span));
    // Fader and Hardie: 23,570 people made 69,659 purchases.
    expect(await ask(whole)).toMatchObject({ buyers: 23_570, purchases: 69_659 });
  });
});
