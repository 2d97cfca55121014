import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readLinkKeys } from '../../../core/delivery/links/link-keys.ts';
import { sealLink } from '../../../core/delivery/links/link-token.ts';
import type { Contacts } from '../../../lambdas/adapters/contacts.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { memoryServices, queueUrl, startAws } from '../adapters/aws.ts';

const services = memoryServices();
const secret = JSON.stringify({ current: 'a', a: 'k'.repeat(64) });
let stop: () => Promise<void>;
let handler: ApiLambda;
let contacts: Contacts;

beforeAll(async () => {
  const tables = { definitions: ['kind', 'id'], profiles: ['profileId'], contacts: ['profileId'] };
  stop = await startAws({ ...tables, audit: ['subject', 'entry'] }, (request) =>
    String(request.headers['x-amz-target']).endsWith('GetSecretValue')
      ? { body: { SecretString: secret } }
      : services.answer(request),
  );
  Object.assign(process.env, {
    LINK_KEY_ARN: 'link-key',
    DEFINITIONS_TABLE: 'definitions',
    PROFILES_TABLE: 'profiles',
    CONTACTS_TABLE: 'contacts',
    CONSENTS_STREAM: 'consents',
    AUDIT_TABLE: 'audit',
    INTAKE_QUEUE_URL: queueUrl('intake'),
  });
  handler = (await import('../../../lambdas/delivery/manage-preferences.ts')).handler;
  contacts = (await import('../../../lambdas/adapters/contacts.ts')).contacts('contacts');
});
afterAll(() => stop());
beforeEach(() => {
  services.streams.clear();
  services.queues.clear();
});

const tokenOf = (profileId: string) =>
  sealLink(readLinkKeys(secret), { kind: 'person', ref: '', profileId, channel: 'email', topic: 'offers' });
const ask = async (route: string, profileId: string, body = '', contentType = 'application/x-www-form-urlencoded') => {
  const [method, path] = route.split(' ');
  const event = {
    routeKey: route,
    rawPath: path,
    headers: { 'content-type': contentType },
    pathParameters: { token: tokenOf(profileId) },
    requestContext: { requestId: 'r', http: { method, path } },
    ...(body && { body: Buffer.from(body).toString('base64') }),
    isBase64Encoded: true,
  };
  return handler(event as never, { getRemainingTimeInMillis: () => 15_000 } as never);
};
const UNSUBSCRIBE = 'POST /v1/unsubscribe/{token}';
const SAVE = 'POST /v1/preferences/{token}';

test('whoever is known to nobody is told so, and stays so', async () => {
  for (const route of [UNSUBSCRIBE, SAVE, 'GET /v1/unsubscribe/{token}', 'GET /v1/preferences/{token}'])
    expect(await ask(route, 'nobody')).toMatchObject({ statusCode: 410 });
  expect(await contacts.get('nobody')).toMatchObject({ version: 0, consents: {} });
  expect([...services.streams, ...services.queues]).toEqual([]);
});

test.each([
  [UNSUBSCRIBE, 'one', 'List-Unsubscribe=One-Click'],
  [SAVE, 'two', 'shown=email%2Foffers%3Dyes&act=save'],
])('%s acts even when the lake cannot be reached', async (route, who, body) => {
  await contacts.setConsents(who, { email: true });
  services.refuse.add('Firehose_20150804.PutRecordBatch');
  expect(await ask(route, who, body)).toMatchObject({ statusCode: 500 });
  expect((await contacts.get(who)).consents).toEqual({ email: true, 'email/offers': false });
});

test('an unsubscription that was cut short is made up for when the mailbox asks again', async () => {
  const who = 'one';
  expect(await ask(UNSUBSCRIBE, who, 'List-Unsubscribe=One-Click')).toMatchObject({ statusCode: 200 });
  expect(services.streams.get('consents')).toEqual([
    expect.objectContaining({ profile_id: who, consent: 'email/offers', given: false, imported: false }),
  ]);
  const [{ body: chunk } = { body: {} }] = services.queues.get('intake') ?? [];
  expect(JSON.stringify(chunk)).toContain('consents.email/offers');
});

test('a choice that was cut short is made up for when the person presses the button again', async () => {
  expect((await contacts.get('two')).consents).toMatchObject({ 'email/offers': false });
  expect(await ask(SAVE, 'two', 'shown=email%2Foffers%3Dyes&act=save')).toMatchObject({ statusCode: 200 });
  expect(services.streams.get('consents')).toMatchObject([
    { profile_id: 'two', consent: 'email/offers', given: false },
  ]);
});

test('a page from before an unsubscription does not take it back', async () => {
  await contacts.setConsents('five', { email: true, 'email/offers': false });
  await ask(SAVE, 'five', 'shown=email%2Foffers%3Dyes&given=email%2Foffers&act=save');
  expect((await contacts.get('five')).consents).toEqual({ email: true, 'email/offers': false });
});

test('a mailbox may send the click as a form with parts', async () => {
  await contacts.setConsents('three', { email: true });
  const body = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n';
  expect(await ask(UNSUBSCRIBE, 'three', body, 'multipart/form-data; boundary=x')).toMatchObject({ statusCode: 200 });
  expect((await contacts.get('three')).consents).toMatchObject({ 'email/offers': false });
});

test('whoever has said something about very many topics can leave them all', async () => {
  const topics = Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`email/author-${n}`, true]));
  await contacts.setConsents('four', { email: true, sms: true, push: true, whatsapp: true, wechat: true, inapp: true });
  await contacts.setConsents('four', topics);
  const { body: page = '' } = await ask('GET /v1/preferences/{token}', 'four');
  const shown = [...page.matchAll(/name="shown" value="([^"]+)"/g)].map(([, key]): [string, string] => ['shown', key!]);
  expect(shown.length).toBeGreaterThan(500);
  const form = new URLSearchParams([...shown, ['act', 'none']]).toString();
  expect(await ask(SAVE, 'four', form)).toMatchObject({ statusCode: 200 });
  const { consents } = await contacts.get('four');
  expect(Object.values(consents).filter((given) => given)).toEqual([]);
});

test('the link of a click is none to unsubscribe', async () => {
  const click = { kind: 'click', ref: '', sentSeconds: 1, target: 'https://x.example/' } as const;
  const event = {
    routeKey: UNSUBSCRIBE,
    headers: {},
    pathParameters: { token: sealLink(readLinkKeys(secret), click) },
    requestContext: { requestId: 'r', http: { method: 'POST', path: '/' } },
  };
  expect(await handler(event as never, {} as never)).toMatchObject({ statusCode: 404 });
});
