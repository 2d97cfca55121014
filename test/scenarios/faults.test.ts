import { expect, test } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootLocal } from './boot.ts';
import { approve, draftCampaign, importCsv, submit } from './people.ts';

/** Batches that are delivered again, and environments that die before or after their work, in every function. */
const RATES = { duplicateBatch: 0.6, crashBefore: 0.1, crashAfter: 0.1 };
const PEOPLE = 400;

test.each([3, 4])(
  'a campaign under faults of seed %i: nobody twice, and everyone has one final outcome',
  async (seed) => {
    const herald = await bootLocal({ faults: { seed, ...RATES } });
    const rows = Array.from({ length: PEOPLE }, (_, n) => {
      const token = n % 2 === 0 ? `device-${n}` : n % 5 === 0 ? `dead-${n}` : '';
      return `p${n},${token},+1202555${String(n).padStart(4, '0')},p${n}@example.com,Paris,yes`;
    });
    // The API's own calls may die too, and answer 500: a person would try again, so the test does.
    const patient = async <T>(act: () => Promise<T>): Promise<T> => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await act();
        } catch (error) {
          if (attempt === 20) throw error;
        }
      }
    };
    const mapping = {
      id: 'profileId',
      token: 'pushToken',
      phone: 'phone',
      mail: 'email',
      city: 'attributes.city',
      ok: 'consent.push',
    };
    const csv = ['id,token,phone,mail,city,ok,sms', ...rows.map((row) => `${row},yes`)].join('\n');
    const imported = await patient(() => importCsv(herald, csv, { ...mapping, sms: 'consent.sms' }));
    expect(imported.progress).toMatchObject({ imported: PEOPLE, refused: 0 });
    await herald.cloud.clock.advance(120_000);
    const draft = await patient(() => draftCampaign(herald, { city: 'Paris', policy: ['push', 'sms'] }));
    await patient(() => submit(herald, draft)).catch(() => {});
    await herald.cloud.clock.advance(15 * 60_000);
    await patient(() => approve(herald, draft));
    await patient(() => herald.finished(draft.id));

    const viewer = await herald.as('viewer-vera');
    const report = await patient(() => herald.api.must<CampaignReport>(`GET /v1/campaigns/${draft.id}/report`, viewer));
    const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
    // The faults did happen.
    for (const kind of Object.keys(RATES) as (keyof typeof RATES)[])
      expect(herald.cloud.injected[kind], kind).toBeGreaterThan(0);
    expect(report.recipients).toBe(PEOPLE);
    expect(report.sent + sum(report.skipped) + sum(report.failed)).toBe(PEOPLE);
    const got = herald.cloud.inbox.list({ limit: -1 });
    const person = ({ to }: { to: string }) => Number(to.replace(/^device-|^\+1202555/, ''));
    expect(new Set(got.map(person)).size).toBe(got.length);
    expect(got.length).toBeGreaterThanOrEqual(report.sent);
    expect(got.length).toBeLessThanOrEqual(report.sent + (report.failed['unknown-after-crash'] ?? 0));
  },
);
