import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { postOnce } from '../../../lambdas/adapters/provider-call.ts';
import { resultOfError } from '../../../lambdas/adapters/send-error.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});
const listening = async (answer: RequestListener): Promise<string> => {
  const opened = createServer(answer);
  server = opened;
  await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(opened.address() as AddressInfo).port}`;
};
const outcome = async (url: string) =>
  postOnce((signal) => fetch(url, { method: 'POST', body: '{}', signal })).then(
    (body) => ({ body }),
    (error) => resultOfError(error),
  );

test('an answer is read as JSON', async () => {
  const url = await listening((_, response) => response.end('{"MessageId":"m"}'));
  expect(await outcome(url)).toEqual({ body: { MessageId: 'm' } });
});

test('who is not there got nothing: again later', async () => {
  const url = await listening(() => {});
  await new Promise((resolve) => server?.close(resolve));
  expect(await outcome(url)).toMatchObject({ status: 'retry' });
});

test('who hangs up after the request may have acted: unknown', async () => {
  const url = await listening((request) => request.socket.destroy());
  expect(await outcome(url)).toMatchObject({ status: 'unknown' });
});

test('who answers 200 with something else may have acted: unknown', async () => {
  const url = await listening((_, response) => response.end('<html>'));
  expect(await outcome(url)).toMatchObject({ status: 'unknown' });
});

test.each([
  ['of an AWS header with a namespace', 'ns#ThrottlingException:http://x', 400, 'retry'],
  ['of an AWS header', 'ValidationException', 400, 'refused'],
  ['of the HTTP status alone', '', 503, 'retry'],
])('an error has the name %s', async (_, type, status, expected) => {
  const url = await listening((_request, response) =>
    response.writeHead(status, { 'x-amzn-errortype': type }).end('{"message":"why"}'),
  );
  expect(await outcome(url)).toMatchObject({ status: expected });
});

test('a fault of ours is no answer of a provider', () => {
  expect(() => resultOfError(new TypeError('x is not a function'))).toThrow('x is not a function');
});
