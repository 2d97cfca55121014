import { expect } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootLocal, localTest } from './boot.ts';
import { approve, draftCampaign, importCsv, submit } from './people.ts';

const WHY = 'the local cloud can break a provider';
const MINUTE = 60_000;

/** So many people in Paris, with a phone and an email. */
const paris = async (count: number) => {
  const herald = await bootLocal();
  const row = (n: number) => `p${n},+1202555${String(n).padStart(4, '0')},p${n}@example.com,Paris,yes,yes`;
  const csv = ['id,phone,email,city,sms,mail', ...Array.from({ length: count }, (_, n) => row(n))].join('\n');
  await importCsv(herald, csv, {
    ...{ id: 'profileId', phone: 'phone', email: 'email', city: 'attributes.city' },
    ...{ sms: 'consent.sms', mail: 'consent.email' },
  });
  await herald.cloud.clock.advance(2 * MINUTE);
  return herald;
};
type Herald = Awaited<ReturnType<typeof paris>>;
const reportOf = async ({ api, as }: Herald, id: string) =>
  api.must<CampaignReport>(`GET /v1/campaigns/${id}/report`, await as('viewer-vera'));

localTest(
  WHY,
  'a provider that is down: everybody gets the message on the next channel, and nobody twice',
  async () => {
    const herald = await paris(200);
    herald.cloud.breakProvider('email', true);
    const draft = await draftCampaign(herald, { city: 'Paris', policy: ['email', 'sms'] });
    await submit(herald, draft);
    await approve(herald, draft);
    await herald.finished(draft.id);

    const { recipients, sent, byChannel, moved } = await reportOf(herald, draft.id);
    expect({ recipients, sent, byChannel }).toEqual({ recipients: 200, sent: 200, byChannel: { sms: 200 } });
    expect(moved).toEqual({ email: { 'provider-unavailable': 200 } });
    const got = (await herald.cloud.inbox.list({ limit: -1 })).map(({ to }) => to);
    expect(new Set(got).size).toBe(got.length);
    // Some calls found it out, then none was made but to try again.
    expect(
      herald.cloud.logs('send-email').filter((line) => line.includes('breaker of a provider has opened')),
    ).toHaveLength(1);
  },
);

localTest(WHY, 'a provider that is back: who has no other channel has waited for it', async () => {
  const herald = await paris(60);
  herald.cloud.breakProvider('email', true);
  const draft = await draftCampaign(herald, { city: 'Paris', policy: ['email'] });
  await submit(herald, draft);
  await approve(herald, draft);
  await herald.cloud.clock.advance(12 * MINUTE);
  expect(await herald.cloud.inbox.count()).toBe(0);
  herald.cloud.breakProvider('email', false);
  await herald.finished(draft.id);
  const { recipients, sent, byChannel, failed } = await reportOf(herald, draft.id);
  expect({ recipients, sent, byChannel, failed }).toEqual({
    recipients: 60,
    sent: 60,
    byChannel: { email: 60 },
    failed: {},
  });
});
