import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Faults, noFaults } from './faults.ts';
import { type AsyncSettings, asyncInvocations } from './lambda-async.ts';
import { type Environment, type Outcome, startEnvironment, type Wait } from './lambda-environment.ts';
import { AwsError, type Clock, type Context, type InvokeResult, type ResourceHandler, type Service } from './types.ts';

export type LambdaOptions = {
  /** @default none */
  faults?: Faults;
  /** Environments per function; beyond that invocations wait in line, where AWS would start another. @default 2 */
  environments?: number;
  /** Environments altogether; the one idle for longest makes room. Each takes about 35 MB. @default 14 */
  maxEnvironments?: number;
  /** Gets each log line as it comes. @default none: `logs` keeps the last 1,000 of each function */
  onLog?: (functionName: string, line: string) => void;
};
export type LambdaService = Service & { names(): string[]; logs(functionName: string): string[] };

type Fn = ReturnType<typeof functionOf>;

const failure = (errorType: string, errorMessage: string) => ({ ok: false as const, errorType, errorMessage });
const CRASH = failure('Runtime.ExitError', 'Runtime exited with error: signal: killed');
const LOG_LINES = 1_000;
const PAYLOAD_BYTES = 6 * 1024 * 1024;
/** START, END and REPORT lines of an invocation, which are billed too. */
const SYSTEM_LOG_BYTES = 600;

/** Lambda on worker threads: one thread is one execution environment, and runs one invocation at a time. */
export const lambda = (ctx: Context, options: LambdaOptions = {}): LambdaService => {
  const { environments: perFunction = 2, maxEnvironments = 14, faults = noFaults, onLog } = options;
  const functions = new Map<string, Fn>();
  const environments = new Set<Environment>();
  /** The one that idles for longest comes first. */
  const idle: { fn: Fn; environment: Environment }[] = [];
  let stopped = false;

  /** By name or ARN. */
  const find = (name: string): Fn => {
    const fn = functions.get(name.split(':')[6] ?? name);
    if (!fn) throw new AwsError('ResourceNotFoundException', `Function not found: ${name}`, 404);
    return fn;
  };

  const start = (fn: Fn): Environment => {
    const { name: functionName, arn: invokedFunctionArn, file, exportName, memoryMb } = fn;
    const shared = 'shared' in ctx.clock ? { shared: ctx.clock.shared as SharedArrayBuffer } : {};
    const context = { functionName, invokedFunctionArn, memoryLimitInMB: String(memoryMb) };
    const variables = { ...runtimeVariables(ctx, fn), ...fn.variables };
    const environment = startEnvironment({ file, exportName, context, ...shared }, variables, memoryMb, (line) => {
      ctx.meter.count('logs-gb', Buffer.byteLength(line) / 1e9, 'logs:PutLogEvents');
      fn.logs.push(line);
      if (fn.logs.length > LOG_LINES) fn.logs.shift();
      onLog?.(functionName, line);
    });
    environments.add(environment);
    return environment;
  };
  const drop = (environment: Environment) => {
    environments.delete(environment);
    void environment.terminate();
  };
  const acquire = (fn: Fn): Environment => {
    const index = idle.findLastIndex((one) => one.fn === fn);
    const [warm] = index >= 0 ? idle.splice(index, 1) : [];
    if (warm) return warm.environment;
    const idlest = environments.size >= maxEnvironments && idle.shift();
    if (idlest) drop(idlest.environment);
    return start(fn);
  };

  const run = async (fn: Fn, event: string, flight: Flight, mayWait: boolean): Promise<InvokeResult> => {
    const environment = acquire(fn);
    const startedAt = performance.now();
    const invocation = { event, requestId: randomUUID(), timeoutMs: fn.timeoutMs };
    const crash = { ...CRASH, usable: false };
    let outcome: Outcome = faults('crashBefore')
      ? crash
      : await environment.run(invocation, mayWait ? flight.wait : undefined);
    if (faults('crashAfter')) outcome = crash;
    if (outcome.usable) idle.push({ fn, environment });
    else drop(environment);

    const billedSeconds = Math.ceil(performance.now() - startedAt + flight.waitedMs()) / 1000;
    const operation = `lambda:${fn.name}`;
    ctx.meter.count('lambda-request', 1, operation);
    ctx.meter.count(`lambda-gb-second-${fn.architecture}`, (fn.memoryMb / 1024) * billedSeconds, operation);
    ctx.meter.count('logs-gb', SYSTEM_LOG_BYTES / 1e9, 'logs:PutLogEvents');
    if (!outcome.ok) return failure(outcome.errorType, outcome.errorMessage);
    if (Buffer.byteLength(outcome.value) > PAYLOAD_BYTES) {
      const message = 'Response payload size exceeded maximum allowed payload size (6291556 bytes).';
      return failure('Function.ResponseSizeTooLarge', message);
    }
    return { ok: true, value: JSON.parse(outcome.value) };
  };

  const invoke = async (name: string, event: unknown, { mayWait = false } = {}): Promise<InvokeResult> => {
    const fn = find(name);
    const payload = JSON.stringify(event) ?? 'null';
    if (fn.limit === 0) return failure('TooManyRequestsException', 'Rate Exceeded.');
    if (Buffer.byteLength(payload) > PAYLOAD_BYTES) {
      return failure('RequestTooLargeException', `Request must be smaller than ${PAYLOAD_BYTES} bytes`);
    }
    const flight = inFlight(ctx.clock, fn.timeoutMs);
    if (fn.running < fn.limit) fn.running += 1;
    else await new Promise<void>((resolve) => fn.line.push(resolve));
    try {
      return stopped ? CRASH : await run(fn, payload, flight, mayWait);
    } finally {
      const next = fn.line.shift();
      if (next) next();
      else fn.running -= 1;
      flight.end();
    }
  };

  const later = asyncInvocations(ctx, invoke, (arn) => find(arn).async);
  ctx.services.lambda = {
    invoke,
    invokeAsync: async (name, event) => later.accept(find(name).arn, event),
    concurrency: (name) => find(name).limit,
  };

  const functionResource: ResourceHandler = {
    supported: [
      ...['Code', 'Handler', 'Runtime', 'FunctionName', 'Timeout', 'MemorySize', 'Environment', 'Architectures'],
      'ReservedConcurrentExecutions',
    ],
    ignored: ['Role', 'Description', 'Tags', 'TracingConfig', 'LoggingConfig'],
    create({ logicalId, stack, properties }) {
      const fn = functionOf(ctx, String(properties.FunctionName ?? `${stack}-${logicalId}`), perFunction, properties);
      functions.set(fn.name, fn);
      return { ref: fn.name, attributes: { Arn: fn.arn } };
    },
  };
  const eventInvokeConfig: ResourceHandler = {
    supported: ['FunctionName', 'MaximumRetryAttempts', 'DestinationConfig'],
    ignored: ['Qualifier'],
    create({ logicalId, properties: { FunctionName, MaximumRetryAttempts, DestinationConfig } }) {
      const onFailure = (DestinationConfig as { OnFailure?: { Destination: string } })?.OnFailure?.Destination;
      find(String(FunctionName)).async = { retries: Number(MaximumRetryAttempts ?? 2), onFailure };
      return { ref: logicalId };
    },
  };
  return {
    signingName: 'lambda',
    names: () => [...functions.keys()],
    logs: (name) => [...find(name).logs],
    resources: { 'AWS::Lambda::Function': functionResource, 'AWS::Lambda::EventInvokeConfig': eventInvokeConfig },
    async handle({ method, path, headers, body }) {
      const [, name] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(path) ?? [];
      if (method !== 'POST' || name === undefined || headers['x-amz-invocation-type'] !== 'Event') {
        const message = `The local Lambda takes asynchronous invocations only, not ${method} ${path}`;
        throw new AwsError('UnknownOperationException', message, 404);
      }
      later.accept(find(name).arn, JSON.parse((await body()).toString()));
      return { status: 202, body: '' };
    },
    start: later.start,
    async stop() {
      stopped = true;
      later.stop();
      await Promise.all([...environments].map((environment) => environment.terminate()));
    },
  };
};

