import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { type Call, call } from '../api-call.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';

let world: AudienceWorld;
let handler: ApiLambda;
beforeAll(async () => {
  world = await audienceWorld();
  handler = (await import('../../../lambdas/audience/manage-profiles.ts')).handler;
});
afterAll(() => world.stop());

const viewer: Call['as'] = { sub: 'vera', groups: ['viewer'] };
const put = (profileId: string, body: unknown, more: Partial<Call> = {}) =>
  call(handler, { route: 'PUT /v1/profiles/{profileId}', params: { profileId }, body, ...more });
const get = (profileId: string) =>
  call(handler, { route: 'GET /v1/profiles/{profileId}', params: { profileId }, as: viewer });
const consents = (profileId: string, given: unknown) =>
  call(handler, { route: 'PUT /v1/profiles/{profileId}/consents', params: { profileId }, body: { consents: given } });
const contact = (profileId: string) =>
  call(handler, { route: 'GET /v1/profiles/{profileId}/contact', params: { profileId } });
const audit = async (subject: string) => {
  const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
  return (await readAudit(process.env.AUDIT_TABLE ?? '', { subject }, 100)).items;
};

describe('a profile', () => {
  it('is made, merged and read', async () => {
    expect(await put('ada', { email: 'ada@example.com', attributes: { city: 'Paris', age: 36 } })).toMatchObject({
      status: 200,
      body: { version: 1 },
    });
    const merged = await put('ada', { email: null, locale: 'fr', attributes: { age: null, vip: true } });
    expect(merged.body).toMatchObject({
      profileId: 'ada',
      version: 2,
      locale: 'fr',
      attributes: { city: 'Paris', vip: true },
    });
    expect(merged.body).not.toHaveProperty('email');
    expect(await get('ada')).toEqual({ ...(await get('ada')), status: 200, body: merged.body });
  });

  it('that does not change gets no new version, and no new entries', async () => {
    await put('same', { locale: 'fr' });
    expect((await put('same', { locale: 'fr', attributes: {} })).body).toMatchObject({ version: 1 });
    expect(await audit('profile/same')).toHaveLength(1);
  });

  it('reaches the lake and the audit log, which holds names but no values', async () => {
    await put('logged', { email: 'secret@example.com', attributes: { city: 'Paris' } });
    expect(await world.ask(`SELECT email, attributes FROM profiles WHERE profile_id = 'logged'`)).toEqual([
      { email: 'secret@example.com', attributes: '{"city":"Paris"}' },
    ]);
    const [entry] = await audit('profile/logged');
    expect(entry).toMatchObject({ action: 'create', actor: 'mia', detail: 'email, attributes.city' });
    expect(JSON.stringify(entry)).not.toContain('secret');
    expect((await world.item('Profiles', 'logged'))?.pending).toBeUndefined();
  });

  it('is saved though its lake row cannot go out now; the next change takes it along', async () => {
    world.broken.add('firehose');
    expect(await put('later', { locale: 'fr' })).toMatchObject({ status: 200 });
    expect((await world.item('Profiles', 'later'))?.pending).toEqual({ S: 'pending' });
    world.broken.delete('firehose');
    await put('later', { locale: 'en' });
    expect((await world.item('Profiles', 'later'))?.pending).toBeUndefined();
    const rows = await world.ask(`SELECT version FROM profiles WHERE profile_id = 'later' ORDER BY 1`);
    expect(rows).toEqual([{ version: '1' }, { version: '2' }]);
    expect((await audit('profile/later')).map(({ action }) => action).sort()).toEqual(['create', 'update']);
  });

  it('takes changes by many at once', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const replies = await Promise.all(names.map((name) => put('busy', { attributes: { [name]: 1 } })));
    const taken = names.filter((_, n) => replies[n]?.status === 200);
    expect(taken.length).toBeGreaterThan(0);
    expect(replies.every(({ status }) => status === 200 || status === 409)).toBe(true);
    const { attributes, version } = (await get('busy')).body as { attributes: object; version: number };
    expect(Object.keys(attributes).sort()).toEqual(taken);
    expect(version).toBe(taken.length);
  });

  it.each<[string, unknown, string]>([
    ['an unknown field', { mail: 'x@example.com' }, 'invalid-body'],
    ['a bad address', { email: 'x' }, 'invalid-body'],
    ['a bad zone', { timeZone: 'Paris' }, 'invalid-body'],
    ['no JSON', '{', 'malformed-json'],
  ])('refuses %s', async (_, body, type) => {
    expect(await put('bad', body)).toMatchObject({ status: 400, body: { type: `/problems/${type}` } });
    expect((await get('bad')).status).toBe(404);
  });
  it('has a limit', async () => {
    const attributes = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`a${n}`, 'x'.repeat(2_000)]));
    expect(await put('large', { attributes })).toMatchObject({ status: 413 });
  });
  it('is not written by who may only read', async () => {
    expect(await put('ada', { locale: 'fr' }, { as: viewer })).toMatchObject({ status: 403 });
  });
  it('may have any id of 1 to 128 characters', async () => {
    const odd = `o'brien; DROP TABLE 😀 /%`;
    expect((await put(odd, { locale: 'fr' })).status).toBe(200);
    expect((await get(odd)).body).toMatchObject({ profileId: odd });
    expect((await put('x'.repeat(129), {})).status).toBe(404);
    expect((await put('\ud800', {})).status).toBe(404);
  });
});

