import { afterEach, describe, expect, test } from 'vitest';
import { realClock, type VirtualClock, virtualClock } from '../../local/clock.ts';
import { arnOf, fn, miniCloud, queue } from './mini-cloud.ts';

const START = Date.UTC(1998, 6, 1);
const open: { stop(): Promise<void> }[] = [];
const cloudOf = async (resources: Parameters<typeof miniCloud>[1], options: Parameters<typeof miniCloud>[2] = {}) => {
  const cloud = await miniCloud<VirtualClock>(virtualClock(START), resources, options);
  open.push(cloud);
  return cloud;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((cloud) => cloud.stop()));
});

const COUNTER = 'let n = 0; export const handler = async () => { n += 1; return { n, env: process.env }; };';

describe('execution environments', () => {
  test('each function has its own module instance and its own environment variables', async () => {
    const cloud = await cloudOf({
      A: fn(COUNTER, { Environment: { Variables: { NAME: 'a' } } }),
      B: fn(COUNTER, { Environment: { Variables: { NAME: 'b' } } }),
    });
    await cloud.invoke('A');
    const second = await cloud.invoke('A');
    const other = await cloud.invoke('B');
    expect(second).toMatchObject({ ok: true, value: { n: 2, env: { NAME: 'a', AWS_LAMBDA_FUNCTION_NAME: 'Test-A' } } });
    expect(other).toMatchObject({ ok: true, value: { n: 1, env: { NAME: 'b', AWS_ENDPOINT_URL: cloud.url } } });
    expect((other as unknown as { value: { env: object } }).value.env).not.toHaveProperty('PATH');
  });

  const BUSY = `let running = 0, most = 0;
    export const handler = async () => {
      running += 1; most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 20));
      running -= 1; return most; };`;
  test('an environment runs one invocation at a time', async () => {
    const cloud = await cloudOf({ A: fn(BUSY, { ReservedConcurrentExecutions: 1 }) });
    const results = await Promise.all([1, 2, 3].map(() => cloud.invoke('A')));
    expect(results).toEqual([1, 1, 1].map((value) => ({ ok: true, value })));
  });

  test('two invocations at once get two environments', async () => {
    const cloud = await cloudOf({ A: fn(COUNTER) });
    const results = await Promise.all([cloud.invoke('A'), cloud.invoke('A')]);
    expect(results.map((result) => result.ok && (result.value as { n: number }).n)).toEqual([1, 1]);
  });

  test('the environment that idles longest makes room for another function', async () => {
    const cloud = await cloudOf({ A: fn(COUNTER), B: fn(COUNTER), C: fn(COUNTER) }, { lambda: { maxEnvironments: 2 } });
    for (const id of ['A', 'B', 'C', 'B', 'A']) await cloud.invoke(id);
    expect(await cloud.invoke('B')).toMatchObject({ value: { n: 3 } });
    expect(await cloud.invoke('A')).toMatchObject({ value: { n: 2 } });
  });

  test('reserved concurrency 0 throttles', async () => {
    const cloud = await cloudOf({ A: fn(COUNTER, { ReservedConcurrentExecutions: 0 }) });
    expect(await cloud.invoke('A')).toMatchObject({ ok: false, errorType: 'TooManyRequestsException' });
  });

  test('Date follows the virtual clock', async () => {
    const cloud = await cloudOf({
      A: fn(`export const handler = async () => [Date.now(), new Date().toISOString(), new Date(0).getTime(),
        new Date() instanceof Date, Date().slice(0, 15), Date.UTC(1970, 0, 1)];`),
    });
    expect(await cloud.invoke('A')).toEqual({
      ok: true,
      value: [START, '1998-07-01T00:00:00.000Z', 0, true, 'Wed Jul 01 1998', 0],
    });
    await cloud.clock.advance(86_400_000);
    expect(await cloud.invoke('A')).toMatchObject({
      value: [START + 86_400_000, '1998-07-02T00:00:00.000Z', 0, true, expect.any(String), 0],
    });
  });

  test('real time leaves Date alone', async () => {
    const cloud = await miniCloud(realClock(), { A: fn('export const handler = async () => Date.now();') });
    open.push(cloud);
    const before = Date.now();
    const result = await cloud.invoke('A');
    expect(result.ok && (result.value as number) >= before).toBe(true);
  });
});

describe('failures', () => {
  test.each([
    [
      'a thrown error',
      "export const handler = async () => { class Odd extends Error { name = 'Odd' } throw new Odd('why'); };",
      'Odd',
      'why',
    ],
    ['process.exit', 'export const handler = async () => process.exit(3);', 'Runtime.ExitError', 'exit status 3'],
    [
      'an uncaught error',
      "export const handler = () => new Promise(() => setTimeout(() => { throw new Error('late') }));",
      'Runtime.UnhandledError',
      'late',
    ],
    ['a module that does not load', "import './nowhere.mjs'; export const handler = 1;", 'Error', 'nowhere.mjs'],
    ['a missing export', 'export const other = 1;', 'Error', 'does not export a function named handler'],
    [
      'too large a response',
      "export const handler = async () => 'x'.repeat(7e6);",
      'Function.ResponseSizeTooLarge',
      'exceeded',
    ],
  ])('%s is a result, and the next invocation starts afresh', async (_, code, errorType, message) => {
    const cloud = await cloudOf({ A: fn(code) });
    for (let n = 0; n < 2; n += 1) {
      const result = await cloud.invoke('A');
      expect(result).toEqual({ ok: false, errorType, errorMessage: expect.stringContaining(message) });
    }
  });

  test('a time-out ends the environment; the next one starts from nothing', async () => {
    const cloud = await cloudOf({
      A: fn('let n = 0; export const handler = async (event) => { n += 1; if (event.hang) for (;;); return n; };', {
        Timeout: 1,
      }),
    });
    expect(await cloud.invoke('A')).toEqual({ ok: true, value: 1 });
    expect(await cloud.invoke('A', { hang: true })).toEqual({
      ok: false,
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: [-0-9a-f]{36} Error: Task timed out after 1.00 seconds$/),
    });
    expect(await cloud.invoke('A')).toEqual({ ok: true, value: 1 });
  });

  test('a payload of more than 6 MB is refused', async () => {
    const cloud = await cloudOf({ A: fn(COUNTER) });
    expect(await cloud.invoke('A', 'x'.repeat(6_291_457))).toMatchObject({ errorType: 'RequestTooLargeException' });
  });
});

