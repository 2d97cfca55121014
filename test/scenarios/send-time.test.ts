import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootLocal, bootShared, type LocalHerald, localTest, untilNext } from './boot.ts';
import { ask, emailTo, sendEmails } from './linked-emails.ts';
import { addPerson, approve, draftCampaign, stateOf, submit } from './people.ts';
import { putSettings } from './put-back.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Monday, midnight in UTC, one in Paris. */
const MONDAY = Date.UTC(2026, 10, 16);
const WEEK = 'days of virtual time';

const until = (herald: LocalHerald, atMs: number) => herald.cloud.clock.advance(atMs - herald.cloud.clock.now());
const named = (kind: string, count: number) => Array.from({ length: count }, (_, n) => `${kind}${n}`);
const EARLY = named('early', 6);
const LATE = named('late', 8);
const NEW = named('new', 6);

type Week = LocalHerald & { mondayMs: number };
/** A Monday, midnight in UTC, one in Paris. */
const onMonday = async (): Promise<Week> => {
  const herald = await bootShared({ days: true });
  await untilNext(herald, { weekday: 1, hour: 0 });
  return { ...herald, mondayMs: herald.cloud.clock.now() };
};
/** On each day of a working week some open an email at 07:10 and more at 19:10, by the clock of Paris. It is Friday evening now. */
const afterAWeek = async (): Promise<Week> => {
  const herald = await onMonday();
  const { mondayMs } = herald;
  const attributes = { city: 'Paris' };
  for (const name of [...EARLY, ...LATE]) {
    await addPerson(herald, name, { email: `${name}@example.com`, timeZone: 'Europe/Paris', attributes });
  }
  await herald.cloud.clock.advance(120_000);
  await sendEmails(herald, { city: 'Paris', html: '<p>Hello</p>', topic: 'news' });
  const pixels = new Map<string, string>();
  for (const name of [...EARLY, ...LATE]) {
    pixels.set(name, (await emailTo(herald, `${name}@example.com`)).pixel ?? '');
  }
  for (let day = 0; day < 5; day += 1) {
    for (const [hour, who] of [
      [6, EARLY],
      [18, LATE],
    ] as const) {
      await until(herald, mondayMs + day * DAY + hour * HOUR + 600_000);
      for (const name of who) await ask(pixels.get(name) ?? '');
    }
  }
  for (const name of NEW)
    await addPerson(herald, name, { email: `${name}@example.com`, timeZone: 'Asia/Tokyo', attributes });
  await until(herald, mondayMs + 4 * DAY + 22 * HOUR);
  return herald;
};

const start = async (herald: LocalHerald, options: object) => {
  const draft = await draftCampaign(herald, { city: 'Paris', policy: ['email'], name: 'Sale', ...options });
  await submit(herald, draft);
  await approve(herald, draft);
  return draft;
};
type Campaign = { state: string; sendTime: object; run: { runId: string } };
const read = async (herald: LocalHerald, { id }: { id: string }) =>
  herald.api.must<Campaign>(`GET /v1/campaigns/${id}`, await herald.as('viewer-vera'));
const report = async (herald: LocalHerald, { id }: { id: string }) =>
  herald.api.must<CampaignReport>(`GET /v1/campaigns/${id}/report`, await herald.as('viewer-vera'));
/** How many days after that Monday, and at which hour of UTC, each got something since then. */
const got = async ({ cloud, mondayMs }: Week, sinceMs: number): Promise<Record<string, string>> => {
  const messages = (await cloud.inbox.list({ limit: -1 })).filter(({ atMs }) => atMs >= sinceMs);
  const times = messages.map(({ to, atMs }) => [
    to.replace('@example.com', ''),
    `${Math.floor((atMs - mondayMs) / DAY)}T${new Date(atMs).toISOString().slice(11, 13)}`,
  ]);
  const hours = Object.fromEntries(times);
  // All once.
  expect(Object.keys(hours)).toHaveLength(messages.length);
  return hours;
};
/** A tenth gets it at an hour of chance: who that is stands in the ids. */
const isExplored = ({ own }: LocalHerald, runId: string, name: string) =>
  Number.parseInt(
    createHash('md5')
      .update(`${runId}#${own(name)}`)
      .digest('hex')
      .slice(0, 8),
    16,
  ) /
    2 ** 32 <
  0.1;

