import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CHANNELS, LANES, queueVariable } from '../../../core/delivery/channel.ts';
import type { DirectMessage } from '../../../core/delivery/messages.ts';
import { workOf } from '../../../core/delivery/work.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call, marketer } from '../api-call.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let handler: ApiLambda;
let templates: ApiLambda;
let ledger: typeof import('../../../lambdas/adapters/ledger.ts')['ledger'];
let readPlan: (id: string, hash: string) => Promise<unknown>;
const operator = { sub: 'otto', groups: ['operator'] as ['operator'] };

beforeAll(async () => {
  tables = await startTables();
  for (const channel of CHANNELS)
    for (const lane of LANES)
      process.env[queueVariable(channel, lane)] = `${process.env.AWS_ENDPOINT_URL_SQS}/${channel}-${lane}`;
  handler = (await import('../../../lambdas/strategy/send-tests.ts')).handler;
  templates = (await import('../../../lambdas/strategy/manage-templates.ts')).handler;
  ({ ledger } = await import('../../../lambdas/adapters/ledger.ts'));
  const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
  const { loadPlanVersion } = await import('../../../lambdas/adapters/plan-versions.ts');
  readPlan = (id, hash) => loadPlanVersion(definitions('definitions'), id, hash);
  const recipients = [
    { name: 'mia-phone', channel: 'sms', address: '+33612345678' },
    { name: 'mia-inbox', channel: 'email', address: 'mia@example.com' },
    { name: 'mia-wechat', channel: 'wechat', address: 'oABC' },
  ];
  expect((await put({ version: 0, recipients })).status).toBe(200);
});
afterAll(() => tables.stop());
beforeEach(() => tables.asked.splice(0));

const put = (body: object, as: typeof operator | typeof marketer = operator) =>
  call(handler, { route: 'PUT /v1/settings/tests', body, as });
const made = async (channels: object, more: object = {}) => {
  const body = { name: 't', channels, ...more };
  return ((await call(templates, { route: 'POST /v1/templates', body })).body as { id: string }).id;
};
const send = (templateId: string, body: object, headers = {}) =>
  call(handler, { route: 'POST /v1/templates/{templateId}/test-sends', params: { templateId }, body, headers });
const read = async (templateId: string, testSendId: string) =>
  (
    await call(handler, {
      route: 'GET /v1/templates/{templateId}/test-sends/{testSendId}',
      params: { templateId, testSendId },
    })
  ).body;
/** What was put into queues: which queue, and the message. */
const queued = () =>
  tables.asked
    .filter(({ action }) => action === 'SendMessageBatch')
    .flatMap(({ input }) =>
      (input.Entries as { MessageBody: string }[]).map(({ MessageBody }) => ({
        queue: String(input.QueueUrl).split('/').at(-1),
        message: JSON.parse(MessageBody) as DirectMessage,
      })),
    );
const both = { sms: { text: 'Hi {{ profile.attributes.name }}' }, email: { subject: 'Hi', html: '<p>Hi</p>' } };
const ada = { profile: { attributes: { name: 'Ada', secret: 'x' }, email: 'ada@example.com', phone: '+33699999999' } };

describe('a test', () => {
  test('goes to the transactional queue of its channel, to the recipient and nobody else, marked', async () => {
    const id = await made(both, {
      locale: 'en',
      locales: { fr: { sms: { text: 'Salut {{ profile.attributes.name }}' } } },
    });
    const { status, body } = await send(id, { to: ['mia-phone', 'mia-inbox'], locale: 'fr', ...ada });
    expect([status, body]).toMatchObject([
      201,
      {
        templateId: id,
        templateVersion: 1,
        by: 'mia',
        recipients: [{ name: 'mia-phone', state: 'waiting' }, { name: 'mia-inbox' }],
      },
    ]);
    const [sms, email] = queued();
    expect([sms?.queue, email?.queue]).toEqual(['sms-transactional', 'email-transactional']);
    // Nothing of the person whose words these are but what the template names.
    expect(sms?.message.to).toEqual({
      profileId: sms?.message.profileId,
      phone: '+33612345678',
      locale: 'fr',
      attributes: { name: 'Ada' },
    });
    expect(email?.message.to).toMatchObject({ email: 'mia@example.com' });
    expect(JSON.stringify(email)).not.toMatch(/ada@example|99999999|secret/);
    const { plan } = sms!.message;
    expect(await readPlan(plan.id, plan.hash)).toMatchObject({
      ...{ planKind: 'test', lane: 'transactional', channelPolicy: ['sms'] },
      template: {
        channels: { sms: { text: '[Test] Hi {{ profile.attributes.name }}' } },
        locales: { fr: { sms: { text: '[Test] Salut {{ profile.attributes.name }}' } } },
      },
    });
    expect(JSON.stringify(body)).not.toMatch(/336|example/);
  });

  test('with an event and the value of a window', async () => {
    const id = await made({ sms: { text: '{{ event.properties.total }} {{ window.value }}' } });
    await send(id, {
      to: ['mia-phone'],
      ...ada,
      event: { type: 'order', properties: { total: 5 } },
      window: { value: 7 },
    });
    expect(queued()[0]?.message).toMatchObject({
      event: { type: 'order', properties: { total: 5 }, source: 'herald' },
      window: { value: 7 },
    });
  });

  test('asked for again with the same key it is the same test; the ledger knows its messages by name', async () => {
    const id = await made(both);
    const body = { to: ['mia-phone'], ...ada };
    const key = { 'idempotency-key': 'again' };
    const [one, two] = [await send(id, body, key), await send(id, body, key)];
    expect(two.body).toEqual(one.body);
    expect(queued()).toHaveLength(1);
    await send(id, body);
    const names = queued().map(({ message }) => workOf(message).unit);
    expect(new Set(names).size).toBe(2);
  });

  test('what became of it', async () => {
    const id = await made(both);
    const { body } = await send(id, { to: ['mia-phone', 'mia-inbox'], ...ada });
    const { id: testId } = body as { id: string };
    const [sms, email] = queued().map(({ message }) => workOf(message));
    const records = ledger('ledger');
    const claim = (key: typeof sms) => records.claim(key!, '-', 1, 1);
    const taken = await claim(sms);
    expect(await read(id, testId)).toMatchObject({ recipients: [{ state: 'sending' }, { state: 'waiting' }] });
    if (taken === 'busy') throw new Error('busy');
    await records.save(sms!, { ...taken, marks: 'S', messageId: 'm-1' });
    const other = await claim(email);
    if (other === 'busy') throw new Error('busy');
    await records.save(email!, { ...other, marks: 'r' });
    expect(await read(id, testId)).toMatchObject({
      recipients: [
        { state: 'sent', messageId: 'm-1' },
        { state: 'not-sent', reason: 'render-failed' },
      ],
    });
    const { heardUnit } = await import('../../../core/delivery/receipt-ref.ts');
    const place = { run: sms!.run, unit: heardUnit(sms!.unit) };
    await records.noteHeard(place, { delivered: new Set([0]), opened: new Set() }, 1);
    expect(await read(id, testId)).toMatchObject({ recipients: [{ state: 'delivered' }, {}] });
    expect(await read(await made(both), testId)).toMatchObject({ status: 404 });
    expect(await read(id, 'nothing')).toMatchObject({ status: 404 });
  });
});

