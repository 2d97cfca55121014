import { expect } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootLocal, localTest } from './boot.ts';
import { approve, draftCampaign, importCsv, stateOf, submit } from './people.ts';

const HOUR = 3_600_000;
const PEOPLE = 300;
/** A third of them the provider keeps waiting for a second attempt (+1555552…). */
const phoneOf = (n: number) => `${n % 3 === 0 ? '+1555552' : '+1202555'}${String(n).padStart(4, '0')}`;

localTest(
  'days of virtual time',
  'everything promotional is stopped mid-send; what is wrong is cancelled, and two days later the rest goes on, to everybody once',
  async () => {
    const herald = await bootLocal({ days: true });
    const { api, as, cloud } = herald;
    const cities = ['Paris', 'Oslo'];
    const rows = cities.flatMap((city, c) =>
      Array.from({ length: PEOPLE }, (_, n) => `${city}-${n},${phoneOf(c * 1_000 + n)},${city},yes`),
    );
    await importCsv(herald, ['id,phone,city,ok', ...rows].join('\n'), {
      ...{ id: 'profileId', phone: 'phone', city: 'attributes.city', ok: 'consent.sms' },
    });
    await cloud.clock.advance(120_000);
    const [good, bad] = [
      await draftCampaign(herald, { city: 'Paris', policy: ['sms'] }),
      await draftCampaign(herald, { city: 'Oslo', policy: ['sms'] }),
    ];
    for (const draft of [good, bad]) {
      await submit(herald, draft);
      await approve(herald, draft);
    }
    await cloud.clock.advance(6_000);
    expect(await stateOf(herald, good)).toBe('sending');
    await api.must('POST /v1/emergency-stop', await as('marketer-mia', { reason: 'Wrong prices' }));
    await cloud.clock.advance(HOUR);
    const before = await cloud.inbox.count();
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(2 * PEOPLE);
    await cloud.clock.advance(48 * HOUR);
    expect(await cloud.inbox.count()).toBe(before);
    expect(await stateOf(herald, good)).toBe('sending');
    const late = await api.call('POST /v1/emergency-stop/end', await as('marketer-mia', {}));
    expect(late.status).toBe(403);

    await api.must(`POST /v1/campaigns/${bad.id}/cancel`, await as('marketer-mia', { reason: 'Wrong prices' }));
    await api.must('POST /v1/emergency-stop/end', await as('operator-oscar', {}));
    await herald.finished(good.id);
    await cloud.clock.advance(HOUR);
    const report = (draft: { id: string }) =>
      as('viewer-vera').then((who) => api.must<CampaignReport>(`GET /v1/campaigns/${draft.id}/report`, who));
    expect(await report(good)).toMatchObject({ recipients: PEOPLE, sent: PEOPLE, skipped: {}, failed: {} });
    const { sent } = await report(bad);
    expect(await report(bad)).toMatchObject({ recipients: PEOPLE, skipped: { 'plan-cancelled': PEOPLE - sent } });
    const everybody = (await cloud.inbox.list({ limit: -1 })).map(({ to }) => to);
    expect(everybody).toHaveLength(PEOPLE + sent);
    expect(new Set(everybody).size).toBe(PEOPLE + sent);
  },
);