test('the context says who runs and how long is left', async () => {
  const cloud = await cloudOf({
    A: fn(
      `export const handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() });`,
      { Timeout: 20, MemorySize: 256 },
    ),
  });
  const result = await cloud.invoke('A');
  expect(result).toMatchObject({
    value: {
      functionName: 'Test-A',
      memoryLimitInMB: '256',
      invokedFunctionArn: cloud.arn('A'),
      awsRequestId: expect.any(String),
    },
  });
  const { left } = (result as unknown as { value: { left: number } }).value;
  expect(left).toBeGreaterThan(15_000);
  expect(left).toBeLessThanOrEqual(20_000);
});

test('console lines are JSON with level and request; below the level they are dropped; requests, time and logs are billed', async () => {
  const cloud = await cloudOf({
    A: fn(
      "export const handler = async () => { console.debug('no'); console.info({ a: 1 }); console.warn('b', 2); };",
      {
        Architectures: ['arm64'],
        MemorySize: 512,
      },
    ),
  });
  await cloud.invoke('A');
  expect(cloud.logs('A')).toMatchObject([
    { level: 'INFO', message: { a: 1 }, timestamp: '1998-07-01T00:00:00.000Z' },
    { level: 'WARN', message: 'b 2' },
  ]);
  const counts = cloud.meter.snapshot();
  expect(counts['lambda-request']).toEqual({ 'lambda:Test-A': { units: 1, calls: 1 } });
  expect(counts['lambda-gb-second-arm64']!['lambda:Test-A']!.units * 2000).toBeCloseTo(
    Math.round(counts['lambda-gb-second-arm64']!['lambda:Test-A']!.units * 2000),
    6,
  );
  expect(counts['logs-gb']!['logs:PutLogEvents']!.units).toBeGreaterThan(600e-9);
});

describe('asynchronous invocation', () => {
  const FAILS_TWICE =
    "let n = 0; export const handler = async () => { n += 1; console.info(Date.now()); if (n < 3) throw new Error('no'); return 'ok'; };";
  const FAILS = "export const handler = async () => { console.info(Date.now()); throw new Error('never'); };";

  test('is retried after one and two more minutes', async () => {
    const cloud = await cloudOf({ A: fn(FAILS_TWICE) });
    await cloud.services.lambda.invokeAsync(cloud.arn('A'), {});
    await cloud.clock.advance(600_000);
    const times = cloud
      .logs('A')
      .filter((line) => line.level === 'INFO')
      .map((line) => Number(line.message) - START);
    expect(times).toEqual([0, 60_000, 180_000]);
  });

  test('ends in the on-failure destination with the documented record', async () => {
    const cloud = await cloudOf({
      A: fn(FAILS),
      Dead: queue(),
      Config: {
        Type: 'AWS::Lambda::EventInvokeConfig',
        Properties: {
          FunctionName: { Ref: 'A' },
          Qualifier: '$LATEST',
          MaximumRetryAttempts: 1,
          DestinationConfig: { OnFailure: { Destination: arnOf('Dead') } },
        },
      },
    });
    await cloud.services.lambda.invokeAsync(cloud.arn('A'), { order: 7 });
    await cloud.clock.advance(600_000);
    expect(cloud.logs('A').filter((line) => line.level === 'INFO')).toHaveLength(2);
    expect((await cloud.queueBodies('Dead')).map((body) => JSON.parse(body))).toEqual([
      {
        version: '1.0',
        timestamp: '1998-07-01T00:01:00.000Z',
        requestContext: {
          requestId: expect.any(String),
          functionArn: `${cloud.arn('A')}:$LATEST`,
          condition: 'RetriesExhausted',
          approximateInvokeCount: 2,
        },
        requestPayload: { order: 7 },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        responsePayload: { errorType: 'Error', errorMessage: 'never' },
      },
    ]);
  });
});

test('stopping ends what runs and what waits in line, and starts nothing', async () => {
  const cloud = await cloudOf({
    A: fn('export const handler = () => new Promise(() => setInterval(() => {}, 1e6));', { Timeout: 900 }),
  });
  const waiting = Promise.all([1, 2, 3, 4].map(() => cloud.invoke('A')));
  await cloud.invoke('A', 'x'.repeat(7e6)); // refused at once: by now the others are under way
  await open.splice(0)[0]!.stop();
  expect((await waiting).map((result) => !result.ok && result.errorType)).toEqual(Array(4).fill('Runtime.ExitError'));
});
