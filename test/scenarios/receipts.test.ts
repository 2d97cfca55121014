import { expect } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootShared, type LocalHerald, localTest } from './boot.ts';
import { addPerson, approve, draftCampaign, submit } from './people.ts';

const HOUR = 3_600_000;
const CITY = { attributes: { city: 'Paris' } };

const send = async (herald: LocalHerald, policy: string[], name: string) => {
  const draft = await draftCampaign(herald, { city: 'Paris', policy, name });
  await submit(herald, draft);
  await approve(herald, draft);
  await herald.finished(draft.id);
  await herald.cloud.clock.advance(2 * HOUR);
  return herald.api.must<CampaignReport>(`GET /v1/campaigns/${draft.id}/report`, await herald.as('viewer-vera'));
};
const suppressedOf = async ({ api, as, own }: LocalHerald, name: string) => {
  type Contact = { suppressed: Record<string, { reason: string }> };
  const { suppressed } = await api.must<Contact>(`GET /v1/profiles/${own(name)}/contact`, await as('viewer-vera'));
  return Object.fromEntries(Object.entries(suppressed).map(([channel, { reason }]) => [channel, reason]));
};

localTest('receipts come from the providers of the local cloud', 'what became of a campaign’s emails', async () => {
  const herald = await bootShared();
  const fates = ['fine', 'bounce', 'full', 'odd', 'block', 'complain', 'silent'];
  for (const fate of fates) await addPerson(herald, fate, { email: `${fate}-1@example.com`, ...CITY });
  await herald.cloud.clock.advance(120_000);

  const first = await send(herald, ['email'], 'First');
  expect(first).toMatchObject({
    recipients: 7,
    sent: 7,
    byChannel: { email: 7 },
    moved: {},
    failed: {},
    delivered: { email: 2 },
    complained: { email: 1 },
    bounced: { email: { hard: 1, soft: 1, undetermined: 1, block: 1 } },
    failedLater: {},
  });
  expect(await suppressedOf(herald, 'bounce')).toEqual({ email: 'hard-bounce' });
  expect(await suppressedOf(herald, 'complain')).toEqual({ email: 'complaint' });
  for (const fate of ['fine', 'full', 'odd', 'block', 'silent']) expect(await suppressedOf(herald, fate)).toEqual({});

  // Who has bounced for good or complained gets no more; a new address may be tried, but a complaint is the person's.
  const { api, as, own } = herald;
  await api.must(`PUT /v1/profiles/${own('bounce')}`, await as('marketer-mia', { email: 'new@example.com' }));
  await api.must(`PUT /v1/profiles/${own('complain')}`, await as('marketer-mia', { email: 'other@example.com' }));
  await herald.cloud.clock.advance(120_000);
  const second = await send(herald, ['email'], 'Second');
  expect(second).toMatchObject({ recipients: 7, sent: 6, skipped: { suppressed: 1 }, delivered: { email: 2 } });
  expect((await herald.cloud.inbox.list({ to: 'new@example.com' })).length).toBe(1);
  expect((await herald.cloud.inbox.list({ to: 'other@example.com' })).length).toBe(0);

  // The third time that a mailbox is full within a month, it is left alone for a month.
  await send(herald, ['email'], 'Third');
  expect(await suppressedOf(herald, 'full')).toEqual({ email: 'soft-bounces' });
  const fourth = await send(herald, ['email'], 'Fourth');
  expect(fourth).toMatchObject({ sent: 4, skipped: { suppressed: 3 } });
});

localTest(
  'it looks at one person’s phone in virtual time',
  'suppressing by hand, and lifting it, with notes in the audit log',
  async () => {
    const herald = await bootShared();
    const { api, as, own } = herald;
    const ada = own('ada');
    await addPerson(herald, 'ada', { email: 'ada@example.com', ...CITY });
    await addPerson(herald, 'bounce', { email: 'bounce-2@example.com', ...CITY });
    await herald.cloud.clock.advance(120_000);
    const note = { note: 'Asked for it on the phone' };
    await api.must(`PUT /v1/profiles/${ada}/suppressions/email`, await as('marketer-mia', note));
    expect(await send(herald, ['email'], 'First')).toMatchObject({ sent: 1, skipped: { suppressed: 1 } });

    type List = { items: { profileId: string; suppressed: Record<string, { reason: string }> }[]; cursor?: string };
    /** Newest first, page by page; those that other tests have suppressed left out. */
    const list = async (query = '') => {
      const items: List['items'] = [];
      let cursor: string | undefined;
      do {
        const route = `GET /v1/suppressions?limit=1${query}${cursor ? `&cursor=${cursor}` : ''}`;
        const page = await api.must<List>(route, await as('viewer-vera'));
        expect(page.items.length).toBeLessThanOrEqual(1);
        items.push(...page.items);
        cursor = page.cursor;
      } while (cursor);
      return items.filter(({ profileId }) => [ada, own('bounce')].includes(profileId));
    };
    expect(await list()).toMatchObject([
      { profileId: own('bounce'), suppressed: { email: { reason: 'hard-bounce' } } },
      { profileId: ada, suppressed: { email: { reason: 'manual' } } },
    ]);
    expect(await list('&channel=sms')).toEqual([]);

    const lift = { note: 'Changed their mind' };
    const LIFT = `POST /v1/profiles/${ada}/suppressions/email/lift`;
    expect((await api.call(LIFT, await as('marketer-mia', lift))).status).toBe(403);
    await api.must(LIFT, await as('operator-oscar', lift));
    expect((await api.call(LIFT, await as('operator-oscar', lift))).status).toBe(404);
    const pigeon = `PUT /v1/profiles/${ada}/suppressions/pigeon`;
    expect((await api.call(pigeon, await as('marketer-mia', note))).status).toBe(404);
    expect(await suppressedOf(herald, 'ada')).toEqual({});
    expect((await list()).map(({ profileId }) => profileId)).toEqual([own('bounce')]);
    const { items } = await api.must<{ items: { action: string; detail: string }[] }>(
      `GET /v1/audit?subject=profile%2F${ada}`,
      await as('operator-oscar'),
    );
    expect(items.slice(0, 2)).toMatchObject([
      { action: 'lift-suppression', detail: 'email, manual: Changed their mind' },
      { action: 'suppress', detail: 'email: Asked for it on the phone' },
    ]);
    expect(await send(herald, ['email'], 'Second')).toMatchObject({ sent: 1, skipped: { suppressed: 1 } });
    expect((await herald.cloud.inbox.list({ to: 'ada@example.com' })).length).toBe(1);
  },
);

localTest('receipts come from the providers of the local cloud', 'what became of a campaign’s texts', async () => {
  const herald = await bootShared();
  const numbers = { fine: '+12025550101', invalid: '+15555530001', off: '+15555540001', blocked: '+15555550001' };
  for (const [name, phone] of Object.entries(numbers)) await addPerson(herald, name, { phone, ...CITY });
  await addPerson(herald, 'silent', { phone: '+15555560001', ...CITY });
  await herald.cloud.clock.advance(120_000);
  expect(await send(herald, ['sms'], 'Texts')).toMatchObject({
    sent: 5,
    delivered: { sms: 1 },
    bounced: { sms: { hard: 1, soft: 1, block: 1 } },
  });
  expect(await suppressedOf(herald, 'invalid')).toEqual({ sms: 'hard-bounce' });
  expect(await suppressedOf(herald, 'blocked')).toEqual({});
});
