import { expect } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootShared, type LocalHerald, localTest, untilNext } from './boot.ts';
import { addPerson, approve, type CampaignView, draftCampaign, importCsv, stateOf, submit } from './people.ts';
import { putSettings } from './put-back.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PEOPLE = 300;

let blocks = 0;
/**
 * Three hundred people with phones, a third of whom the provider keeps waiting for a second attempt (+1555552…): once for each
 * number, so each test has numbers of its own.
 */
const withPeople = async (): Promise<LocalHerald> => {
  const herald = await bootShared({ days: true });
  blocks += 1;
  const phoneOf = (n: number) => `${n % 3 === 0 ? '+1555552' : '+1202555'}${1_000 * blocks + n}`;
  const rows = Array.from(
    { length: PEOPLE },
    (_, n) => `${herald.own(`p${n}`)},${phoneOf(n)},${herald.own('Paris')},yes`,
  );
  await importCsv(herald, ['id,phone,city,ok', ...rows].join('\n'), {
    ...{ id: 'profileId', phone: 'phone', city: 'attributes.city', ok: 'consent.sms' },
  });
  await herald.cloud.clock.advance(120_000);
  return herald;
};
const start = async (herald: LocalHerald, options: object) => {
  const draft = await draftCampaign(herald, { city: 'Paris', ...options });
  await submit(herald, draft);
  await approve(herald, draft);
  return draft;
};
/** Starts it and pauses it in the middle of sending. Gives how many have got it by then, and when all is quiet. */
const pausedMidSend = async (herald: LocalHerald, options: object = {}) => {
  const draft = await start(herald, { policy: ['sms'], ...options });
  // The promotional lane gathers batches for five seconds.
  await herald.cloud.clock.advance(6_000);
  expect(await stateOf(herald, draft)).toBe('sending');
  await act(herald, draft, 'pause', { reason: 'The shop is down' });
  await herald.cloud.clock.advance(HOUR);
  const sent = await herald.cloud.inbox.count();
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(PEOPLE);
  return { draft, sent };
};
const act = async (
  herald: LocalHerald,
  { id }: { id: string },
  verb: 'pause' | 'resume' | 'cancel',
  body: object = {},
) => herald.api.must<CampaignView>(`POST /v1/campaigns/${id}/${verb}`, await herald.as('operator-oscar', body));
const read = async (herald: LocalHerald, { id }: { id: string }) =>
  herald.api.must<CampaignView & { pause?: object }>(`GET /v1/campaigns/${id}`, await herald.as('viewer-vera'));
const report = async (herald: LocalHerald, { id }: { id: string }) =>
  herald.api.must<CampaignReport>(`GET /v1/campaigns/${id}/report`, await herald.as('viewer-vera'));
const got = async ({ cloud }: LocalHerald) => (await cloud.inbox.list({ limit: -1 })).map(({ to }) => to);

localTest(
  'days of virtual time',
  'paused mid-send, nothing more goes out; days later it is resumed, and everybody has it once',
  async () => {
    const herald = await withPeople();
    const { draft, sent } = await pausedMidSend(herald);
    expect(await read(herald, draft)).toMatchObject({
      state: 'paused',
      pause: { by: 'operator-oscar', atMs: expect.any(Number), reason: 'The shop is down' },
    });
    const steps = () => {
      const byMachine = Object.entries(herald.cloud.meter.snapshot()['states-transition'] ?? {});
      return byMachine.filter(([machine]) => machine.includes('RunCampaign'));
    };
    const before = steps();
    expect(before).toHaveLength(1);
    await herald.cloud.clock.advance(9 * DAY);
    expect(await herald.cloud.inbox.count()).toBe(sent);
    expect(await stateOf(herald, draft)).toBe('paused');
    // Its run takes not a single step meanwhile.
    expect(steps()).toEqual(before);

    await act(herald, draft, 'resume');
    await herald.finished(draft.id);
    const everybody = await got(herald);
    expect(new Set(everybody).size).toBe(PEOPLE);
    expect(everybody).toHaveLength(PEOPLE);
    expect(await report(herald, draft)).toMatchObject({ recipients: PEOPLE, sent: PEOPLE, skipped: {}, failed: {} });
    const { items } = await herald.api.must<{ items: { action: string; actor: string; detail: string }[] }>(
      `GET /v1/audit?subject=campaign%2F${draft.id}`,
      await herald.as('operator-oscar'),
    );
    expect(items.filter(({ action }) => action === 'pause' || action === 'resume')).toMatchObject([
      { action: 'resume', actor: 'operator-oscar' },
      { action: 'pause', actor: 'operator-oscar', detail: 'The shop is down' },
    ]);
  },
);

