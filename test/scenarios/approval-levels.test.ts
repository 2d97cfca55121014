import { expect } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootLocal, localTest } from './boot.ts';
import { addPerson, type CampaignView, draftCampaign, importCsv, stateOf, submit } from './people.ts';

const HOUR = 3_600_000;
const PEOPLE = 300;
/** A third of them the provider keeps waiting for a second attempt (+1555552…). */
const phoneOf = (n: number) => `${n % 3 === 0 ? '+1555552' : '+1202555'}${String(n).padStart(4, '0')}`;

localTest(
  'days of virtual time',
  'two levels say yes in turn, people are reminded meanwhile; an approver takes it back mid-send, and nobody is lost from the report',
  async () => {
    const herald = await bootLocal({ days: true });
    const { api, as, cloud } = herald;
    const rows = Array.from({ length: PEOPLE }, (_, n) => `p${n},${phoneOf(n)},Paris,yes`);
    await importCsv(herald, ['id,phone,city,ok', ...rows].join('\n'), {
      ...{ id: 'profileId', phone: 'phone', city: 'attributes.city', ok: 'consent.sms' },
    });
    await addPerson(herald, 'late', { phone: '+12025550001', attributes: { city: 'Oslo' } });
    await cloud.clock.advance(120_000);
    const [ada, vera] = [await herald.idOf('approver-ada'), await herald.idOf('viewer-vera')];
    const levels = [
      { name: 'Colleague', roles: ['approver'], quorum: 1 },
      { name: 'Legal', people: [vera], quorum: 1, when: { channels: ['sms'] } },
    ];
    await api.must(
      'PUT /v1/settings/approvals',
      await as('operator-oscar', { version: 0, levels, remindAfter: { hours: 12 } }),
    );
    const draft = await draftCampaign(herald, { city: 'Paris', policy: ['sms'] });
    await submit(herald, draft);
    const path = `POST /v1/campaigns/${draft.id}` as const;

    await cloud.clock.advance(25 * HOUR);
    type Waiting = { items: { id: string; mine: boolean; approval: { level: number; reminders: number } }[] };
    const waits = async (user: string) => (await api.must<Waiting>('GET /v1/approvals', await as(user))).items;
    expect(await waits('approver-ada')).toMatchObject([
      { id: draft.id, mine: true, approval: { level: 0, reminders: 2 } },
    ]);
    expect(await waits('viewer-vera')).toEqual([]);
    await api.must(`${path}/approve`, await as('approver-ada', {}));
    await cloud.clock.advance(13 * HOUR);
    expect(await waits('viewer-vera')).toMatchObject([{ id: draft.id, approval: { level: 1, reminders: 1 } }]);
    expect(await cloud.inbox.count()).toBe(0);
    await api.must(`${path}/approve`, await as('viewer-vera', { comment: 'Lawful' }));

    // The promotional lane gathers batches for five seconds.
    await cloud.clock.advance(6_000);
    expect(await stateOf(herald, draft)).toBe('sending');
    const revoked = await api.must<CampaignView>(`${path}/revoke`, await as('viewer-vera', { reason: 'Wrong price' }));
    expect(revoked).toMatchObject({
      state: 'cancelled',
      approval: { votes: [{ by: ada }, { by: vera }], revoked: { by: vera, reason: 'Wrong price' } },
    });
    await cloud.clock.advance(HOUR);
    const sent = await cloud.inbox.count();
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(PEOPLE);
    const read = `GET /v1/campaigns/${draft.id}/report` as const;
    expect(await api.must<CampaignReport>(read, await as('viewer-vera'))).toMatchObject({
      recipients: PEOPLE,
      sent,
      skipped: { 'plan-cancelled': PEOPLE - sent },
    });
    await cloud.clock.advance(24 * HOUR);
    expect(await cloud.inbox.count()).toBe(sent);
  },
);
