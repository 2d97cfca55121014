import { expect } from 'vitest';
import { runOutage } from '../../bench/delivery/outage.ts';
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
  'a provider goes down in the middle of a campaign: the next channel within the budget, nobody twice, a complete report',
  async () => {
    const { before, after, report, taken, twice, forgotten, openings } = await runOutage(300);
    const { recipients, sent, byChannel, skipped, failed, moved } = report;
    expect(before).toBeGreaterThanOrEqual(100);
    expect(after).toBeGreaterThan(0);
    expect(recipients).toBe(300);
    // Those whose SMS was refused would have cost more on the last channel than the budget allows.
    expect(skipped).toEqual({ 'over-budget': moved.sms?.['opted-out'] });
    expect(failed).toEqual({});
    expect(sent).toBe(300 - skipped['over-budget']!);
    expect(byChannel).toEqual({ email: before + after, sms: 300 - before - after - skipped['over-budget']! });
    expect(taken).toEqual(byChannel);
    expect({ twice, forgotten }).toEqual({ twice: 0, forgotten: 0 });
    // Some calls found it out, then none was made but to try again.
    expect(openings).toBeGreaterThanOrEqual(1);
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
