import { expect } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootLocal, localTest } from './boot.ts';
import { addPerson, type CampaignView, draftCampaign, importCsv, stateOf, submit } from './people.ts';
import { type JourneyView, sms, texts, write } from './walks.ts';

const HOUR = 3_600_000;
const PEOPLE = 300;
/** A third of them the provider keeps waiting for a second attempt (+1555552…). */
const phoneOf = (n: number) => `${n % 3 === 0 ? '+1555552' : '+1202555'}${String(n).padStart(4, '0')}`;

localTest(
  'days of virtual time',
  'two levels say yes in turn, people are reminded meanwhile; an approver takes it back mid-send, and nobody is lost from the report',
  async () => {
    const herald = await bootLocal({ days: true });
    const { api, as, cloud } = herald;
    const rows = Array.from({ length: PEOPLE }, (_, n) => `p${n},${phoneOf(n)},Paris,yes`);
    await importCsv(herald, ['id,phone,city,ok', ...rows].join('\n'), {
      ...{ id: 'profileId', phone: 'phone', city: 'attributes.city', ok: 'consent.sms' },
    });
    await addPerson(herald, 'late', { phone: '+12025550001', attributes: { city: 'Oslo' } });
    await cloud.clock.advance(120_000);
    const [ada, vera] = [await herald.idOf('approver-ada'), await herald.idOf('viewer-vera')];
    const levels = [
      { name: 'Colleague', roles: ['approver'], quorum: 1 },
      { name: 'Legal', people: [vera], quorum: 1, when: { channels: ['sms'] } },
    ];
    await api.must(
      'PUT /v1/settings/approvals',
      await as('operator-oscar', { version: 0, levels, remindAfter: { hours: 12 } }),
    );
    const draft = await draftCampaign(herald, { city: 'Paris', policy: ['sms'] });
    await submit(herald, draft);
    const path = `POST /v1/campaigns/${draft.id}` as const;
    const journey = await write(herald, {
      ...{ name: 'Welcome', entry: { api: true }, start: 'hello' },
      nodes: { hello: await sms(herald, 'Welcome', 'end'), end: { kind: 'exit' } },
    });
    const { id: journeyId, version } = journey;
    const alone = await api.call(`POST /v1/journeys/${journeyId}/publish`, await as('approver-ada', { version }));
    expect(alone).toMatchObject({ status: 409, body: { type: '/problems/needs-approval' } });
    await api.must(`POST /v1/journeys/${journeyId}/submit`, await as('marketer-mia', { version }));
    const say = `POST /v1/approvals/journey/${journeyId}/approve` as const;
    const ofJourney = async () => api.must<JourneyView>(`GET /v1/journeys/${journeyId}`, await as('viewer-vera'));

    await cloud.clock.advance(25 * HOUR);
    type Waiting = { items: { id: string; mine: boolean; approval: { level: number; reminders: number } }[] };
    const waits = async (user: string) => (await api.must<Waiting>('GET /v1/approvals', await as(user))).items;
    expect(await waits('approver-ada')).toMatchObject([
      { id: draft.id, mine: true, approval: { level: 0, reminders: 2 } },
      { kind: 'journey', id: journeyId, mine: true, approval: { level: 0, reminders: 2 } },
    ]);
    expect(await waits('viewer-vera')).toEqual([]);
    await api.must(`${path}/approve`, await as('approver-ada', {}));
    await api.must(say, await as('approver-ada', { level: 0 }));
    await cloud.clock.advance(13 * HOUR);
    expect(await waits('viewer-vera')).toMatchObject([
      { id: draft.id, approval: { level: 1, reminders: 1 } },
      { id: journeyId, approval: { level: 1, reminders: 1 } },
    ]);
    expect(await cloud.inbox.count()).toBe(0);
    expect(await ofJourney()).not.toHaveProperty('running');
    await api.must(say, await as('viewer-vera', { level: 1 }));
    await cloud.clock.advance(10_000);
    expect(await ofJourney()).toMatchObject({ state: 'published', running: { state: 'live' } });
    const enter = await as('marketer-mia', { profileId: herald.own('late') });
    await api.must(`POST /v1/journeys/${journeyId}/participants`, enter);
    await cloud.clock.advance(10_000);
    expect(await texts(herald, '+12025550001')).toEqual(['Welcome']);
    await api.must(`${path}/approve`, await as('viewer-vera', { comment: 'Lawful' }));

    // The promotional lane gathers batches for five seconds.
    await cloud.clock.advance(6_000);
    expect(await stateOf(herald, draft)).toBe('sending');
    const revoked = await api.must<CampaignView>(`${path}/revoke`, await as('viewer-vera', { reason: 'Wrong price' }));
    expect(revoked).toMatchObject({
      state: 'cancelled',
      approval: { votes: [{ by: ada }, { by: vera }], revoked: { by: vera, reason: 'Wrong price' } },
    });
    await cloud.clock.advance(HOUR);
    // The first one is the journey's.
    const sent = (await cloud.inbox.count()) - 1;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(PEOPLE);
    const read = `GET /v1/campaigns/${draft.id}/report` as const;
    expect(await api.must<CampaignReport>(read, await as('viewer-vera'))).toMatchObject({
      recipients: PEOPLE,
      sent,
      skipped: { 'plan-cancelled': PEOPLE - sent },
    });
    await cloud.clock.advance(24 * HOUR);
    expect(await cloud.inbox.count()).toBe(sent + 1);

    // What an active trigger says changes when its template's new version is approved, and not before.
    await api.must(
      'PUT /v1/settings/approvals',
      await as('operator-oscar', { version: 1, levels: levels.slice(0, 1) }),
    );
    const { templateId } = await sms(herald, 'Old', '');
    const paid = { name: 'Paid', eventType: 'paid', templateId, channelPolicy: ['sms'], topic: 'paid' };
    const trigger = await api.must<{ id: string; version: number }>(
      'POST /v1/triggers',
      await as('marketer-mia', { ...paid, lane: 'transactional' }),
    );
    await api.must(`POST /v1/triggers/${trigger.id}/activate`, await as('approver-ada', { version: trigger.version }));
    await cloud.clock.advance(10_000);
    const apiKey = await herald.connectSource('Shop');
    const pay = async (eventId: string) => {
      const event = { id: eventId, type: 'paid', profileId: herald.own('late') };
      await api.must('POST /v1/events', { apiKey, body: { events: [event] } });
      await cloud.clock.advance(10_000);
      // The newest comes first.
      return (await texts(herald, '+12025550001'))[0];
    };
    const edited = { name: 'Old', channels: { sms: { text: 'New' } }, version: 1 };
    await api.must(`PUT /v1/templates/${templateId}`, await as('marketer-mia', edited));
    const change = await api.must(`POST /v1/templates/${templateId}/submit`, await as('marketer-mia', { version: 2 }));
    expect(change).toMatchObject({ state: 'in review', plans: [{ kind: 'trigger', id: trigger.id }] });
    await cloud.clock.idle();
    expect(await pay('first')).toBe('Old');
    await api.must(`POST /v1/approvals/template/${templateId}/approve`, await as('approver-ada', {}));
    await cloud.clock.advance(10_000);
    expect(await pay('second')).toBe('New');

    // Of journeys on schedule the audience is counted, and the level for large ones is asked for the large one only.
    const large = { name: 'Head', people: [vera], quorum: 1, when: { audienceLargerThan: PEOPLE - 1 } };
    await api.must(
      'PUT /v1/settings/approvals',
      await as('operator-oscar', { version: 2, levels: [levels[0], large] }),
    );
    const daily = { every: 'day', time: '09:00', timeZone: 'Europe/Paris', from: '2026-11-18' };
    const approvedOnce = async (city: string) => {
      const segment = { name: city, segment: { attribute: 'city', equals: city } };
      const { id: segmentId } = await api.must<{ id: string }>('POST /v1/segments', await as('marketer-mia', segment));
      const { id, version } = await write(herald, {
        ...{ name: city, entry: { schedule: daily, audience: { segmentId } }, start: 'hello' },
        nodes: { hello: await sms(herald, 'Daily', 'end'), end: { kind: 'exit' } },
      });
      await api.must(`POST /v1/journeys/${id}/submit`, await as('marketer-mia', { version }));
      await cloud.clock.idle();
      await api.must(`POST /v1/approvals/journey/${id}/approve`, await as('approver-ada', { level: 0 }));
      await cloud.clock.advance(10_000);
      const { state, approval } = await api.must<JourneyView & { approval: { audience: number; levels: object[] } }>(
        `GET /v1/journeys/${id}`,
        await as('viewer-vera'),
      );
      return [state, approval.audience, approval.levels.length];
    };
    expect(await approvedOnce('Oslo')).toEqual(['published', 1, 1]);
    expect(await approvedOnce('Paris')).toEqual(['in review', PEOPLE, 2]);
  },
);