describe('consents', () => {
  it('are taken one by one, and audited', async () => {
    expect((await contact('bob')).body).toEqual({ profileId: 'bob', consents: {}, suppressed: {}, touches: [] });
    await consents('bob', { sms: true, 'email/offers': false });
    expect((await consents('bob', { sms: false })).body).toEqual({
      profileId: 'bob',
      consents: { sms: false, 'email/offers': false },
      suppressed: {},
      touches: [],
    });
    expect((await audit('profile/bob')).map(({ action, detail }) => `${action} ${detail}`).sort()).toEqual([
      'consent sms: no',
      'consent sms: yes, email/offers: no',
    ]);
  });
  it('are kept in the lake, statement by statement', async () => {
    await consents('kay', { sms: true, 'email/offers': false });
    await consents('kay', { sms: false });
    expect(
      await world.ask(`SELECT consent, given, imported FROM consents WHERE profile_id = 'kay' ORDER BY consent, given`),
    ).toEqual([
      { consent: 'email/offers', given: 'false', imported: 'false' },
      { consent: 'sms', given: 'false', imported: 'false' },
      { consent: 'sms', given: 'true', imported: 'false' },
    ]);
  });
  it('take effect even when the lake cannot be reached, which the caller is told', async () => {
    await consents('liv', { sms: true });
    world.broken.add('firehose');
    expect((await consents('liv', { sms: false })).status).toBe(500);
    world.broken.delete('firehose');
    expect((await contact('liv')).body).toMatchObject({ consents: { sms: false } });
  });
  it('of one person at one instant are audited each', async () => {
    const { putAudit } = await import('../../../lambdas/adapters/audit.ts');
    const entry = { subject: 'profile/bea', action: 'consent', actor: 'mia', atMs: 1_000, version: 0 };
    for (const detail of ['sms: yes', 'email: no', 'sms: yes']) {
      await putAudit(process.env.AUDIT_TABLE ?? '', { ...entry, detail });
    }
    expect((await audit('profile/bea')).map(({ detail }) => detail).sort()).toEqual(['email: no', 'sms: yes']);
  });
  it.each([[{ fax: true }], [{ sms: 'yes' }], [{ 'sms/': true }], [{ 'sms/Offers!': true }], ['sms']])(
    'refuses %j',
    async (given) => {
      expect(await consents('bob', given)).toMatchObject({ status: 400 });
    },
  );
  it('show when somebody was written to, not by what', async () => {
    const { contacts } = await import('../../../lambdas/adapters/contacts.ts');
    const table = contacts(process.env.CONTACTS_TABLE ?? '');
    const { touches } = await import('../../../lambdas/adapters/touches.ts');
    await touches(process.env.CONTACTS_TABLE ?? '', table).saveTouches({
      profileId: 'eve',
      version: 0,
      consents: {},
      suppressed: {},
      touches: [[1_700_000_000, 'key', '']],
    });
    await table.suppress('eve', 'email', { reason: 'hard-bounce', atMs: 5, address: 'abc' });
    expect((await contact('eve')).body).toEqual({
      profileId: 'eve',
      consents: {},
      suppressed: { email: { reason: 'hard-bounce', atMs: 5, address: 'abc' } },
      touches: [{ atMs: 1_700_000_000_000 }],
    });
  });
});
