import { expect } from 'vitest';
import { type Counts, diff } from '../../local/meter.ts';
import { bootLocal, localTest } from './boot.ts';
import { approve, draftCampaign, importCsv, submit } from './people.ts';

const [SECOND, MINUTE] = [1_000, 60_000];
const PEOPLE = 1_000;

/** What one campaign of a thousand took, from its approval to its end. */
const costOf = (counts: Counts) => {
  const sum = (item: string, operation = '') =>
    Object.entries(counts[item] ?? {})
      .filter(([name]) => name.includes(operation))
      .reduce((all, [, { units }]) => all + units, 0);
  return {
    writes: sum('dynamodb-write-unit'),
    reads: sum('dynamodb-read-unit'),
    queue: sum('sqs-request'),
    invocations: sum('lambda-request', 'delivery-send-email'),
  };
};

localTest('the meter of the local cloud counts', 'what pacing costs, by 1,000 recipients', async () => {
  const herald = await bootLocal();
  const { api, as, cloud } = herald;
  const rows = Array.from({ length: PEOPLE }, (_, n) => `p${n},p${n}@example.com,Paris,yes`);
  const mapping = { id: 'profileId', email: 'email', city: 'attributes.city', ok: 'consent.email' };
  await importCsv(herald, ['id,email,city,ok', ...rows].join('\n'), mapping);
  let version = 0;
  const set = async (rates: object) => {
    const body = { version, frequencyCap: { touches: 10, hours: 1 }, rates };
    version = (await api.must<{ version: number }>('PUT /v1/settings/delivery', await as('operator-oscar', body)))
      .version;
    await cloud.clock.advance(2 * MINUTE);
  };
  const run = async (name: string, speed?: { perMinute: number }) => {
    const draft = await draftCampaign(herald, { city: 'Paris', policy: ['email'], name, ...(speed && { speed }) });
    await submit(herald, draft);
    await cloud.clock.advance(10 * SECOND);
    const before = cloud.meter.snapshot();
    await approve(herald, draft);
    await herald.finished(draft.id);
    return costOf(diff(before, cloud.meter.snapshot()));
  };

  await set({});
  const unlimited = await run('unlimited');
  const fast = await run('6,000 a minute', { perMinute: 6_000 });
  const slow = await run('600 a minute', { perMinute: 600 });
  await set({ email: { perSecond: 100 } });
  const provider = await run('a provider that takes 100 a second');
  const both = await run('that, and 600 a minute', { perMinute: 600 });
  const rowsOfTable = { unlimited, provider, fast, slow, both };
  console.table(rowsOfTable);

  expect(unlimited.writes).toBeLessThanOrEqual(1_100);
  for (const one of [fast, provider]) expect(one.writes - unlimited.writes).toBeLessThanOrEqual(100);
  for (const one of [slow, both]) expect(one.writes - unlimited.writes).toBeLessThanOrEqual(600);
  for (const one of [fast, slow, provider, both]) expect(one.queue - unlimited.queue).toBeLessThanOrEqual(300);
});
