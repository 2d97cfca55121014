import { describe, expect, test } from 'vitest';
import { boot, bootShared, localTest } from './boot.ts';
import { addPerson, approve, type CampaignView, draftCampaign, stateOf, submit } from './people.ts';

describe('Approval: somebody else decides on exactly what was submitted', () => {
  test('the author cannot approve, even with the approver role; another person can, once', async () => {
    const herald = await boot();
    await addPerson(herald, 'p1', { email: 'p1@example.com', attributes: { city: 'Paris' } });
    await herald.cloud.clock.advance(120_000);
    const draft = await draftCampaign(herald, { city: 'Paris', policy: ['email'] });
    await submit(herald, draft);
    const path = `POST /v1/campaigns/${draft.id}/approve`;

    const self = await herald.cloud.tokens.issue({ sub: 'marketer-mia', groups: ['marketer', 'approver'] });
    expect(await herald.api.call(path, { token: self, body: {} })).toMatchObject({
      status: 403,
      body: { type: '/problems/own-approval' },
    });
    expect(await herald.api.call(path, await herald.as('marketer-mia', {}))).toMatchObject({
      status: 403,
      body: { type: '/problems/forbidden-role' },
    });
    await approve(herald, draft);
    await herald.finished(draft.id);
    expect((await herald.cloud.inbox.list()).map(({ to }) => to)).toEqual(['p1@example.com']);
    // Repeating the same decision is harmless; the contrary one is refused.
    expect((await herald.api.call(path, await herald.as('approver-ada', {}))).status).toBe(200);
    const late = await herald.api.call(
      `POST /v1/campaigns/${draft.id}/reject`,
      await herald.as('approver-ada', { comment: 'no' }),
    );
    expect(late.status).toBe(409);
    expect(await herald.cloud.inbox.count()).toBe(1);
  });

  test('a rejection needs a comment, is shown with it, and nothing is sent', async () => {
    const herald = await boot();
    const draft = await draftCampaign(herald, { city: 'Paris' });
    await submit(herald, draft);
    const path = `POST /v1/campaigns/${draft.id}/reject`;
    expect((await herald.api.call(path, await herald.as('approver-ada', {}))).status).toBe(400);
    await herald.api.must(path, await herald.as('approver-ada', { comment: 'The link is dead' }));
    await herald.cloud.clock.advance(3_600_000);
    const after = await herald.api.must<CampaignView>(`GET /v1/campaigns/${draft.id}`, await herald.as('viewer-vera'));
    expect(after.state).toBe('rejected');
    expect(after.approval?.decision).toMatchObject({
      outcome: 'rejected',
      by: await herald.idOf('approver-ada'),
      comment: 'The link is dead',
    });
    expect(await herald.cloud.inbox.count()).toBe(0);
  });

  test('an edit voids the approval: the old submission can no longer be approved', async () => {
    const herald = await boot();
    const draft = await draftCampaign(herald, { city: 'Paris' });
    const submitted = await submit(herald, draft);
    const now = await herald.api.must<CampaignView & Record<string, unknown>>(
      `GET /v1/campaigns/${draft.id}`,
      await herald.as('marketer-mia'),
    );
    const { name, audience, templateId, channelPolicy, topic } = now;
    await herald.api.must(
      `PUT /v1/campaigns/${draft.id}`,
      await herald.as('marketer-mia', {
        name: `${name}!`,
        audience,
        templateId,
        channelPolicy,
        topic,
        version: now.version,
      }),
    );
    expect(submitted.state).toBe('in review');
    expect(await stateOf(herald, draft)).toBe('draft');
    const late = await herald.api.call(`POST /v1/campaigns/${draft.id}/approve`, await herald.as('approver-ada', {}));
    expect(late.status).toBe(409);
    await herald.cloud.clock.advance(3_600_000);
    expect(await herald.cloud.inbox.count()).toBe(0);
  });

  localTest(
    'the shortest expiry is a minute of real time',
    'nobody decides: it expires and is a draft again',
    async () => {
      const herald = await bootShared();
      const draft = await draftCampaign(herald, { city: 'Paris' });
      await submit(herald, draft, 3_600);
      await herald.cloud.clock.advance(3_590_000);
      expect(await stateOf(herald, draft)).toBe('in review');
      await herald.cloud.clock.advance(60_000);
      expect(await stateOf(herald, draft)).toBe('draft');
      const late = await herald.api.call(`POST /v1/campaigns/${draft.id}/approve`, await herald.as('approver-ada', {}));
      expect(late.status).toBe(409);
    },
  );

  test('every change leaves an audit entry that says who', async () => {
    const herald = await boot();
    const draft = await draftCampaign(herald, { city: 'Paris' });
    await submit(herald, draft);
    await herald.api.must(`POST /v1/campaigns/${draft.id}/reject`, await herald.as('approver-ada', { comment: 'no' }));
    const audit = await herald.api.must<{ items: { action: string; actor: string }[] }>(
      `GET /v1/audit?subject=campaign/${draft.id}`,
      await herald.as('viewer-vera'),
    );
    const people = audit.items.map(({ action, actor }) => `${action} ${actor}`).reverse();
    const [mia, ada] = [await herald.idOf('marketer-mia'), await herald.idOf('approver-ada')];
    expect(people[0]).toBe(`create ${mia}`);
    expect(people).toContainEqual(expect.stringContaining(`submit ${mia}`));
    expect(people).toContainEqual(expect.stringContaining(`reject ${ada}`));
  });
});
