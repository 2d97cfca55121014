import { expect, test } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { boot, bootLocal, bootShared, type Herald, localTest } from './boot.ts';
import { addPerson, approve, draftCampaign, importCsv, stateOf, submit } from './people.ts';
import { putSettings } from './put-back.ts';

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
  const herald = await bootShared();
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
    const herald = await bootShared();
    // The provider throttles the first attempt to numbers of +1555552…, so these people wait for a second one.
    const phoneOf = (n: number) =>
      n % 3 === 0 ? `+1555552${String(n).padStart(4, '0')}` : `+1202555${String(n).padStart(4, '0')}`;
    const people = Array.from(
      { length: 300 },
      (_, n) => `${herald.own(`p${n}`)},${phoneOf(n)},${herald.own('Paris')},yes`,
    );
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
  await putSettings(herald, 'delivery', { frequencyCap: { touches: 1, hours: 24 } });
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

type Estimate = { size: number; low: number; high: number };
type PreFlight = {
  state: string;
  hash: string;
  summary: {
    audience: { size: number };
    sample: { exact: boolean };
    heldOut: Estimate;
    caps: { atSend: Estimate };
    quietHours: { waits: Estimate };
    channels: Record<string, Record<string, Estimate>>;
    expected: { sent: Estimate; byChannel: Record<string, Estimate>; skipped: Record<string, Estimate> };
    cost: { amount: Estimate; unpriced: string[] };
    duration: { seconds: number; limitedBy: string };
    conflicts: { campaigns: { id: string; overlap: number; sameTopic: boolean }[] };
    template: { missing: { variable: string; people: number }[] };
  };
};

localTest('nights of virtual time', 'what is foreseen of a campaign is what it then does', async () => {
  const herald = await bootLocal();
  const { api, as, cloud } = herald;
  const delivery = {
    ...{ version: 0, frequencyCap: { touches: 1, hours: 24 }, prices: { sms: 0.05 } },
    ...{ quietHours: { from: '22:00', to: '07:00', otherwise: 'defer' } },
  };
  await api.must('PUT /v1/settings/delivery', await as('operator-oscar', delivery));
  const levels = [
    { name: 'Colleague', roles: ['approver'] },
    { name: 'Head', roles: ['admin'], when: { audienceLargerThan: 50 } },
  ];
  await api.must('PUT /v1/settings/approvals', await as('operator-oscar', { version: 0, levels }));
  // Noon in London is one in the night in Auckland.
  for (let n = 0; n < 30; n += 1) {
    const email = n % 3 === 0 ? {} : { email: `p${n}@example.com` };
    const phone = n % 2 === 0 ? { phone: `+1202555${String(n).padStart(4, '0')}` } : {};
    const timeZone = n % 5 === 0 ? 'Pacific/Auckland' : 'Europe/London';
    const attributes = {
      city: 'Paris',
      ...(n % 4 === 0 && { firstName: 'Ada' }),
      ...(n < 9 && n % 5 > 0 && { vip: true }),
    };
    const consents = n % 7 === 0 ? {} : { email: n % 4 !== 1, sms: true };
    await addPerson(herald, `p${n}`, { ...email, ...phone, timeZone, attributes }, consents);
  }
  await cloud.clock.advance(120_000);
  const { id: segmentId } = await api.must<{ id: string }>(
    'POST /v1/segments',
    await as('marketer-mia', { name: 'VIP', segment: { attribute: 'vip', equals: true } }),
  );
  const plan = { city: 'Paris', policy: ['email', 'sms'], holdout: { percent: 20 }, speed: { perMinute: 10 } };
  const [first, draft] = [await draftCampaign(herald, plan), await draftCampaign(herald, { ...plan, name: 'Two' })];
  const { version, id: _first, ...content } = first as typeof first & Record<string, unknown>;
  const { name, templateId, channelPolicy, topic } = content;
  const vips = { name, templateId, channelPolicy, topic, version, audience: { segmentId } };
  const one = await api.must<typeof first>(`PUT /v1/campaigns/${first.id}`, await as('marketer-mia', vips));
  await submit(herald, one);

  const early = await api.must<PreFlight>(`POST /v1/campaigns/${draft.id}/pre-flight`, await as('approver-ada', {}));
  expect(early).toMatchObject({ state: 'done', summary: { audience: { size: 30 }, caps: { atSend: { size: 0 } } } });
  const shared = {
    id: one.id,
    name: 'Hello',
    state: 'in review',
    atMs: expect.any(Number),
    sameTopic: true,
    overlap: 7,
  };
  expect(early.summary.conflicts.campaigns).toEqual([shared]);

  await approve(herald, one);
  await herald.finished(one.id);
  await submit(herald, draft);
  const { items } = await api.must<{ items: { id: string; preFlight: PreFlight; approval: unknown }[] }>(
    'GET /v1/approvals',
    await as('approver-ada'),
  );
  const waiting = items.find(({ id }) => id === draft.id);
  // Thirty are no large audience: the head of marketing is not asked.
  expect(waiting?.approval).toMatchObject({ audience: 30, levels: [{ name: 'Colleague' }] });
  const { summary } = waiting!.preFlight;
  const { preFlight } = await api.must<{ preFlight: PreFlight }>(
    `GET /v1/campaigns/${draft.id}`,
    await as('viewer-vera'),
  );
  expect(preFlight).toEqual(waiting?.preFlight);
  await approve(herald, draft);
  await herald.finished(draft.id);

  const { recipients, sent, byChannel, skipped } = await report(herald, draft.id);
  const sizes = (of: Record<string, Estimate>) =>
    Object.fromEntries(Object.entries(of).flatMap(([key, { size }]) => (size > 0 ? [[key, size]] : [])));
  const { expected } = summary;
  expect({
    ...{ recipients: summary.audience.size, sent: expected.sent.size },
    ...{ byChannel: sizes(expected.byChannel), skipped: sizes(expected.skipped) },
  }).toEqual({ recipients, sent, byChannel, skipped });
  expect(summary.sample.exact).toBe(true);
  expect(summary.heldOut.size).toBe(skipped.holdout ?? 0);
  expect(summary.caps.atSend.size).toBe(skipped['frequency-cap'] ?? 0);
  expect(summary.cost).toMatchObject({ amount: { size: ((byChannel.sms ?? 0) * 5) / 100 }, unpriced: ['email'] });
  expect(summary.duration).toMatchObject({ seconds: sent * 6, limitedBy: 'speed' });
  const inAuckland = (await cloud.inbox.list({ limit: -1 })).filter(
    ({ atMs }) => atMs > Date.UTC(2026, 10, 18, 17, 30),
  );
  expect([summary.quietHours.waits.size, inAuckland.length > 0]).toEqual([inAuckland.length, true]);
});
