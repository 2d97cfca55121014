import { enableCompileCache, flushCompileCache } from 'node:module';
import { scheduler } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * Runs inside the thread of one Lambda environment: virtual Date, structured console, then the handler's module, then
 * one invocation after another. Plain JavaScript, because a thread that loads TypeScript loads a compiler with it:
 * 12 MB and 70 ms for every environment. Messages in and out are the types of lambda-environment.ts.
 */
const { file, exportName, shared, context, compiled } = workerData;
const send = (message) => parentPort.postMessage(message);

if (shared) {
  const cell = new BigInt64Array(shared);
  const now = () => Number(Atomics.load(cell, 0));
  globalThis.Date = new Proxy(Date, {
    apply: (RealDate) => new RealDate(now()).toString(),
    construct: (RealDate, args, target) => Reflect.construct(RealDate, args.length === 0 ? [now()] : args, target),
    get: (RealDate, key) => (key === 'now' ? now : Reflect.get(RealDate, key)),
  });
}

/**
 * Handlers wait by `scheduler.wait`, on the virtual clock: once nothing is left here but waiting, the clock is told until when
 * (`wait`), and says when it is time (`wake`). All other timers are of the machine's own time.
 */
let sleepers = [];
let isLooking = false;
let jobs = 0;
const look = () => {
  if (!isLooking) setImmediate(rest);
  isLooking = true;
};
const rest = () => {
  // What can still go on by itself: requests, files, timers, signatures. Idle connections do not count, nor does this thread's own
  // port.
  const isBusy =
    jobs > 0 || process.getActiveResourcesInfo().some((kind) => kind !== 'MessagePort' && kind !== 'Immediate');
  // Not from the timer itself, which would find itself.
  if (isBusy && sleepers.length > 0) return void setTimeout(() => setImmediate(rest), 1);
  isLooking = false;
  if (sleepers.length > 0) send({ kind: 'wait', untilMs: Math.min(...sleepers.map(({ untilMs }) => untilMs)) });
};
const wake = () => {
  const due = sleepers.filter(({ untilMs }) => untilMs <= Date.now());
  sleepers = sleepers.filter((one) => !due.includes(one));
  for (const { resolve } of due) resolve();
  look();
};
if (shared) {
  // Jobs of Web Crypto are on no list of Node's.
  const subtle = Object.getPrototypeOf(crypto.subtle);
  for (const name of Object.getOwnPropertyNames(subtle).filter((one) => one !== 'constructor')) {
    const { value: work, ...rest } = Object.getOwnPropertyDescriptor(subtle, name);
    if (typeof work !== 'function') continue;
    const value = function (...args) {
      jobs += 1;
      return Promise.resolve(work.apply(this, args)).finally(() => {
        jobs -= 1;
      });
    };
    Object.defineProperty(subtle, name, { ...rest, value });
  }
  scheduler.wait = (ms) =>
    new Promise((resolve) => {
      sleepers.push({ untilMs: Date.now() + Math.max(0, Math.ceil(ms)), resolve });
      look();
    });
}

let requestId = '';
const text = (value) => (typeof value === 'string' ? value : inspect(value));
const logs =
  (level) =>
  (...args) => {
    // One object alone stays an object, several arguments become text: as Lambda's JSON log format does.
    const [first] = args;
    const alone = args.length === 1 && typeof first === 'object' && !(first instanceof Error);
    const message = alone ? first : args.map(text).join(' ');
    send({ kind: 'log', line: JSON.stringify({ timestamp: new Date().toISOString(), level, requestId, message }) });
  };
// Below INFO nothing is logged unless ApplicationLogLevel says so, which no function does.
const silent = () => {};
const levels = { trace: silent, debug: silent, log: logs('INFO'), info: logs('INFO'), warn: logs('WARN') };
Object.assign(console, levels, { error: logs('ERROR') });

const fail = (error) => {
  console.error(error);
  const known = error instanceof Error;
  send({
    kind: 'failed',
    errorType: known ? error.name : typeof error,
    errorMessage: known ? error.message : text(error),
  });
};

enableCompileCache(compiled);
let isKept = false;
let handler;
try {
  handler = (await import(pathToFileURL(file).href))[exportName];
  if (typeof handler !== 'function') throw new Error(`${file} does not export a function named ${exportName}`);
  send({ kind: 'ready' });
} catch (error) {
  fail(error);
}

parentPort.on('message', async (invocation) => {
  if (invocation === 'wake') return wake();
  sleepers = [];
  const end = performance.now() + invocation.timeoutMs;
  const startMs = Date.now();
  requestId = invocation.requestId;
  // Virtual time passes only while the handler waits.
  const waited = () => (shared ? Date.now() - startMs : 0);
  const getRemainingTimeInMillis = () => Math.max(0, Math.floor(end - performance.now() - waited()));
  try {
    const value = await handler(JSON.parse(invocation.event), {
      ...context,
      awsRequestId: requestId,
      getRemainingTimeInMillis,
    });
    send({ kind: 'done', value: JSON.stringify(value) ?? 'null' });
    // Threads are ended from outside, where Node would not get to it; by now most of what will run has been compiled.
    if (!isKept) flushCompileCache();
    isKept = true;
  } catch (error) {
    fail(error);
  }
});
