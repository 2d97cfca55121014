import { expect, test } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { boot, type Herald, localTest } from './boot.ts';
import { addPerson, approve, draftCampaign, importCsv, stateOf, submit } from './people.ts';

const report = async ({ api, as }: Herald, id: string) =>
  api.must<CampaignReport>(`GET /v1/campaigns/${id}/report`, await as('viewer-vera'));

test('falls back from push to SMS to email on missing address, opt-out, refusal and missing consent', async () => {
  const herald = await boot();
  const city = { attributes: { city: 'Paris', firstName: 'Ada' } };
  const all = { email: 'all@example.com', phone: '+12025550001', pushToken: 'device-all' };
  await addPerson(herald, 'push', { ...all, ...city });
  await addPerson(herald, 'no-token', { email: 'b@example.com', phone: '+12025550002', ...city });
  await addPerson(herald, 'dead-token', {
    email: 'c@example.com',
    phone: '+12025550003',
    pushToken: 'dead-3',
    ...city,
  });
  await addPerson(herald, 'push-opt-out', { phone: '+12025550004', pushToken: 'optout-4', ...city });
  await addPerson(herald, 'sms-opt-out', { email: 'e@example.com', phone: '+15555500005', ...city });
  await addPerson(herald, 'bad-phone', { email: 'f@example.com', phone: '+15555510006', ...city });
  await addPerson(
    herald,
    'no-to-push',
    { ...all, pushToken: 'device-7', phone: '+12025550007', ...city },
    { push: false, sms: true },
  );
  await addPerson(herald, 'never-asked', { ...all, pushToken: 'device-8', ...city }, {});
  await addPerson(herald, 'no-address', { ...city });
  await addPerson(herald, 'elsewhere', { ...all, pushToken: 'device-9', attributes: { city: 'Berlin' } });
  await herald.cloud.clock.advance(120_000);

  const draft = await draftCampaign(herald, { city: 'Paris' });
  await submit(herald, draft);
  await approve(herald, draft);
  await herald.finished(draft.id);

  const got = (await herald.cloud.inbox.list()).map(({ channel, to }) => `${channel} ${to}`);
  expect(got.sort()).toEqual([
    'email e@example.com',
    'email f@example.com',
    'push device-all',
    'sms +12025550002',
    'sms +12025550003',
    'sms +12025550004',
    'sms +12025550007',
  ]);
  expect(await report(herald, draft.id)).toMatchObject({
    recipients: 9,
    sent: 7,
    byChannel: { push: 1, sms: 4, email: 2 },
    skipped: { 'no-consent': 1, 'no-address': 1 },
    failed: {},
  });
});

localTest('six hours of real time', 'waits for its time, then sends', async () => {
  const herald = await boot();
  await addPerson(herald, 'p1', { email: 'p1@example.com', attributes: { city: 'Paris' } });
  await herald.cloud.clock.advance(120_000);
  const sendAt = new Date(herald.cloud.clock.now() + 6 * 3_600_000).toISOString();
  const draft = await draftCampaign(herald, { city: 'Paris', policy: ['email'], sendAt });
  await submit(herald, draft);
  await approve(herald, draft);
  await herald.cloud.clock.advance(5 * 3_600_000);
  expect(await stateOf(herald, draft)).toBe('scheduled');
  expect(await herald.cloud.inbox.count()).toBe(0);
  await herald.finished(draft.id);
  expect((await herald.cloud.inbox.list()).map(({ to, atMs }) => [to, atMs >= Date.parse(sendAt)])).toEqual([
    ['p1@example.com', true],
  ]);
});

localTest(
  'it cancels at an instant of virtual time',
  'cancelled mid-send: who was not reached yet is reported as plan-cancelled, and nobody is lost',
  async () => {
    const herald = await boot();
    // The provider throttles the first attempt to numbers of +1555552…, so these people wait for a second one.
    const phoneOf = (n: number) =>
      n % 3 === 0 ? `+1555552${String(n).padStart(4, '0')}` : `+1202555${String(n).padStart(4, '0')}`;
    const people = Array.from({ length: 300 }, (_, n) => `p${n},${phoneOf(n)},Paris,yes`);
    const imported = await importCsv(herald, ['id,phone,city,ok', ...people].join('\n'), {
      id: 'profileId',
      phone: 'phone',
      city: 'attributes.city',
      ok: 'consent.sms',
    });
    expect(imported.progress).toMatchObject({ imported: 300, refused: 0 });
    await herald.cloud.clock.advance(120_000);
    const draft = await draftCampaign(herald, { city: 'Paris', policy: ['sms'] });
    await submit(herald, draft);
    await approve(herald, draft);
    // The promotional lane gathers batches for five seconds.
    await herald.cloud.clock.advance(6_000);
    expect(await stateOf(herald, draft)).toBe('sending');
    const sentBefore = await herald.cloud.inbox.count();
    expect(sentBefore).toBeGreaterThan(0);
    await herald.api.must(
      `POST /v1/campaigns/${draft.id}/cancel`,
      await herald.as('operator-oscar', { reason: 'Wrong discount' }),
    );
    await herald.cloud.clock.advance(60 * 60_000);

    expect(await stateOf(herald, draft)).toBe('cancelled');
    const { recipients, sent, skipped, failed } = await report(herald, draft.id);
    expect({ recipients, sent, failed }).toEqual({ recipients: 300, sent: sentBefore, failed: {} });
    expect(skipped).toEqual({ 'plan-cancelled': 300 - sentBefore });
    expect(new Set((await herald.cloud.inbox.list({ limit: -1 })).map(({ to }) => to)).size).toBe(sent);
  },
);

test('the frequency cap holds over two campaigns that run at once', async () => {
  const herald = await boot();
  await herald.api.must(
    'PUT /v1/settings/delivery',
    await herald.as('operator-oscar', { version: 0, frequencyCap: { touches: 1, hours: 24 } }),
  );
  for (let n = 0; n < 40; n += 1) {
    await addPerson(herald, `p${n}`, { email: `p${n}@example.com`, attributes: { city: 'Paris' } });
  }
  await herald.cloud.clock.advance(120_000);
  const one = await draftCampaign(herald, { city: 'Paris', policy: ['email'], name: 'One' });
  const two = await draftCampaign(herald, { city: 'Paris', policy: ['email'], name: 'Two' });
  await submit(herald, one);
  await submit(herald, two);
  for (const { id } of [one, two])
    await herald.api.must(`POST /v1/campaigns/${id}/approve`, await herald.as('approver-ada', {}));
  await herald.finished(one.id);
  await herald.finished(two.id);

  const perPerson = Map.groupBy(await herald.cloud.inbox.list({ limit: -1 }), ({ to }) => to);
  expect(perPerson.size).toBe(40);
  expect([...perPerson.values()].map((messages) => messages.length)).toEqual(Array(40).fill(1));
  const [a, b] = [await report(herald, one.id), await report(herald, two.id)];
  expect(a.sent + b.sent).toBe(40);
  expect((a.skipped['frequency-cap'] ?? 0) + (b.skipped['frequency-cap'] ?? 0)).toBe(40);
});
