import { expect } from 'vitest';
import { bootLocal, bootShared, type Herald, localTest } from './boot.ts';
import { addPerson, approve, type CampaignView, submit } from './people.ts';

const DAY_MS = 86_400_000;
type Named = { id: string };
type Figures = {
  state: string;
  size: number;
  of: number;
  reachable: number;
  reach: { email: object };
  overlap: number[][];
  sample: { profileId: string }[];
};

const dayBefore = (nowMs: number, days: number) => new Date(nowMs - days * DAY_MS).toISOString();

/**
 * Six people: five are in the VIP list, of whom two bought within the last 30 days; one of the others refused email. The
 * audience is the VIP list minus the recent buyers.
 */
const vipsWithoutRecentBuyers = async (herald: Herald) => {
  const { api, as, cloud, connectSource, own } = herald;
  const post = async <T = Named>(path: string, body: object) =>
    api.must<T>(`POST ${path}`, await as('marketer-mia', body));
  for (const name of ['ada', 'bob', 'cleo', 'dan', 'eve', 'fay']) {
    await addPerson(herald, name, { email: `${name}@example.com` }, { email: name !== 'dan' });
  }
  const apiKey = await connectSource('Shop');
  const bought = (id: string, profileId: string, daysAgo: number) => ({
    ...{ id, type: own('order.placed'), profileId: own(profileId), time: dayBefore(cloud.clock.now(), daysAgo) },
  });
  const events = [bought('1', 'ada', 3), bought('2', 'bob', 29), bought('3', 'cleo', 31), bought('4', 'fay', 1)];
  await api.must('POST /v1/events', { apiKey, body: { events } });

  const { id: listId } = await post('/v1/lists', { name: 'VIP' });
  const added = await post<{ accepted: number; refused: number }>(`/v1/lists/${listId}/members`, {
    profileIds: ['ada', 'bob', 'cleo', 'dan', 'eve', 'nobody'].map(own),
  });
  expect(added).toMatchObject({ accepted: 5, refused: 1 });
  const recent = { event: own('order.placed'), count: { atLeast: 1 }, within: { days: 30 } };
  const { id: segmentId } = await post('/v1/segments', { name: 'Recent buyers', segment: recent });
  const audience = { difference: [{ list: listId }, { segment: segmentId }] };
  const { id: audienceId } = await post('/v1/audiences', { name: 'VIP, but no recent buyers', audience });
  await cloud.clock.advance(120_000);
  return { post, listId, audienceId };
};

