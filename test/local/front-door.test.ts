import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { virtualClock } from '../../local/clock.ts';
import { type FrontDoor, openFrontDoor } from '../../local/front-door.ts';
import { AwsError, type Service, type ServiceResponse } from '../../local/types.ts';

let door: FrontDoor | undefined;
afterEach(() => door?.close());

const named = (signingName: string, answer: (body: string) => ServiceResponse): Service => ({
  signingName,
  resources: {},
  handle: async (request) =>
    answer((await request.body()).toString() + request.action + decodeURIComponent(request.path)),
});
const scope = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host`;

const open = async (services: Service[], clock = virtualClock(0)) => {
  const web = named('', (seen) => ({
    body: Readable.from([`web saw ${seen}`]),
    headers: { 'content-type': 'text/plain' },
  }));
  door = await openFrontDoor(clock, new Map(services.map((one) => [one.signingName, one])), web, Promise.resolve(), 0);
  return door.url;
};

test('requests go to the service that their signature names, unsigned ones to the web', async () => {
  const url = await open([named('sqs', (seen) => ({ body: { seen } }))]);
  const signed = await fetch(url, {
    method: 'POST',
    headers: { authorization: scope('sqs'), 'x-amz-target': 'AmazonSQS.SendMessage' },
    body: 'body ',
  });
  expect(await signed.json()).toEqual({ seen: 'body SendMessage/' });
  expect(signed.headers.get('content-type')).toBe('application/x-amz-json-1.0');
  // A skewed Date header would make SDKs repeat refused calls.
  expect(signed.headers.has('date')).toBe(false);
  const presigned = await fetch(`${url}/a%20b?X-Amz-Credential=key%2F20260101%2Fus-east-1%2Fsqs%2Faws4_request`);
  expect(await presigned.json()).toEqual({ seen: '/a b' });
  const bearer = await fetch(`${url}/v1/campaigns`, { headers: { authorization: 'Bearer token' } });
  expect(await bearer.text()).toBe('web saw /v1/campaigns');
});

test.each([
  ['sqs', 400, 'application/x-amz-json-1.0', '{"__type":"Odd","message":"<why>"}', 'Odd'],
  ['s3', 400, 'application/xml', '<Code>Odd</Code><Message>&#60;why&#62;</Message>', null],
  ['elsewhere', 404, 'application/x-amz-json-1.0', '"__type":"UnknownOperationException"', 'UnknownOperationException'],
])('an error of %s is written in its protocol', async (service, status, type, text, header) => {
  const refuse = () => {
    throw new AwsError('Odd', '<why>');
  };
  const url = await open([named('sqs', refuse), named('s3', refuse)]);
  const response = await fetch(url, { headers: { authorization: scope(service) } });
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe(type);
  expect(response.headers.get('x-amzn-errortype')).toBe(header);
  expect(await response.text()).toContain(text);
});

test('virtual time stands still while a request is in flight', async () => {
  const clock = virtualClock(0);
  const gate = Promise.withResolvers<void>();
  const slow: Service = {
    signingName: 'sqs',
    resources: {},
    handle: async () => {
      await gate.promise;
      return { body: { now: clock.now() } };
    },
  };
  const url = await open([slow], clock);
  const response = fetch(url, { headers: { authorization: scope('sqs') } });
  await expect.poll(() => pendingEnters(clock)).toBe(true);
  const advanced = clock.advance(1_000);
  gate.resolve();
  expect(await (await response).json()).toEqual({ now: 0 });
  await advanced;
  expect(clock.now()).toBe(1_000);
});

/** True while something is in flight: idle does not come within a few turns. */
const pendingEnters = async (clock: ReturnType<typeof virtualClock>): Promise<boolean> => {
  const turns = async () => {
    for (let n = 0; n < 5; n += 1) await new Promise((resolve) => setImmediate(resolve));
    return true;
  };
  return Promise.race([clock.idle().then(() => false), turns()]);
};

test('a port that is taken is an error', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as AddressInfo;
  const web = named('', () => ({}));
  await expect(openFrontDoor(virtualClock(0), new Map(), web, Promise.resolve(), port)).rejects.toThrow('EADDRINUSE');
  taken.close();
});