localTest(
  WEEK,
  'who opens in the morning gets it in the morning, evening people in the evening, new ones when most open',
  async () => {
    const herald = await afterAWeek();
    const startMs = herald.cloud.clock.now();
    const draft = await start(herald, { sendTime: { best: { within: { hours: 24 } } } });
    const { sendTime, run } = await read(herald, draft);
    expect(sendTime).toEqual({ best: { within: { hours: 24 } } });
    await herald.cloud.clock.advance(HOUR);
    expect(await stateOf(herald, draft)).toBe('sending');

    await herald.cloud.clock.advance(DAY);
    expect(await stateOf(herald, draft)).toBe('finished');
    const hours = await got(herald, startMs);
    expect(Object.keys(hours).sort()).toEqual([...EARLY, ...LATE, ...NEW].sort());
    const usual = Object.entries(hours).filter(([name]) => !isExplored(herald, run.runId, name));
    expect(usual.length).toBeGreaterThan(0);
    // Saturday: 07:00 in Paris is 06:00 in UTC, 19:00 is 18:00; 19:00 in Tokyo is 10:00.
    const expected = (name: string) => (EARLY.includes(name) ? '5T06' : LATE.includes(name) ? '5T18' : '5T10');
    expect(usual).toEqual(usual.map(([name]) => [name, expected(name)]));
    const chance = Object.keys(hours).filter((name) => isExplored(herald, run.runId, name)).length;
    expect(await report(herald, draft)).toMatchObject({
      ...{ recipients: 20, sent: 20, skipped: {}, failed: {} },
      sendTime: {
        chosen: { sent: 20 - chance, opened: 0, clicked: 0 },
        chance: { sent: chance, opened: 0, clicked: 0 },
      },
    });
  },
);

localTest(WEEK, 'cancelled on the way: who waits is told as cancelled when their time comes', async () => {
  const herald = await afterAWeek();
  const startMs = herald.cloud.clock.now();
  const draft = await start(herald, { sendTime: { best: { within: { hours: 24 } } } });
  // Between the morning and the evening in Paris.
  await herald.cloud.clock.advance(10 * HOUR);
  const sent = Object.keys(await got(herald, startMs));
  const { run } = await read(herald, draft);
  expect(sent).toEqual(expect.arrayContaining(EARLY.filter((name) => !isExplored(herald, run.runId, name))));
  await herald.api.must(`POST /v1/campaigns/${draft.id}/cancel`, await herald.as('operator-oscar', { reason: 'No' }));
  await herald.cloud.clock.advance(DAY);
  expect(Object.keys(await got(herald, startMs))).toEqual(sent);
  expect(await stateOf(herald, draft)).toBe('cancelled');
  const { length } = sent;
  expect(await report(herald, draft)).toMatchObject({
    recipients: 20,
    sent: length,
    skipped: { 'plan-cancelled': 20 - length },
  });
});

localTest('a day of virtual time', 'at nine where each of them is; quiet hours are asked again then', async () => {
  const herald = await onMonday();
  await putSettings(herald, 'delivery', {
    ...{ frequencyCap: { touches: 5, hours: 168 }, fallbackTimeZone: 'Europe/London' },
    quietHours: { from: '08:30', to: '09:30', otherwise: 'defer', jitterMinutes: 0 },
  });
  await until(herald, herald.mondayMs + 12 * HOUR);
  const zones = { paris: 'Europe/Paris', angeles: 'America/Los_Angeles', kolkata: 'Asia/Kolkata', nowhere: undefined };
  for (const [name, timeZone] of Object.entries(zones)) {
    const where = { ...(timeZone && { timeZone }), attributes: { city: 'Paris' } };
    await addPerson(herald, name, { email: `${name}@example.com`, ...where });
  }
  await herald.cloud.clock.advance(120_000);
  const draft = await start(herald, { sendTime: { local: '09:00' } });
  await herald.finished(draft.id);
  expect(await got(herald, herald.mondayMs)).toEqual({
    ...{ angeles: '0T17', kolkata: '1T04', paris: '1T08', nowhere: '1T09' },
  });
  expect(await report(herald, draft)).toMatchObject({ sent: 4, moved: { email: { 'quiet-hours': 4 } } });
});

localTest(
  'the local cloud alone can be looked into',
  'nobody has a history: at once, but for the few who explore',
  async () => {
    // Nobody of another test has one either.
    const herald = { ...(await bootLocal({ days: true, startMs: MONDAY + 12 * HOUR })), mondayMs: MONDAY };
    for (const name of NEW)
      await addPerson(herald, name, { email: `${name}@example.com`, attributes: { city: 'Paris' } });
    await herald.cloud.clock.advance(120_000);
    const draft = await start(herald, { sendTime: { best: { within: { days: 7 } } } });
    await herald.cloud.clock.advance(60_000);
    const { run } = await read(herald, draft);
    const usual = NEW.filter((name) => !isExplored(herald, run.runId, name));
    expect(Object.keys(await got(herald, MONDAY))).toEqual(expect.arrayContaining(usual));
  },
);
