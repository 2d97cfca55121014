import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { wechatChannel } from '../../../lambdas/adapters/wechat.ts';
import { type AwsAnswer, type AwsRequest, startAws } from './aws.ts';
import { outgoing } from './outgoing.ts';

let stop: () => Promise<void>;
let requests: AwsRequest[] = [];
let answer: (request: AwsRequest) => AwsAnswer;
beforeAll(async () => {
  stop = await startAws({}, (request) => {
    requests.push(request);
    return answer(request);
  });
});
afterAll(() => stop());
beforeEach(() => {
  requests = [];
  vi.useRealTimers();
});

/** WeChat as far as tokens go: the one that it gives is the one that it takes. */
const account = () => {
  const state = { token: 't1', stable: 0, forced: 0, secret: 'right' };
  answer = ({ path, body }) => {
    if (path === '/cgi-bin/stable_token') {
      const { secret, force_refresh } = body as { secret: string; force_refresh: boolean };
      state[force_refresh ? 'forced' : 'stable'] += 1;
      if (secret !== state.secret) return { body: { errcode: 40125, errmsg: 'invalid appsecret' } };
      if (force_refresh) state.token = 'forced';
      return { body: { access_token: state.token, expires_in: 7_200 } };
    }
    const isGood = path.endsWith(`access_token=${state.token}`);
    return { body: isGood ? { errcode: 0, msgid: 7 } : { errcode: 40001, errmsg: 'not latest' } };
  };
  return state;
};
const channelOf = (secret = 'right') =>
  wechatChannel({ appId: 'app', secret: async () => secret, endpoint: String(process.env.AWS_ENDPOINT_URL) });
const messages = (count: number) =>
  Array.from({ length: count }, (_, key) =>
    outgoing<'wechat'>(key, `o${key}`, { channel: 'wechat', templateId: 'tpl', url: 'https://x.y', data: { k: 'v' } }),
  );
const statuses = async (channel: ReturnType<typeof channelOf>, count = 1) =>
  [...(await channel.send(messages(count), 'promotional')).values()].map(({ status }) => status);

test('the message as the API takes it, under a name of its own', async () => {
  account();
  await channelOf().send(messages(1), 'promotional');
  expect(requests.map(({ path }) => path)).toEqual([
    '/cgi-bin/stable_token',
    '/cgi-bin/message/template/send?access_token=t1',
  ]);
  expect(requests[0]?.body).toEqual({
    ...{ grant_type: 'client_credential', appid: 'app', secret: 'right', force_refresh: false },
  });
  expect(requests[1]?.body).toEqual({
    ...{ touser: 'o0', template_id: 'tpl', url: 'https://x.y', data: { k: { value: 'v' } }, client_msg_id: 'id-0' },
  });
});

test('ids of messages keep all their digits', async () => {
  account();
  const tokens = answer;
  answer = (request) =>
    request.path.includes('/message/')
      ? { body: Buffer.from('{"errcode":0,"errmsg":"ok","msgid":1755667972980867074}') }
      : tokens(request);
  expect((await channelOf().send(messages(1), 'promotional')).get(0)).toEqual({
    status: 'sent',
    messageId: '1755667972980867074',
  });
});

test('without an account each message is refused, and nobody is asked', async () => {
  const channel = wechatChannel({ secret: async () => 'x', endpoint: String(process.env.AWS_ENDPOINT_URL) });
  expect((await channel.send(messages(1), 'promotional')).get(0)).toEqual({
    ...{ status: 'refused', reason: 'provider-refused' },
  });
  expect(requests).toEqual([]);
});

