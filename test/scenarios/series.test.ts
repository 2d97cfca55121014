import { expect } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootLocal, type LocalHerald, localTest } from './boot.ts';
import { addPerson, approve, draftCampaign, stateOf, submit } from './people.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Monday, midnight in UTC. */
const MONDAY = Date.UTC(2026, 10, 16);
const WEEKS = 'weeks of virtual time';
const until = (herald: LocalHerald, atMs: number) => herald.cloud.clock.advance(atMs - herald.cloud.clock.now());

const withAda = async (): Promise<LocalHerald> => {
  const herald = await bootLocal({ days: true, startMs: MONDAY });
  await join(herald, 'ada');
  return herald;
};
const join = async (herald: LocalHerald, name: string) => {
  await addPerson(herald, name, { email: `${name}@example.com`, attributes: { city: 'Paris' } });
  await herald.cloud.clock.advance(120_000);
};
/** Tuesdays at nine in Paris, which is eight in UTC. */
const tuesdays = { every: 'week', weekdays: ['tue'], time: '09:00', timeZone: 'Europe/Paris', from: '2026-11-16' };
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
const runsOf = async ({ api, as }: LocalHerald, id: string) =>
  (await api.must<{ items: Run[] }>(`GET /v1/campaigns/${id}/runs`, await as('viewer-vera'))).items;
const report = async ({ api, as }: LocalHerald, id: string) =>
  api.must<CampaignReport>(`GET /v1/campaigns/${id}/report`, await as('viewer-vera'));
const act = async ({ api, as }: LocalHerald, id: string, verb: string, body: object = {}) =>
  api.must<Shown>(`POST /v1/campaigns/${id}/${verb}`, await as('operator-oscar', body));
/** When, in UTC, and to whom. */
const got = async ({ cloud }: LocalHerald) =>
  (await cloud.inbox.list({ limit: -1 }))
    .map(({ to, atMs }) => `${new Date(atMs).toISOString().slice(5, 13)} ${to.replace('@example.com', '')}`)
    .sort();

localTest(
  WEEKS,
  'each Tuesday to whoever is there then, with the content of then; reports for each and for all',
  async () => {
    const herald = await withAda();
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
    const { id } = await start(herald, { schedule: { ...tuesdays, occurrences: 3 } }, contents);
    expect(await read(herald, id)).toMatchObject({
      state: 'scheduled',
      series: { next: { atMs: MONDAY + DAY + 8 * HOUR } },
    });
    await until(herald, MONDAY + 2 * DAY);
    await join(herald, 'ben');
    await until(herald, MONDAY + 9 * DAY);
    const runs = await runsOf(herald, id);
    expect(runs.map(({ state, runOf, run }) => [runOf.number, state, run.snapshotSize])).toEqual([
      [2, 'finished', 2],
      [1, 'finished', 1],
    ]);
    expect((await read(herald, id)).state).toBe('scheduled');
    await until(herald, MONDAY + 17 * DAY);
    expect(await got(herald)).toEqual(['11-17T08 ada', '11-24T08 ada', '11-24T08 ben', '12-01T08 ada', '12-01T08 ben']);
    expect(await read(herald, id)).toMatchObject({ state: 'finished', series: { runs: 3, skipped: 0 } });
    expect(await report(herald, String(runs[1]?.id))).toMatchObject({ recipients: 1, sent: 1 });
    expect(await report(herald, id)).toMatchObject({ recipients: 5, sent: 5 });
    // Each run has variants of its own, and its report counts who got which.
    const run = (await report(herald, String(runs[0]?.id))) as CampaignReport & { variants: { people: number }[] };
    expect(run.variants.reduce((sum, { people }) => sum + people, 0)).toBe(2);
    const subjects = (await herald.cloud.inbox.list({ limit: -1 })).map(({ title }) => title);
    expect(subjects.every((subject) => variants.some(({ name }) => name === subject))).toBe(true);
    const { api, as } = herald;
    // Lists show the campaign, not its runs.
    const { items } = await api.must<{ items: { id: string }[] }>('GET /v1/campaigns', await as('viewer-vera'));
    expect(items.map((one) => one.id)).toEqual([id]);
  },
);

localTest(
  WEEKS,
  'paused for weeks, its run and its next times wait; resumed, it goes on with the next; cancelled, it is over',
  async () => {
    const herald = await withAda();
    for (let n = 0; n < 9; n += 1) await join(herald, `p${n}`);
    // A message a minute: the run takes ten minutes.
    const { id } = await start(herald, { schedule: tuesdays }, { speed: { perMinute: 1 } });
    await until(herald, MONDAY + DAY + 8 * HOUR + 200_000);
    await act(herald, id, 'pause', { reason: 'The shop is down' });
    const [first] = await runsOf(herald, id);
    expect(first?.state).toBe('paused');
    await until(herald, MONDAY + 18 * DAY);
    const before = (await got(herald)).length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(10);
    expect(await runsOf(herald, id)).toHaveLength(1);

    const resumed = await act(herald, id, 'resume');
    expect(resumed).toMatchObject({ state: 'scheduled', series: { next: { atMs: MONDAY + 22 * DAY + 8 * HOUR } } });
    await until(herald, MONDAY + 19 * DAY);
    expect((await runsOf(herald, id)).map(({ state }) => state)).toEqual(['finished']);
    expect(await got(herald)).toHaveLength(10);

    await until(herald, MONDAY + 22 * DAY + 8 * HOUR + 200_000);
    await act(herald, id, 'cancel', { reason: 'Enough' });
    await until(herald, MONDAY + 40 * DAY);
    expect((await runsOf(herald, id)).map(({ state }) => state)).toEqual(['cancelled', 'finished']);
    expect(await stateOf(herald, { id, version: 1, state: '' })).toBe('cancelled');
    expect((await got(herald)).length).toBeLessThan(20);
  },
);