describe('who gets none', () => {
  test.each<[string, object, number, string?]>([
    ['somebody who is not in the settings', { to: ['mia-phone', 'eve'], ...ada }, 422, 'to.1'],
    ['an address', { to: ['+33612345678'], ...ada }, 422, 'to.0'],
    ['a channel that the template does not have', { to: ['mia-wechat'], ...ada }, 422, 'to.0'],
    ['nobody', { to: [], ...ada }, 400],
    ['somebody twice', { to: ['mia-phone', 'mia-phone'], ...ada }, 400],
    ['eleven', { to: Array.from({ length: 11 }, (_, n) => `r${n}`), ...ada }, 400],
    ['with the words of nobody', { to: ['mia-phone'] }, 400],
    ['with the words of somebody unknown', { to: ['mia-phone'], profileId: 'nobody' }, 404],
  ])('%s', async (_, body, status, path) => {
    const answer = await send(await made(both), body);
    expect(answer.status).toBe(status);
    if (path) expect(answer.body).toMatchObject({ errors: [{ path }] });
    expect(queued()).toEqual([]);
  });
  test('of a template that is not there', async () =>
    expect((await send('nothing', { to: ['mia-phone'], ...ada })).status).toBe(404));
});

describe('the settings', () => {
  const one = { name: 'a', channel: 'sms', address: '+33612345678' };
  test('are read by everybody, and written by operators, at their version', async () => {
    const { body } = await call(handler, { route: 'GET /v1/settings/tests' });
    expect(body).toMatchObject({ version: 1, recipients: [{ name: 'mia-phone' }, {}, {}] });
    expect((await put({ version: 1, recipients: [one] }, marketer)).status).toBe(403);
    expect((await put({ version: 0, recipients: [one] })).status).toBe(409);
  });
  test.each([
    ['an address of another channel', [{ ...one, address: 'mia@example.com' }]],
    ['a channel without addresses', [{ ...one, channel: 'inapp' }]],
    ['a name twice', [one, one]],
    ['no name', [{ ...one, name: '' }]],
    ['too many', Array.from({ length: 51 }, (_, n) => ({ ...one, name: `r${n}` }))],
  ])('%s is refused', async (_, recipients) => {
    expect((await put({ version: 1, recipients })).status).toBe(400);
  });
});

test('the addresses of the sample go along only where the template writes them out, and never as an address', async () => {
  const id = await made({
    sms: { text: '{{ profile.email | default: "-" }}' },
    email: { subject: 's', html: '<p>Hi</p>' },
  });
  await send(id, { to: ['mia-phone', 'mia-inbox'], ...ada });
  expect(queued().map(({ message }) => message.to)).toMatchObject([
    { phone: '+33612345678', email: 'ada@example.com' },
    { email: 'mia@example.com' },
  ]);
  expect(queued()[1]?.message.to).not.toHaveProperty('phone');
});

test('a sample that fills a queue is refused before anything is stored', async () => {
  const id = await made(both);
  const profile = { attributes: { name: 'x'.repeat(100_000) } };
  expect(await send(id, { to: ['mia-phone'], profile })).toMatchObject({
    status: 413,
    body: { type: '/problems/body-too-large' },
  });
  expect(queued()).toEqual([]);
});