describe('the token', () => {
  test('is asked for once, whoever needs it', async () => {
    const state = account();
    const channel = channelOf();
    expect(new Set(await statuses(channel, 25))).toEqual(new Set(['sent']));
    await statuses(channel, 25);
    expect([state.stable, state.forced]).toEqual([1, 0]);
  });

  test('is asked for again before it ends', async () => {
    const state = account();
    const channel = channelOf();
    await statuses(channel);
    vi.useFakeTimers({ now: Date.now() + 6_950_000, toFake: ['Date'] });
    expect(await statuses(channel, 5)).toEqual(Array(5).fill('sent'));
    expect([state.stable, state.forced]).toEqual([2, 0]);
  });

  test('that somebody else has renewed is asked for again, and not forced', async () => {
    const state = account();
    const channel = channelOf();
    await statuses(channel);
    state.token = 't2';
    expect(await statuses(channel, 25)).toEqual(Array(25).fill('sent'));
    expect([state.stable, state.forced]).toEqual([2, 0]);
  });

  test('that is refused though it is the one that is given is forced, once for everybody', async () => {
    const state = account();
    const tokens = answer;
    answer = (request) => (request.path.endsWith('access_token=t1') ? { body: { errcode: 40001 } } : tokens(request));
    expect(await statuses(channelOf(), 25)).toEqual(Array(25).fill('sent'));
    expect([state.stable, state.forced]).toEqual([2, 1]);
  });

  test('that is not given sends nothing, and is asked for again with the next message', async () => {
    const state = account();
    const channel = channelOf('wrong');
    expect(await statuses(channel, 3)).toEqual(['retry', 'retry', 'retry']);
    expect(requests.some(({ path }) => path.includes('/message/'))).toBe(false);
    state.secret = 'wrong';
    expect(await statuses(channel)).toEqual(['sent']);
  });

  test('whose answer gets lost leaves nothing in doubt', async () => {
    account();
    answer = () => ({ hangUp: true });
    expect(await statuses(channelOf())).toEqual(['retry']);
  });
});

test('an AppSecret that cannot be read sends nothing, and leaves nothing in doubt', async () => {
  account();
  let readable = false;
  const channel = wechatChannel({
    appId: 'app',
    secret: () => (readable ? Promise.resolve('right') : Promise.reject(new Error('Secrets Manager: 400'))),
    endpoint: String(process.env.AWS_ENDPOINT_URL),
  });
  expect(await statuses(channel, 3)).toEqual(['retry', 'retry', 'retry']);
  expect(requests).toEqual([]);
  readable = true;
  expect(await statuses(channel)).toEqual(['sent']);
});

test.each<[string, AwsAnswer, string | undefined]>([
  ['a wrong AppSecret', { body: { errcode: 40001, errmsg: 'invalid credential' } }, 'account'],
  ['an address that is not allowed', { body: { errcode: 40164, errmsg: 'invalid ip' } }, 'account'],
  ['a proxy that lets nobody in', { status: 403 }, 'account'],
  ['a proxy that is broken', { status: 503 }, 'down'],
  ['silence', { hangUp: true }, 'down'],
  ['a day’s quota that is used up', { body: { errcode: 45009, errmsg: 'quota' } }, undefined],
  ['a system that is busy', { body: { errcode: -1, errmsg: 'system error' } }, undefined],
])('no token for %s: whose fault it is', async (_, said, fault) => {
  answer = () => said;
  const result = (await channelOf().send(messages(1), 'promotional')).get(0);
  expect(result).toMatchObject({ status: 'retry' });
  expect(result && 'fault' in result ? result.fault : undefined).toBe(fault);
});

test.each([
  [0, { status: 'sent' }],
  [43004, { status: 'refused', reason: 'address-refused' }],
  [40003, { status: 'refused', reason: 'address-refused' }],
  [40037, { status: 'refused', reason: 'provider-refused' }],
  [47003, { status: 'refused', reason: 'provider-refused' }],
  [45009, { status: 'retry' }],
  [40164, { status: 'retry', fault: 'account' }],
  [48001, { status: 'retry', fault: 'account' }],
  [-1, { status: 'retry' }],
])('errcode %i', async (errcode, expected) => {
  account();
  const tokens = answer;
  answer = (request) => (request.path.includes('/message/') ? { body: { errcode, msgid: 1 } } : tokens(request));
  expect((await channelOf().send(messages(1), 'promotional')).get(0)).toMatchObject(expected);
});