localTest('days of virtual time', 'paused and then cancelled: nobody is lost from its report', async () => {
  const herald = await withPeople();
  const { draft, sent } = await pausedMidSend(herald);
  await herald.cloud.clock.advance(2 * DAY);
  await act(herald, draft, 'cancel', { reason: 'Wrong discount' });
  await herald.cloud.clock.advance(HOUR);
  expect(await stateOf(herald, draft)).toBe('cancelled');
  expect(await herald.cloud.inbox.count()).toBe(sent);
  expect(await report(herald, draft)).toMatchObject({
    ...{ recipients: PEOPLE, sent, failed: {} },
    skipped: { 'plan-cancelled': PEOPLE - sent },
  });
});

localTest('days of virtual time', 'a deadline counts on while it is paused, and the report says so', async () => {
  const herald = await withPeople();
  const { draft, sent } = await pausedMidSend(herald, { deadline: { days: 1 } });
  await herald.cloud.clock.advance(2 * DAY);
  await act(herald, draft, 'resume');
  await herald.finished(draft.id);
  expect(await herald.cloud.inbox.count()).toBe(sent);
  expect(await report(herald, draft)).toMatchObject({
    recipients: PEOPLE,
    sent,
    skipped: { 'too-late': PEOPLE - sent },
  });
});

localTest(
  'a month of virtual time',
  'nobody resumes it: after 30 days it is cancelled, with a whole report',
  async () => {
    const herald = await withPeople();
    const { draft, sent } = await pausedMidSend(herald);
    await herald.cloud.clock.advance(31 * DAY);
    expect(await read(herald, draft)).toMatchObject({
      state: 'cancelled',
      reason: 'It was still paused 30 days after it began',
    });
    expect(await report(herald, draft)).toMatchObject({
      ...{ recipients: PEOPLE, sent },
      skipped: { 'plan-cancelled': PEOPLE - sent },
    });
  },
);

localTest(
  'a night of virtual time',
  'too many complain: it pauses by itself before those who sleep get it, and an operator may go on',
  async () => {
    // Ten in the evening in Paris, one in the afternoon in Los Angeles.
    const herald = await bootShared({ days: true });
    await untilNext(herald, { hour: 21 });
    const quietHours = { from: '21:00', to: '08:00', otherwise: 'defer', jitterMinutes: 0 };
    const settings = { frequencyCap: { touches: 5, hours: 168 }, quietHours };
    await putSettings(herald, 'delivery', settings);
    const person = (name: string, timeZone: string) =>
      addPerson(herald, name, { email: `${name}@example.com`, timeZone, attributes: { city: 'Paris' } });
    for (let n = 0; n < 6; n += 1) await person(`complain-${n}`, 'America/Los_Angeles');
    for (let n = 0; n < 4; n += 1) await person(`sleeper-${n}`, 'Europe/Paris');
    await herald.cloud.clock.advance(120_000);
    const draft = await start(herald, { policy: ['email'] });
    await herald.cloud.clock.advance(6 * HOUR);
    expect(await read(herald, draft)).toMatchObject({
      state: 'paused',
      pause: { by: 'herald', reason: expect.stringMatching(/^Complaints: \d of about 6 emails/) },
    });
    // The morning comes and goes.
    await herald.cloud.clock.advance(24 * HOUR);
    const isSleeper = (to: string) => to.startsWith('sleeper');
    expect((await got(herald)).filter(isSleeper)).toEqual([]);

    await act(herald, draft, 'resume');
    await herald.finished(draft.id);
    expect((await got(herald)).filter(isSleeper)).toHaveLength(4);
    expect(await report(herald, draft)).toMatchObject({ recipients: 10, sent: 10, complained: { email: 6 } });
  },
);
