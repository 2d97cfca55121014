import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootLocal, bootShared } from './boot.ts';
import { ADA, ADA_TEXTS, BOB, type ErasureView, erase, finishErasure, liveEverywhere, placesOf } from './everywhere.ts';
import { addPerson, approve, draftCampaign, importCsv, submit } from './people.ts';

const MINUTE = 60_000;

const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'herald-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

test('nobody comes back by an event, a call, a file or a list', { timeout: 120_000 }, async () => {
  const persist = folder();
  const herald = await bootLocal({ persist });
  const { api, as, cloud } = herald;
  const { tell, listId } = await liveEverywhere(herald);
  const erasure = await erase(herald, ADA.id);
  // Workers hear of it within half a minute; what one of them wrote before is removed.
  await tell('page.viewed', { profileId: ADA.id }, { mood: ADA.mood });
  expect(await finishErasure(herald, erasure)).toBe(2);

  const received = await cloud.inbox.count();
  await tell('order.placed', { profileId: ADA.id }, { mood: ADA.mood });
  await tell('page.viewed', { anonymousId: ADA.device }, { mood: ADA.mood });
  await tell('page.viewed', { profileId: BOB.id, anonymousId: ADA.tablet });
  const detail = { id: 'late', type: 'order.placed', profileId: ADA.id };
  await cloud.putOnBus({ source: 'kiosk', detailType: 'Herald Event', detail });
  const mia = async (body: object) => as('marketer-mia', body);
  const refused = { status: 409, body: { type: '/problems/person-erased' } };
  expect(await api.call(`PUT /v1/profiles/${ADA.id}`, await mia({ email: ADA.email }))).toMatchObject(refused);
  expect(await api.call(`PUT /v1/profiles/${ADA.id}/consents`, await mia({ consents: { sms: true } }))).toMatchObject(
    refused,
  );
  expect(await api.call(`POST /v1/profiles/${BOB.id}/aliases`, await mia({ alias: ADA.device }))).toMatchObject(
    refused,
  );
  expect(await api.call(`POST /v1/profiles/${ADA.id}/export`, await as('admin-amir', {}))).toMatchObject(refused);
  await api.must(`POST /v1/lists/${listId}/members`, await mia({ profileIds: [ADA.id, BOB.id] }));
  const csv = `id,mail\n${ADA.id},${ADA.email}\n${BOB.id},${BOB.email}`;
  const { progress } = await importCsv(herald, csv, { id: 'profileId', mail: 'email' });
  expect(progress).toMatchObject({ imported: 1, refused: 1 });
  await cloud.clock.advance(5 * MINUTE);
  expect(await cloud.inbox.count()).toBe(received);
  // The file itself names her again, which only a further erasure, or its 60 days, can change.
  const places = await placesOf(herald, persist, ADA_TEXTS);
  expect(places.filter((place) => !place.startsWith('object imports/'))).toEqual([]);
});

test('erasing again finds the running one; erasing somebody unknown ends like any other', async () => {
  const herald = await bootShared();
  const { api, as, own } = herald;
  const listed = async () =>
    (await api.must<{ items: ErasureView[] }>('GET /v1/erasures', await as('admin-amir'))).items.length;
  const before = await listed();
  const ada = own('ada');
  await addPerson(herald, 'ada', { email: 'ada@example.com' });
  const first = await erase(herald, ada);
  expect((await erase(herald, ada)).id).toBe(first.id);
  const unknown = await erase(herald, own('nobody-at-all'));
  await finishErasure(herald, unknown);
  await finishErasure(herald, first);
  expect(await erase(herald, ada)).toMatchObject({ id: first.id, state: 'running', passes: 0 });
  const anonymous = await erase(herald, `anonymous:${own('some-device')}`);
  expect(anonymous.id).not.toBe(first.id);
  for (const route of [`POST /v1/profiles/${ada}/erase`, `POST /v1/profiles/${ada}/export`]) {
    expect(await api.call(route, await as('marketer-mia', { reason: 'person-asked' }))).toMatchObject({ status: 403 });
  }
  expect((await listed()) - before).toBe(3);
});

test('a campaign under way skips who is erased between its snapshot and its send, and reaches the others', async () => {
  const herald = await bootShared();
  const { api, as, cloud } = herald;
  const city = { attributes: { city: 'Paris' } };
  for (const n of [1, 2, 3]) await addPerson(herald, `p${n}`, { phone: `+1202555000${n}`, ...city });
  await cloud.clock.advance(2 * MINUTE);
  const sendAt = new Date(cloud.clock.now() + 60 * MINUTE).toISOString();
  const draft = await draftCampaign(herald, { city: 'Paris', policy: ['sms'], sendAt });
  await submit(herald, draft);
  await approve(herald, draft);
  // Gone from the tables, but not yet from the lake, of which the snapshot is made.
  await erase(herald, herald.own('p2'));
  await cloud.clock.advance(MINUTE);
  await herald.finished(draft.id);
  expect((await cloud.inbox.list()).map(({ to }) => to).sort()).toEqual(['+12025550001', '+12025550003']);
  const report = await api.must<CampaignReport>(`GET /v1/campaigns/${draft.id}/report`, await as('viewer-vera'));
  expect(report).toMatchObject({ recipients: 3, sent: 2, skipped: { erased: 1 } });
});

test('an erasure under faults is finished all the same, and leaves nothing', { timeout: 120_000 }, async () => {
  const persist = folder();
  const faults = { seed: 2, duplicateBatch: 0, crashBefore: 0, crashAfter: 0 };
  const herald = await bootLocal({ persist, faults });
  await liveEverywhere(herald);
  Object.assign(faults, { duplicateBatch: 0.3, crashBefore: 0.15, crashAfter: 0.15 });
  const patient = async <T>(act: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await act();
      } catch (error) {
        if (attempt === 20) throw error;
      }
    }
  };
  const erasure = await patient(() => erase(herald, ADA.id));
  await patient(() => finishErasure(herald, erasure));
  expect(Object.keys(herald.cloud.injected).length).toBeGreaterThan(0);
  // A pass that another one has overtaken while it waited for its retry ends too, and deletes its worklist.
  await herald.cloud.clock.advance(60 * MINUTE);
  expect(await placesOf(herald, persist, ADA_TEXTS)).toEqual([]);
});
