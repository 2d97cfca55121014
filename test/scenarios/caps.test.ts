import { expect, test } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootShared, type Herald, untilNext } from './boot.ts';
import { addPerson, approve, draftCampaign, submit } from './people.ts';
import { putSettings } from './put-back.ts';

const PEOPLE = 12;

/** Herald with these rules, and people in Paris who may be reached on every channel. */
const heraldWith = async (settings: object): Promise<Herald> => {
  const herald = await bootShared({ days: true });
  await putSettings(herald, 'delivery', { frequencyCap: { touches: 10, hours: 24 }, ...settings });
  // Days and months begin and end far away.
  await untilNext(herald, { hour: 12 });
  for (let n = 0; n < PEOPLE; n += 1) {
    const addresses = { email: `p${n}@example.com`, phone: `+120255501${String(n).padStart(2, '0')}` };
    await addPerson(herald, `p${n}`, { ...addresses, attributes: { city: 'Paris' } });
  }
  await herald.cloud.clock.advance(120_000);
  return herald;
};

/** Sends it to Paris; gives its report. */
const send = async (herald: Herald, options: object): Promise<CampaignReport> => {
  const draft = await draftCampaign(herald, { city: 'Paris', ...options });
  await submit(herald, draft);
  await approve(herald, draft);
  await herald.finished(draft.id);
  return herald.api.must(`GET /v1/campaigns/${draft.id}/report`, await herald.as('viewer-vera'));
};

test('one SMS a calendar month: the second campaign goes on to email, and the report says why', async () => {
  const herald = await heraldWith({ caps: [{ touches: 1, within: { calendar: 'month' }, channel: 'sms' }] });
  expect(await send(herald, { policy: ['sms', 'email'] })).toMatchObject({ sent: PEOPLE, byChannel: { sms: PEOPLE } });
  expect(await send(herald, { policy: ['sms', 'email'], text: 'Again' })).toMatchObject({
    sent: PEOPLE,
    byChannel: { email: PEOPLE },
    moved: { sms: { 'channel-cap': PEOPLE } },
  });
  expect(await send(herald, { policy: ['sms'], text: 'Once more' })).toMatchObject({
    sent: 0,
    skipped: { 'channel-cap': PEOPLE },
  });
});

test('two campaigns at once, one message a topic and day: each person gets one of them', async () => {
  const herald = await heraldWith({ caps: [{ touches: 1, within: { calendar: 'day' }, topic: 'news' }] });
  const drafts = [
    await draftCampaign(herald, { city: 'Paris', policy: ['email'], text: 'One' }),
    await draftCampaign(herald, { city: 'Paris', policy: ['sms'], text: 'Two' }),
  ];
  for (const draft of drafts) await submit(herald, draft);
  for (const { id } of drafts)
    await herald.api.must(`POST /v1/campaigns/${id}/approve`, await herald.as('approver-ada', {}));
  for (const { id } of drafts) await herald.finished(id);
  expect(await herald.cloud.inbox.count()).toBe(PEOPLE);
  // Another topic has a cap of its own: none.
  expect(await send(herald, { policy: ['email'], topic: 'offers', text: 'Three' })).toMatchObject({ sent: PEOPLE });
});

test('an hour between two messages, and the same words only once in three days', async () => {
  const herald = await heraldWith({ minimumGap: { minutes: 60 }, noDuplicatesWithin: { hours: 72 } });
  expect(await send(herald, { policy: ['email'], text: 'Sale' })).toMatchObject({ sent: PEOPLE });
  expect(await send(herald, { policy: ['email'], text: 'Big sale' })).toMatchObject({
    skipped: { 'minimum-gap': PEOPLE },
  });
  await herald.cloud.clock.advance(3_600_000);
  expect(await send(herald, { policy: ['email'], text: 'Sale' })).toMatchObject({ skipped: { duplicate: PEOPLE } });
  expect(await send(herald, { policy: ['email'], text: 'Big sale' })).toMatchObject({ sent: PEOPLE });
});

test('of three messages a week the last is kept for what matters most', async () => {
  const herald = await heraldWith({ frequencyCap: { touches: 3, hours: 168, reserved: 1 } });
  expect(await send(herald, { policy: ['email'], text: 'One' })).toMatchObject({ sent: PEOPLE });
  expect(await send(herald, { policy: ['email'], text: 'Two' })).toMatchObject({ sent: PEOPLE });
  expect(await send(herald, { policy: ['email'], text: 'Three' })).toMatchObject({
    skipped: { 'frequency-cap': PEOPLE },
  });
  expect(await send(herald, { policy: ['email'], text: 'Recall', priority: 'high' })).toMatchObject({ sent: PEOPLE });
  expect(await send(herald, { policy: ['email'], text: 'Recall 2', priority: 'high' })).toMatchObject({ sent: 0 });
});