localTest(
  'its Athena has no UNLOAD',
  'the VIP list minus recent buyers gets a campaign, and the preview said whom',
  async () => {
    const herald = await bootShared();
    const { api, as, cloud, own } = herald;
    // People of other tests.
    const nobody = { segment: { attribute: 'city', equals: own('Nowhere') } };
    const before = await api.must<Figures>('POST /v1/segments/preview', await as('marketer-mia', nobody));
    const { post, listId, audienceId } = await vipsWithoutRecentBuyers(herald);

    const preview = await post<Figures>('/v1/segments/preview', { audienceId, topic: 'news' });
    expect(preview).toMatchObject({
      ...{ state: 'done', size: 3, of: before.of + 6, reachable: 2 },
      reach: { email: { reachable: 2, optedOut: 1, notAsked: 0, noAddress: 0 } },
      // Five are VIPs, three bought lately, two are both.
      overlap: [
        [5, 2],
        [2, 3],
      ],
    });
    expect(preview.sample.map(({ profileId }) => profileId).sort()).toEqual(['cleo', 'dan', 'eve'].map(own));

    // The snapshot holds as many as the preview has counted, and so does the campaign's.
    const { id: snapshotId } = await post('/v1/snapshots', { audience: { audienceId } });
    type Snapshot = { state: string; count: number };
    const isDone = ({ state }: Snapshot) => state !== 'running';
    const snapshot = await herald.until<Snapshot>(`GET /v1/snapshots/${snapshotId}`, 'marketer-mia', isDone, 600_000);
    expect(snapshot).toMatchObject({ state: 'finished', count: preview.size });

    const channels = { email: { subject: 'We miss you', html: '<p>Come back</p>' } };
    const { id: templateId } = await post('/v1/templates', { name: 'Miss you', channels });
    const draft = await post<CampaignView>('/v1/campaigns', {
      ...{ name: 'Miss you', audience: { audienceId }, templateId, channelPolicy: ['email'], topic: 'news' },
    });
    await submit(herald, draft);

    // What waits for approval cannot be deleted from under it.
    const refused = await api.call(`DELETE /v1/lists/${listId}`, await as('marketer-mia'));
    expect(refused).toMatchObject({ status: 409, body: { type: '/problems/in-use' } });
    const uses = (refused.body as { uses: { kind: string; name: string }[] }).uses;
    expect(uses.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
      'audience VIP, but no recent buyers',
      'campaign Miss you',
    ]);
    expect((await api.call(`DELETE /v1/audiences/${audienceId}`, await as('marketer-mia'))).status).toBe(409);

    await approve(herald, draft);
    await herald.finished(draft.id);
    expect((await cloud.inbox.list()).map(({ to }) => to).sort()).toEqual(['cleo@example.com', 'eve@example.com']);
    const report = await api.must<{ recipients: number; sent: number; skipped: object }>(
      `GET /v1/campaigns/${draft.id}/report`,
      await as('viewer-vera'),
    );
    expect(report).toMatchObject({ recipients: preview.size, sent: preview.reachable, skipped: { 'no-consent': 1 } });

    // When all is over both can go, and everybody leaves the list.
    for (const path of [`audiences/${audienceId}`, `lists/${listId}`]) {
      expect((await api.call(`DELETE /v1/${path}`, await as('marketer-mia'))).status).toBe(204);
    }
    await cloud.clock.advance(120_000);
    expect(await api.must(`GET /v1/profiles/${own('eve')}/lists`, await as('viewer-vera'))).toEqual({ items: [] });
  },
);

localTest('its Athena has no UNLOAD', 'a marketer asks why somebody is in or out', async () => {
  const herald = await bootShared();
  const { post, audienceId } = await vipsWithoutRecentBuyers(herald);
  type Why = {
    member: boolean;
    text: string;
    explanation: { parts: { holds: boolean; found?: string; parts?: { found: string }[] }[] };
  };
  const why = (name: string) => post<Why>('/v1/segments/explain', { audienceId, profileId: herald.own(name) });
  const dayOf = (daysAgo: number) => dayBefore(herald.cloud.clock.now(), daysAgo).slice(0, 10);

  const cleo = await why('cleo');
  expect(cleo.member).toBe(true);
  expect(cleo.explanation.parts[0]).toMatchObject({ holds: true, found: 'is on the list “VIP”' });
  expect(cleo.explanation.parts[1]).toMatchObject({
    ...{ node: 'not', holds: true, parts: [{ holds: false }] },
  });
  const bob = await why('bob');
  expect(bob.member).toBe(false);
  expect(bob.explanation.parts[1]?.parts?.[0]?.found).toMatch(
    new RegExp(`^did “${herald.own('order.placed')}” once since ${dayOf(30)}T[\\d:.]+Z, at ${dayOf(29)}`),
  );
  const fay = await why('fay');
  expect([fay.member, fay.explanation.parts[0]?.found]).toEqual([false, 'is not on the list “VIP”']);
});

localTest(
  'its Athena has no UNLOAD',
  'while typing a marketer sees an estimate, which the exact count confirms',
  async () => {
    // A cloud whose sample nobody has asked for yet.
    const herald = await bootLocal();
    const { post, audienceId } = await vipsWithoutRecentBuyers(herald);
    expect(await post('/v1/segments/estimate', { audienceId })).toEqual({ state: 'preparing' });
    await herald.cloud.clock.advance(120_000);
    const estimate = await post<{ exact: boolean; low: number; high: number; sampleSize: number }>(
      '/v1/segments/estimate',
      { audienceId },
    );
    expect(estimate).toMatchObject({ state: 'done', exact: false, sampleSize: 6, of: 6 });
    const { size } = await post<Figures>('/v1/segments/preview', { audienceId });
    expect(estimate.low <= size && size <= estimate.high).toBe(true);
  },
);
