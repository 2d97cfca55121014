import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

export type EnvironmentData = {
  file: string;
  exportName: string;
  /** Virtual time (see clock.ts); absent in real time. */
  shared?: SharedArrayBuffer;
  /** What is the same in the context of every invocation. */
  context: { functionName: string; invokedFunctionArn: string; memoryLimitInMB: string };
};
/**
 * `event` is JSON. The time limit is in real ms while it works, for virtual time stands still then, and in virtual ms while it
 * waits.
 */
export type Invocation = { event: string; requestId: string; timeoutMs: number };
/** Calls `wake` at `untilMs`, or when the invocation's time is over before that. Undefined: it may not wait. */
export type Wait = ((untilMs: number, wake: (inTime: boolean) => void) => void) | undefined;
type Failure = { errorType: string; errorMessage: string };
type EnvironmentMessage =
  | { kind: 'ready' }
  | { kind: 'log'; line: string }
  | { kind: 'wait'; untilMs: number }
  | { kind: 'done'; value: string }
  | ({ kind: 'failed' } & Failure);

/** Result of one invocation; `value` is JSON. `usable` says whether the environment may take another one. */
export type Outcome = ({ ok: true; value: string } | ({ ok: false } & Failure)) & { usable: boolean };
export type Environment = {
  /** One at a time. Never rejects. */
  run(invocation: Invocation, wait?: Wait): Promise<Outcome>;
  terminate(): Promise<unknown>;
};

/** A hanging import must not hang the cloud. AWS gives 10 s on an idle machine; here many start at once on two cores. */
const INIT_LIMIT_MS = 30_000;

/** An execution environment: a thread with its own module instance and its own process.env. */
export const startEnvironment = (
  workerData: EnvironmentData,
  env: Record<string, string>,
  memoryMb: number,
  onLog: (line: string) => void,
): Environment => {
  const worker = new Worker(new URL('./lambda-worker.mjs', import.meta.url), {
    // Where Node keeps compiled code unless it is told otherwise.
    workerData: { ...workerData, compiled: join(tmpdir(), 'node-compile-cache') },
    env,
    execArgv: [],
    // Lambda's memory counts everything; V8's old generation is what a leak fills.
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 24 },
  });
  let ready = false;
  let broken: Outcome | undefined;
  type Current = { invocation: Invocation; wait: Wait; settle: (outcome: Outcome) => void; timer: NodeJS.Timeout };
  let current: Current | undefined;

  const settle = (outcome: Outcome) => {
    if (!outcome.usable) broken ??= outcome;
    clearTimeout(current?.timer);
    current?.settle(outcome);
    current = undefined;
  };
  const die = (errorType: string, errorMessage: string) =>
    settle({ ok: false, errorType, errorMessage, usable: false });
  const end = (errorType: string, errorMessage: string) => {
    die(errorType, errorMessage);
    void worker.terminate();
  };
  const timeOut = (ms: number, what: string, { requestId }: Invocation) =>
    end('Sandbox.Timedout', `RequestId: ${requestId} Error: ${what} timed out after ${(ms / 1000).toFixed(2)} seconds`);
  // A wall-clock timer also in virtual time: virtual time stands still while a function works.
  const limit = (ms: number, what: string, invocation: Invocation) =>
    setTimeout(() => timeOut(ms, what, invocation), ms);
  const begin = () => {
    if (!ready || !current) return;
    clearTimeout(current.timer);
    current.timer = limit(current.invocation.timeoutMs, 'Task', current.invocation);
    worker.postMessage(current.invocation);
  };

  const wait = (untilMs: number) => {
    if (!current) return;
    const { invocation, timer, wait: rest } = current;
    clearTimeout(timer);
    if (!rest) return end('Runtime.WaitRefused', 'The local cloud lets only handlers behind a queue wait');
    rest(untilMs, (inTime) => {
      if (current?.invocation !== invocation) return;
      if (!inTime) return timeOut(invocation.timeoutMs, 'Task', invocation);
      current.timer = limit(invocation.timeoutMs, 'Task', invocation);
      worker.postMessage('wake');
    });
  };

  worker.on('message', (message: EnvironmentMessage) => {
    if (message.kind === 'log') return onLog(message.line);
    if (message.kind === 'wait') return wait(message.untilMs);
    if (message.kind === 'done') return settle({ ok: true, value: message.value, usable: true });
    if (message.kind === 'failed') {
      const { errorType, errorMessage } = message;
      // A module that failed to load is not tried again in this environment.
      return settle({ ok: false, errorType, errorMessage, usable: ready });
    }
    ready = true;
    begin();
  });
  worker.on('error', (error: Error & { code?: string }) => {
    const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    die(outOfMemory ? 'Runtime.OutOfMemory' : 'Runtime.UnhandledError', error.message);
  });
  worker.on('exit', (code) => die('Runtime.ExitError', `Runtime exited with error: exit status ${code}`));

  return {
    run: (invocation, rest) =>
      new Promise((resolve) => {
        if (broken) return resolve(broken);
        current = { invocation, wait: rest, settle: resolve, timer: limit(INIT_LIMIT_MS, 'Init', invocation) };
        begin();
      }),
    terminate: () => worker.terminate(),
  };
};
