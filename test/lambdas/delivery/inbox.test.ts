import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiKeyOf, secretHashOf } from '../../../core/access/source.ts';
import type { InboxMessage } from '../../../core/delivery/inbox.ts';
import type { ChannelSender } from '../../../core/delivery/sender.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { startAws } from '../adapters/aws.ts';
import { outgoing } from '../adapters/outgoing.ts';
import { type Call, call } from '../api-call.ts';

let stop: () => Promise<void>;
let handler: ApiLambda;
let channel: ChannelSender<'inapp'>;
const SECRET = 'a-secret-of-enough-letters';
const apiKey = apiKeyOf('shop', SECRET);

beforeAll(async () => {
  stop = await startAws({ definitions: ['kind', 'id'], inbox: ['profileId', 'message'] });
  Object.assign(process.env, { DEFINITIONS_TABLE: 'definitions', INBOX_TABLE: 'inbox' });
  const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
  const source = { id: 'shop', name: 'Shop', secretHash: secretHashOf(SECRET), eventsPerSecond: 10 };
  await definitions('definitions').put('source', 'shop', source, 0, 1);
  const { inappChannel } = await import('../../../lambdas/adapters/inapp.ts');
  const { inbox } = await import('../../../lambdas/adapters/inbox.ts');
  channel = inappChannel(inbox('inbox'));
  handler = (await import('../../../lambdas/delivery/manage-inbox.ts')).handler;
});
afterAll(() => stop());

const ask = (route: string, rest: Partial<Call> = {}) =>
  call(handler, { route, headers: { 'x-api-key': apiKey }, ...rest });
const list = async (profileId: string, query: Record<string, string> = {}) => {
  const { body } = await ask('GET /v1/inbox/{profileId}/messages', { params: { profileId }, query });
  return body as { items: InboxMessage[]; cursor?: string };
};
/** Message `n` of a person, asked for n seconds ago. */
const put = async (profileId: string, n: number, days = 30) => {
  const content = { channel: 'inapp' as const, title: `title ${n}`, body: 'body', expiresAfterDays: days };
  const message = { ...outgoing<'inapp'>(n, profileId, content), profileId, atMs: Date.now() - n * 1_000 };
  const results = await channel.send([message], 'promotional');
  return { message, id: (results.get(n) as { messageId: string }).messageId };
};

test('the newest first, page by page, and each once though it is sent again', async () => {
  for (const n of [1, 3, 2, 5, 4]) await put('ann', n);
  const { message } = await put('ann', 6);
  await channel.send([message], 'promotional');
  const titles: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list('ann', { limit: '4', ...(cursor && { cursor }) });
    titles.push(...page.items.map(({ title }) => title));
    ({ cursor } = page);
  } while (cursor);
  expect(titles).toEqual([1, 2, 3, 4, 5, 6].map((n) => `title ${n}`));
});

test('read once and for all; what is read is no longer unread', async () => {
  const [first, second] = [await put('bob', 1), await put('bob', 2)];
  const read = (messageId: string) =>
    ask('POST /v1/inbox/{profileId}/messages/{messageId}/read', { params: { profileId: 'bob', messageId } });
  expect((await read(second.id)).status).toBe(204);
  const { items } = await list('bob');
  expect(items.map(({ readMs }) => readMs !== undefined)).toEqual([false, true]);
  expect((await read(second.id)).status).toBe(204);
  expect((await list('bob')).items[1]?.readMs).toBe(items[1]?.readMs);
  expect((await list('bob', { unread: 'true' })).items.map(({ messageId }) => messageId)).toEqual([first.id]);
  // Nobody sends it again as unread.
  await channel.send([second.message], 'promotional');
  expect((await list('bob')).items[1]?.readMs).toBe(items[1]?.readMs);
});

test('all up to one: what came later stays unread', async () => {
  const messages = [await put('cy', 3), await put('cy', 2), await put('cy', 1)];
  const mark = { params: { profileId: 'cy' }, body: { upTo: messages[1]?.id } };
  expect((await ask('POST /v1/inbox/{profileId}/read', mark)).body).toEqual({ marked: 2 });
  expect((await ask('POST /v1/inbox/{profileId}/read', mark)).body).toEqual({ marked: 0 });
  expect((await list('cy', { unread: 'true' })).items.map(({ title }) => title)).toEqual(['title 1']);
});

test('what is expired is not shown, though it is still there', async () => {
  const day = 86_400;
  await put('di', 2 * day, 1);
  await put('di', 2 * day, 3);
  expect((await list('di')).items).toHaveLength(1);
});

test('everybody has an inbox of their own', async () => {
  await put('eve', 1);
  expect((await list('fay')).items).toEqual([]);
  const { id } = await put('eve', 2);
  const params = { profileId: 'fay', messageId: id };
  expect((await ask('POST /v1/inbox/{profileId}/messages/{messageId}/read', { params })).status).toBe(404);
});

describe('who may', () => {
  test.each([
    ['no key', undefined],
    ['a wrong secret', apiKeyOf('shop', 'another-secret-of-letters')],
    ['an unknown source', apiKeyOf('nobody', SECRET)],
    ['no key at all', 'hk_'],
  ])('not who has %s, and no query is judged before', async (_, key) => {
    for (const route of ['GET /v1/inbox/{profileId}/messages', 'POST /v1/inbox/{profileId}/read']) {
      const answer = await ask(route, {
        params: { profileId: 'ann' },
        query: { nonsense: 'x' },
        headers: key ? { 'x-api-key': key } : {},
      });
      expect([answer.status, (answer.body as { type: string }).type]).toEqual([401, '/problems/invalid-source-key']);
    }
  });

  test('somebody who signed in, whatever their role, is no source', async () => {
    const as = { sub: 'amir', groups: ['admin' as const] };
    const answer = await ask('GET /v1/inbox/{profileId}/messages', { params: { profileId: 'ann' }, headers: {}, as });
    expect(answer.status).toBe(401);
  });
});

test.each([
  ['GET /v1/inbox/{profileId}/messages', { query: { limit: '0' } }, 400],
  ['GET /v1/inbox/{profileId}/messages', { query: { unread: 'perhaps' } }, 400],
  ['POST /v1/inbox/{profileId}/read', { body: {} }, 400],
  ['POST /v1/inbox/{profileId}/messages/{messageId}/read', { params: { profileId: 'ann', messageId: 'nope' } }, 404],
  ['GET /v1/inbox/{profileId}/messages', { params: { profileId: 'x'.repeat(129) } }, 404],
])('%s with %j is refused', async (route, rest, status) => {
  expect((await ask(route, { params: { profileId: 'ann' }, ...rest })).status).toBe(status);
});
