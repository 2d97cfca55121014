import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { postWebhook } from '../../../lambdas/adapters/post-webhook.ts';
import { isPublicAddress } from '../../../lambdas/adapters/public-address.ts';

describe('public addresses', () => {
  test.each([
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.255.255', '169.254.169.254', '169.254.170.2'],
    ...['172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.2.1', '192.168.1.1', '198.18.0.1', '198.51.100.7'],
    ...['203.0.113.9', '224.0.0.1', '240.0.0.1', '255.255.255.255', '::', '::1', 'fe80::1', 'fd00::1', 'fd00:ec2::254'],
    ...['fc00::1', 'ff02::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::a9fe:a9fe', '100::1'],
    ...['2001::1', '2001:db8::1', '2002:a9fe:a9fe::', 'localhost', '', '1.2.3', '0x7f000001', '2130706433'],
  ])('%s is none', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each(['8.8.8.8', '172.15.0.1', '172.32.0.1', '192.169.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s is one',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
});

describe('posting', () => {
  const got: { method?: string; headers: IncomingMessage['headers']; text: string; path?: string }[] = [];
  const reply = { status: 200, headers: {} as Record<string, string>, hang: false };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', headers, url = '' } = request;
    got.push({ method, headers, text: Buffer.concat(chunks).toString(), path: url });
    if (!reply.hang) response.writeHead(reply.status, reply.headers).end('x'.repeat(100_000));
  });
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    got.length = 0;
    Object.assign(reply, { status: 200, headers: {}, hang: false });
  });
  const post = (url: string, loopback = true) => postWebhook(url, { 'webhook-id': '1' }, '{"a":"ü"}', loopback);

  test('sends the body as it was signed, and tells the status', async () => {
    expect(await post(`http://127.0.0.1:${port}/hook?a=1`)).toEqual({ status: 200 });
    expect(got).toMatchObject([{ method: 'POST', path: '/hook?a=1', text: '{"a":"ü"}' }]);
    expect(got[0]?.headers).toMatchObject({
      'webhook-id': '1',
      'content-type': 'application/json',
      'content-length': '10',
    });
  });

  test('by name, this machine is posted to on the local cloud', async () => {
    expect(await post(`http://localhost:${port}/`)).toEqual({ status: 200 });
  });

  test('follows no redirect', async () => {
    Object.assign(reply, { status: 302, headers: { location: `http://127.0.0.1:${port}/elsewhere` } });
    expect(await post(`http://127.0.0.1:${port}/`)).toEqual({ status: 302 });
    expect(got).toHaveLength(1);
  });

  test('hears when to come again', async () => {
    Object.assign(reply, { status: 429, headers: { 'retry-after': '77' } });
    expect(await post(`http://127.0.0.1:${port}/`)).toEqual({ status: 429, retryAfterSeconds: 77 });
  });

  test('nobody there, or a server that never answers, is an error', async () => {
    expect(await post('http://127.0.0.1:1/')).toEqual({ error: expect.stringContaining('ECONNREFUSED') });
    reply.hang = true;
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort());
    expect(await post(`http://127.0.0.1:${port}/`)).toEqual({ error: 'No answer within 15 s' });
    timeout.mockRestore();
  });

  test.each([
    ['changes the protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['hangs up', ''],
    ['speaks something else', 'SSH-2.0-x\r\n'],
  ])('a server that %s is an error at once', async (_, said) => {
    const odd = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => (said === '' ? socket.destroy() : socket.write(said)));
    });
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
    const { port: oddPort } = odd.address() as AddressInfo;
    expect(await post(`http://127.0.0.1:${oddPort}/`)).toEqual({ error: expect.any(String) });
    odd.close();
  });

  test.each([
    ['this machine', () => `https://127.0.0.1:${port}/`],
    ['this machine by name', () => `https://localhost:${port}/`],
    ['the metadata service', () => 'https://169.254.169.254/latest/meta-data/'],
    ['a private network', () => 'https://10.0.0.1/'],
    ['this machine in IPv6', () => `https://[::1]:${port}/`],
    ['an IPv4 in IPv6', () => 'https://[::ffff:127.0.0.1]/'],
    ['a number that is an address', () => `https://2130706433:${port}/`],
    ['a short form of an address', () => `https://127.1:${port}/`],
  ])('in a deployment, %s is not connected to', async (_, url) => {
    const answer = await post(url(), false);
    expect(answer).toEqual({ error: expect.stringContaining('not a public address') });
    expect(got).toEqual([]);
  });

  test('in a deployment, http is not used', async () => {
    expect(await post('http://example.com/', false)).toEqual({ error: 'Only https is delivered to' });
  });

  test('on the local cloud, other private addresses are refused all the same', async () => {
    expect(await post('https://192.168.0.1/')).toEqual({ error: expect.stringContaining('not a public address') });
  });
});
