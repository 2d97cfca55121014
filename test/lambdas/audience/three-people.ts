import { type Profile, profileRow } from '../../../core/audience/profile.ts';
import type { AudienceWorld } from './audience-world.ts';

/**
 * Three people, everywhere: a and b bought twice, c once (and once more that was only sent again). They live in Paris,
 * L'Aquila and Oslo. All have an email address; a agreed to email, b refused it.
 */
export const threePeople = async (world: AudienceWorld, nowMs = Date.now()) => {
  const { appendRows } = await import('../../../lambdas/adapters/lake.ts');
  const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
  const table = profiles(process.env.PROFILES_TABLE ?? '');
  const person = (profileId: string, city: string): Profile => ({
    profileId,
    version: 1,
    updatedMs: nowMs,
    email: `${profileId}@example.com`,
    attributes: { city, age: 36 },
  });
  const everybody = [person('a', 'Paris'), person('b', "L'Aquila"), person('c', 'Oslo')];
  for (const profile of everybody) await table.save({ profile, outbox: [] });
  await appendRows(process.env.PROFILES_STREAM ?? '', everybody.map(profileRow));
  const said = (profile_id: string, given: boolean) => ({
    ...{ profile_id, consent: 'email', given, imported: false, at_ms: nowMs },
  });
  await appendRows(process.env.CONSENTS_STREAM ?? '', [said('a', true), said('b', false)]);
  const purchase = (id: string, profile_id: string) => ({
    id,
    type: 'purchase',
    profile_id,
    source: 'shop',
    time_ms: nowMs - 1_000,
    received_ms: nowMs,
    properties: '{}',
  });
  await world.appendEvents(
    ['1:a', '2:a', '3:b', '4:b', '5:c', '5:c'].map((one) => {
      const [id = '', who = ''] = one.split(':');
      return purchase(id, who);
    }),
  );
  world.flushLake();
};