/** What keeps virtual time from moving while an invocation runs, and lets it move while the handler waits. */
const inFlight = (clock: Clock, timeoutMs: number) => {
  let leave = clock.enter();
  let cancel = () => {};
  let waitedMs = 0;
  const wait: Wait = (untilMs, wake) => {
    const fromMs = clock.now();
    const overMs = fromMs + timeoutMs - waitedMs;
    cancel = clock.at(Math.min(untilMs, overMs), () => {
      waitedMs += clock.now() - fromMs;
      leave = clock.enter();
      wake(untilMs < overMs);
    });
    leave();
  };
  return {
    wait,
    waitedMs: () => waitedMs,
    end() {
      cancel();
      leave();
    },
  };
};

type Flight = ReturnType<typeof inFlight>;

const functionOf = (ctx: Context, name: string, perFunction: number, properties: Record<string, unknown>) => {
  const [module = '', exportName = ''] = String(properties.Handler).split('.');
  const { Variables = {} } = (properties.Environment ?? {}) as { Variables?: Record<string, unknown> };
  return {
    name,
    arn: `arn:aws:lambda:${ctx.region}:${ctx.account}:function:${name}`,
    file: join(String((properties.Code as { S3Key?: string }).S3Key), `${module}.mjs`),
    exportName,
    timeoutMs: Number(properties.Timeout ?? 3) * 1000,
    memoryMb: Number(properties.MemorySize ?? 128),
    architecture: (properties.Architectures as string[] | undefined)?.[0] ?? 'x86_64',
    variables: Object.fromEntries(Object.entries(Variables).map(([key, value]) => [key, String(value)])),
    limit: Math.min(Number(properties.ReservedConcurrentExecutions ?? perFunction), perFunction),
    running: 0,
    /** Invocations that wait for another of the function to end. */
    line: [] as (() => void)[],
    logs: [] as string[],
    async: { retries: 2 } as AsyncSettings,
  };
};

const runtimeVariables = (ctx: Context, fn: Fn): Record<string, string> => ({
  AWS_REGION: ctx.region,
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_ENDPOINT_URL: ctx.endpoint(),
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_NAME: fn.name,
  TZ: 'UTC',
});
