import { AsyncLocalStorage } from 'node:async_hooks';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { Transform } from 'node:stream';
import timers from 'node:timers';
import promises from 'node:timers/promises';
import zlib from 'node:zlib';
import type { Invocation } from './functions.ts';

/**
 * The machine that handlers run on: their time, timers, chance, network and log are the simulation's as long as one is under way.
 * Handlers are as they are in production; whatever they reach the world by is changed here, from the outside.
 */
export type Simulated = {
  now(): number;
  after(ms: number, run: () => void): () => void;
  random(): number;
  sdk(service: SdkService, action: string, input: Record<string, unknown>): Promise<unknown>;
  fetch(request: SignedRequest): Promise<unknown>;
  log(level: string, said: unknown): void;
};
export type SdkService = 'dynamodb' | 'sqs' | 'firehose' | 'pinpoint' | 'states';
/** What signing makes here: the request itself. */
export type SignedRequest = {
  url: string;
  service: string;
  method: string;
  headers: Record<string, string>;
  body: string;
};

/** Whose code runs. Nobody's: the simulation's own, which has the real machine. */
export const running = new AsyncLocalStorage<Invocation>();

let world: Simulated | undefined;
/** From now on; undefined: the real machine again. */
export const simulate = (simulated: Simulated | undefined): void => {
  world = simulated;
};
const inside = (): { world: Simulated; invocation: Invocation } | undefined => {
  const invocation = world && running.getStore();
  return world && invocation && { world, invocation };
};

const real = {
  Date,
  setTimeout,
  clearTimeout,
  fetch,
  write: process.stdout.write.bind(process.stdout),
  pause: promises.setTimeout,
  randomBytes: crypto.randomBytes,
  randomUUID: crypto.randomUUID,
  random: Math.random,
};

const now = (): number => {
  const at = inside();
  return at ? at.world.now() + at.invocation.environment.skewMs : (world?.now() ?? real.Date.now());
};

const bytes = (size: number): Buffer => {
  const { random } = world as Simulated;
  return Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)));
};
const uuid = (): string =>
  bytes(16)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** All at once: zlib's own works in a thread, whose time nobody can tell. */
const gunzipAtOnce = (): void => {
  const chunks = new WeakMap<object, Buffer[]>();
  Object.assign(zlib.Gunzip.prototype, {
    _transform(this: Transform, chunk: Buffer, _encoding: string, done: () => void) {
      chunks.set(this, [...(chunks.get(this) ?? []), chunk]);
      done();
    },
    _flush(this: Transform, done: (error: null, text: Buffer) => void) {
      done(null, zlib.gunzipSync(Buffer.concat(chunks.get(this) ?? [])));
    },
  });
};

const changeGlobals = (): void => {
  globalThis.Date = new Proxy(real.Date, {
    apply: (RealDate) => new RealDate(now()).toString(),
    construct: (RealDate, args, target) => Reflect.construct(RealDate, args.length === 0 ? [now()] : args, target),
    get: (RealDate, key) => (key === 'now' ? now : Reflect.get(RealDate, key)),
  });
  Math.random = () => (world ? world.random() : real.random());
  globalThis.setTimeout = ((run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const at = inside();
    if (!at) return real.setTimeout(run, ms, ...args);
    return { cancel: at.world.after(ms, () => running.run(at.invocation, () => run(...args))), unref() {} };
  }) as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((timer: { cancel?: () => void } | undefined) =>
    timer?.cancel ? timer.cancel() : real.clearTimeout(timer as never)) as typeof clearTimeout;
  globalThis.fetch = ((request: SignedRequest, init: unknown) =>
    inside()?.world.fetch(request) ?? real.fetch(request as never, init as never)) as unknown as typeof fetch;
  // A call that hangs is given up by the simulated network itself (see providers.ts).
  AbortSignal.timeout = () => new AbortController().signal;
  for (const level of ['log', 'debug', 'info', 'warn', 'error'] as const) {
    const print = console[level].bind(console);
    console[level] = (...said: unknown[]) => (inside() ? inside()?.world.log(level, said[0]) : print(...said));
  }
  process.stdout.write = ((...args: Parameters<typeof real.write>) =>
    inside() ? true : real.write(...args)) as typeof process.stdout.write;
};

const changeModules = (): void => {
  Object.assign(crypto, {
    randomBytes: (size: number) => (world ? bytes(size) : real.randomBytes(size)),
    randomUUID: () => (world ? uuid() : real.randomUUID()),
  });
  gunzipAtOnce();
  Object.assign(timers, { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout });
  Object.assign(promises, {
    setTimeout: (ms: number, value: unknown) => {
      const at = inside();
      return at ? new Promise((resolve) => at.world.after(ms, () => resolve(value))) : real.pause(ms, value);
    },
  });
  syncBuiltinESMExports();
};

/** Requests are not signed, for that takes a thread's time, and go to the simulation's network. */
const changeClients = async (): Promise<void> => {
  const [{ AwsClient }, { DynamoDBClient }, { SQSClient }, { FirehoseClient }, { PinpointClient }, { SFNClient }] =
    await Promise.all([
      import('aws4fetch'),
      import('@aws-sdk/client-dynamodb'),
      import('@aws-sdk/client-sqs'),
      import('@aws-sdk/client-firehose'),
      import('@aws-sdk/client-pinpoint'),
      import('@aws-sdk/client-sfn'),
    ]);
  AwsClient.prototype.sign = async function (input, init) {
    const { method = 'GET', headers = {}, body = '' } = init ?? {};
    const text = body instanceof Uint8Array ? Buffer.from(body).toString() : String(body);
    return { url: String(input), service: this.service, method, headers, body: text } as never;
  };
  const clients = {
    dynamodb: DynamoDBClient,
    sqs: SQSClient,
    firehose: FirehoseClient,
    pinpoint: PinpointClient,
    states: SFNClient,
  };
  for (const [service, Client] of Object.entries(clients)) {
    Client.prototype.send = ((command: { constructor: { name: string }; input: Record<string, unknown> }) => {
      const action = command.constructor.name.replace(/Command\d*$/, '');
      return (world as Simulated).sdk(service as SdkService, action, command.input);
    }) as never;
  }
};

let changed: Promise<void> | undefined;
/** Once in a process, and before any handler is loaded. */
export const prepareMachine = (): Promise<void> => {
  changed ??= (async () => {
    changeGlobals();
    changeModules();
    await changeClients();
  })();
  return changed;
};
