import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Profile, profileRow } from '../../../core/audience/profile.ts';
import { isMember } from '../../../core/audience/segment-predicate.ts';
import { sizeQuery } from '../../../core/audience/segment-queries.ts';
import { inventPurchases, type Purchase, readPurchases } from '../../../scripts/purchases.ts';
import { createLake } from '../lake.ts';

const FILE = join(import.meta.dirname, '../../../../shared/data/cdnow-purchases.txt.gz');
const DAY = 86_400_000;
const nothingElse = { consents: {}, lists: new Set<string>() };
const NOW = Date.UTC(1998, 6, 1);
const lapsed = {
  all: [
    { event: 'purchase', count: { atLeast: 2 } },
    { event: 'purchase', last: { moreThanDaysAgo: 180 } },
  ],
};

/** Bought at least twice, last more than 180 days ago: by plain code, without segments. */
const count = (purchases: readonly Purchase[]): number => {
  const people = Map.groupBy(purchases, ({ customer }) => customer).values();
  return [...people].filter((own) => own.length >= 2 && own.every(({ timeMs }) => timeMs < NOW - 180 * DAY)).length;
};

const check = async (purchases: readonly Purchase[]) => {
  const lake = await createLake();
  try {
    const profiles = [...new Set(purchases.map(({ customer }) => customer))].map(
      (profileId): Profile => ({ profileId, version: 1, updatedMs: NOW, attributes: {} }),
    );
    const event = ({ line, timeMs, amount }: Purchase) => ({
      id: `purchase-${line}`,
      source: 'shop',
      type: 'purchase',
      timeMs,
      receivedMs: NOW,
      properties: { amount },
    });
    lake.profiles(profiles.map(profileRow));
    lake.events(
      purchases.map((purchase) => {
        const { id, source, type, timeMs, receivedMs, properties } = event(purchase);
        const text = JSON.stringify(properties);
        return {
          id,
          type,
          profile_id: purchase.customer,
          source,
          time_ms: timeMs,
          received_ms: receivedMs,
          properties: text,
        };
      }),
    );
    const [row] = await lake.query(sizeQuery(lapsed, NOW));
    const byCustomer = Map.groupBy(purchases, ({ customer }) => customer);
    const byPredicate = profiles.filter((profile) =>
      isMember(lapsed, { profile, events: (byCustomer.get(profile.profileId) ?? []).map(event), ...nothingElse }, NOW),
    );
    expect([Number(row?.size), byPredicate.length, Number(row?.total)]).toEqual([
      count(purchases),
      count(purchases),
      profiles.length,
    ]);
    return Number(row?.size);
  } finally {
    lake.close();
  }
};

it('of an invented history are those that plain code finds', async () => {
  expect(await check(inventPurchases(300))).toBeGreaterThan(0);
});

it.skipIf(!existsSync(FILE))(`of the real history (${FILE}) are those that plain code finds`, async () => {
  const purchases = readPurchases(FILE);
  expect(purchases).toHaveLength(69_659);
  console.log(`lapsed buyers on 1998-07-01: ${await check(purchases)}`);
});
