import { expect } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootShared, type LocalHerald, localTest } from './boot.ts';
import { ask, emailTo } from './linked-emails.ts';
import { addPerson, approve, draftCampaign, stateOf, submit } from './people.ts';
import { putSettings } from './put-back.ts';

const MINUTE = 60_000;
const CITY = { attributes: { city: 'Paris' } };
/** Of messages to this number nothing is ever heard. */
const SILENT = '+15555560001';
/** And these texts do not arrive. */
const LOST = '+15555530002';

const start = async (herald: LocalHerald, options: object) => {
  await herald.cloud.clock.advance(2 * MINUTE);
  const draft = await draftCampaign(herald, { city: 'Paris', ...options });
  await submit(herald, draft);
  await approve(herald, draft);
  return draft;
};
const report = async (herald: LocalHerald, { id }: { id: string }) =>
  herald.api.must<CampaignReport>(`GET /v1/campaigns/${id}/report`, await herald.as('viewer-vera'));
const got = async ({ cloud }: LocalHerald) =>
  (await cloud.inbox.list({ limit: -1 })).map(({ channel, to }) => `${channel} ${to}`).sort();

localTest(
  'hours of virtual time',
  'an email that is not opened within two hours is followed by an SMS, and only then the campaign has finished',
  async () => {
    const herald = await bootShared({ days: true });
    await addPerson(herald, 'reader', { phone: '+12025550101', email: 'reader@example.com', ...CITY });
    await addPerson(herald, 'busy', { phone: '+12025550102', email: 'busy@example.com', ...CITY });
    await addPerson(herald, 'only-email', { email: 'only@example.com', ...CITY });
    const policy = [{ channel: 'email', ifNotOpenedWithin: { hours: 2 } }, 'sms'];
    const draft = await start(herald, { policy });
    await herald.cloud.clock.advance(10 * MINUTE);
    const emails = ['email busy@example.com', 'email only@example.com', 'email reader@example.com'];
    expect(await got(herald)).toEqual(emails);
    expect(await stateOf(herald, draft)).toBe('sending');
    await ask((await emailTo(herald, 'reader@example.com')).pixel ?? '');

    await herald.finished(draft.id);
    expect(await got(herald)).toEqual([...emails, 'sms +12025550102']);
    expect(await report(herald, draft)).toMatchObject({
      recipients: 3,
      sent: 3,
      byChannel: { email: 2, sms: 1 },
      moved: { email: { 'not-opened': 1 } },
    });
  },
);

localTest(
  'receipts come from the providers of the local cloud',
  'an SMS that is not delivered within ten minutes is followed by an email, and only then the campaign has finished',
  async () => {
    const herald = await bootShared({ days: true });
    await addPerson(herald, 'fine', { phone: '+12025550101', email: 'fine@example.com', ...CITY });
    await addPerson(herald, 'silent', { phone: SILENT, email: 'silent-a@example.com', ...CITY });
    await addPerson(herald, 'lost', { phone: LOST, email: 'lost@example.com', ...CITY });
    await addPerson(herald, 'only-phone', { phone: '+15555560003', ...CITY });
    const policy = [{ channel: 'sms', ifNotDeliveredWithin: { minutes: 10 } }, 'email'];
    const draft = await start(herald, { policy });
    await herald.cloud.clock.advance(9 * MINUTE);
    expect(await got(herald)).toEqual(['sms +12025550101', `sms ${LOST}`, `sms ${SILENT}`, 'sms +15555560003'].sort());
    expect(await stateOf(herald, draft)).toBe('sending');

    await herald.finished(draft.id);
    const emails = (await got(herald)).filter((one) => one.startsWith('email'));
    expect(emails).toEqual(['email lost@example.com', 'email silent-a@example.com']);
    expect(await report(herald, draft)).toMatchObject({
      recipients: 4,
      sent: 4,
      byChannel: { sms: 2, email: 2 },
      moved: { sms: { 'not-delivered': 2 } },
    });
  },
);

localTest(
  'receipts come from the providers of the local cloud',
  'whom the next channel cannot reach has got the SMS all the same; what is too expensive for one person is left out',
  async () => {
    const herald = await bootShared({ days: true });
    const settings = { frequencyCap: { touches: 1, hours: 24 }, prices: { sms: 0.05, email: 0.001 } };
    await putSettings(herald, 'delivery', settings);
    await addPerson(herald, 'silent', { phone: SILENT, email: 'a@example.com', ...CITY }, { sms: true, email: false });
    const waits = [{ channel: 'sms', ifNotDeliveredWithin: { minutes: 10 } }, 'email'];
    const draft = await start(herald, { policy: waits });
    await herald.finished(draft.id);
    expect(await report(herald, draft)).toMatchObject({ sent: 1, byChannel: { sms: 1 }, skipped: {} });

    await addPerson(herald, 'thrifty', { phone: '+12025550104', email: 'thrifty@example.com', ...CITY });
    await addPerson(herald, 'only-phone', { phone: '+12025550105', ...CITY });
    const cheap = await start(herald, { policy: ['sms', 'email'], budget: 0.01, text: 'Cheap' });
    await herald.finished(cheap.id);
    expect((await got(herald)).filter((one) => !one.includes(SILENT))).toEqual(['email thrifty@example.com']);
    expect(await report(herald, cheap)).toMatchObject({
      sent: 1,
      skipped: { 'over-budget': 1, 'no-consent': 1 },
      moved: { sms: { 'over-budget': 2 } },
    });
  },
);

localTest(
  'receipts come from the providers of the local cloud',
  'a policy that cannot be carried out is told where',
  async () => {
    const herald = await bootShared({ days: true });
    const policy = [{ channel: 'push', ifNotOpenedWithin: { hours: 1 } }, 'sms'];
    const draft = await draftCampaign(herald, { city: 'Paris', policy });
    const answer = await herald.api.call(
      `POST /v1/campaigns/${draft.id}/submit`,
      await herald.as('marketer-mia', { version: draft.version }),
    );
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ errors: [{ path: 'channelPolicy.0' }] });
  },
);
