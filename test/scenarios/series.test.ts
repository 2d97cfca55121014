import { expect } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootShared, type LocalHerald, localTest, untilNext } from './boot.ts';
import { addPerson, approve, draftCampaign, stateOf, submit } from './people.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEKS = 'weeks of virtual time';
const until = (herald: LocalHerald, atMs: number) => herald.cloud.clock.advance(atMs - herald.cloud.clock.now());

type Weeks = LocalHerald & { mondayMs: number };
/** It is a Monday, midnight in UTC, and Ada is there. */
const withAda = async (): Promise<Weeks> => {
  const herald = await bootShared({ days: true });
  await untilNext(herald, { weekday: 1, hour: 0 });
  const mondayMs = herald.cloud.clock.now();
  await join(herald, 'ada');
  return { ...herald, mondayMs };
};
const join = async (herald: LocalHerald, name: string) => {
  await addPerson(herald, name, { email: `${name}@example.com`, attributes: { city: 'Paris' } });
  await herald.cloud.clock.advance(120_000);
};
/** Tuesdays at nine in Paris, which is eight in UTC. */
const tuesdays = ({ mondayMs }: Weeks) => ({
  ...{ every: 'week', weekdays: ['tue'], time: '09:00', timeZone: 'Europe/Paris' },
  from: new Date(mondayMs).toISOString().slice(0, 10),
});
const start = async (herald: LocalHerald, repeat: object, more: object = {}) => {
  const draft = await draftCampaign(herald, { city: 'Paris', policy: ['email'], name: 'News', repeat, ...more });
  await submit(herald, draft);
  await approve(herald, draft);
  return draft;
};
type Run = { id: string; state: string; runOf: { number: number }; run: { snapshotSize: number } };
type Shown = {
  state: string;
  series: { runs: number; skipped: number; next?: { atMs: number }; last: { id: string } };
};
const read = async ({ api, as }: LocalHerald, id: string) =>
  api.must<Shown>(`GET /v1/campaigns/${id}`, await as('viewer-vera'));
const listed = async ({ api, as }: LocalHerald) =>
  (await api.must<{ items: { id: string }[] }>('GET /v1/campaigns', await as('viewer-vera'))).items.map(({ id }) => id);
const runsOf = async ({ api, as }: LocalHerald, id: string) =>
  (await api.must<{ items: Run[] }>(`GET /v1/campaigns/${id}/runs`, await as('viewer-vera'))).items;
const report = async ({ api, as }: LocalHerald, id: string) =>
  api.must<CampaignReport>(`GET /v1/campaigns/${id}/report`, await as('viewer-vera'));
const act = async ({ api, as }: LocalHerald, id: string, verb: string, body: object = {}) =>
  api.must<Shown>(`POST /v1/campaigns/${id}/${verb}`, await as('operator-oscar', body));
/** How many days after that Monday, at which hour of UTC, and to whom. */
const got = async ({ cloud, mondayMs }: Weeks) =>
  (await cloud.inbox.list({ limit: -1 }))
    .map(({ to, atMs }) => {
      const day = String(Math.floor((atMs - mondayMs) / DAY)).padStart(2, '0');
      return `${day}T${new Date(atMs).toISOString().slice(11, 13)} ${to.replace('@example.com', '')}`;
    })
    .sort();

localTest(
  WEEKS,
  'each Tuesday to whoever is there then, with the content of then; reports for each and for all',
  async () => {
    const herald = await withAda();
    const { mondayMs } = herald;
    const before = await listed(herald);
    const variants: { name: string; templateId: string; percent: number }[] = [];
    for (const name of ['plain', 'warm']) {
      const content = { name, channels: { email: { subject: name, html: `<p>${name}</p>` } } };
      const made = await herald.api.must<{ id: string }>(
        'POST /v1/templates',
        await herald.as('marketer-mia', content),
      );
      variants.push({ name, templateId: made.id, percent: 50 });
    }
    const contents = { templateId: variants[0]?.templateId, variants };
    const { id } = await start(herald, { schedule: { ...tuesdays(herald), occurrences: 3 } }, contents);
    expect(await read(herald, id)).toMatchObject({
      state: 'scheduled',
      series: { next: { atMs: mondayMs + DAY + 8 * HOUR } },
    });
    await until(herald, mondayMs + 2 * DAY);
    await join(herald, 'ben');
    await until(herald, mondayMs + 9 * DAY);
    const runs = await runsOf(herald, id);
    expect(runs.map(({ state, runOf, run }) => [runOf.number, state, run.snapshotSize])).toEqual([
      [2, 'finished', 2],
      [1, 'finished', 1],
    ]);
    expect((await read(herald, id)).state).toBe('scheduled');
    await until(herald, mondayMs + 17 * DAY);
    expect(await got(herald)).toEqual(['01T08 ada', '08T08 ada', '08T08 ben', '15T08 ada', '15T08 ben']);
    expect(await read(herald, id)).toMatchObject({ state: 'finished', series: { runs: 3, skipped: 0 } });
    expect(await report(herald, String(runs[1]?.id))).toMatchObject({ recipients: 1, sent: 1 });
    expect(await report(herald, id)).toMatchObject({ recipients: 5, sent: 5 });
    // Each run has variants of its own, and its report counts who got which.
    const run = (await report(herald, String(runs[0]?.id))) as CampaignReport & { variants: { people: number }[] };
    expect(run.variants.reduce((sum, { people }) => sum + people, 0)).toBe(2);
    const subjects = (await herald.cloud.inbox.list({ limit: -1 })).map(({ title }) => title);
    expect(subjects.every((subject) => variants.some(({ name }) => name === subject))).toBe(true);
    // Lists show the campaign, not its runs.
    expect((await listed(herald)).filter((one) => !before.includes(one))).toEqual([id]);
  },
);

localTest(
  WEEKS,
  'paused for weeks, its run and its next times wait; resumed, it goes on with the next; cancelled, it is over',
  async () => {
    const herald = await withAda();
    const { mondayMs } = herald;
    for (let n = 0; n < 9; n += 1) await join(herald, `p${n}`);
    // A message a minute: the run takes ten minutes.
    const { id } = await start(herald, { schedule: tuesdays(herald) }, { speed: { perMinute: 1 } });
    await until(herald, mondayMs + DAY + 8 * HOUR + 200_000);
    await act(herald, id, 'pause', { reason: 'The shop is down' });
    const [first] = await runsOf(herald, id);
    expect(first?.state).toBe('paused');
    await until(herald, mondayMs + 18 * DAY);
    const before = (await got(herald)).length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(10);
    expect(await runsOf(herald, id)).toHaveLength(1);

    const resumed = await act(herald, id, 'resume');
    expect(resumed).toMatchObject({ state: 'scheduled', series: { next: { atMs: mondayMs + 22 * DAY + 8 * HOUR } } });
    await until(herald, mondayMs + 19 * DAY);
    expect((await runsOf(herald, id)).map(({ state }) => state)).toEqual(['finished']);
    expect(await got(herald)).toHaveLength(10);

    await until(herald, mondayMs + 22 * DAY + 8 * HOUR + 200_000);
    await act(herald, id, 'cancel', { reason: 'Enough' });
    await until(herald, mondayMs + 40 * DAY);
    expect((await runsOf(herald, id)).map(({ state }) => state)).toEqual(['cancelled', 'finished']);
    expect(await stateOf(herald, { id, version: 1, state: '' })).toBe('cancelled');
    expect((await got(herald)).length).toBeLessThan(20);
  },
);
