import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { athena } from './athena.ts';
import { type Booted, boot } from './boot.ts';
import { type CloudClock, realClock, type VirtualClock, virtualClock } from './clock.ts';
import { dynamodb } from './dynamodb.ts';
import { eventBridge } from './event-bridge.ts';
import { type FaultCounts, type FaultRates, noFaults, seededFaults } from './faults.ts';
import { firehose } from './firehose.ts';
import { httpApi } from './http-api.ts';
import { type Inbox, inbox } from './inbox.ts';
import { issuer, type TokenRequest } from './issuer.ts';
import { type LambdaService, lambda } from './lambda.ts';
import { pinpoint } from './pinpoint.ts';
import { s3 } from './s3.ts';
import { type SchedulerOptions, scheduler } from './scheduler.ts';
import { secretsManager } from './secrets-manager.ts';
import { ses } from './ses.ts';
import { sms } from './sms.ts';
import { sns } from './sns.ts';
import { sqs } from './sqs.ts';
import { stepFunctions } from './step-functions.ts';
import { readAssembly } from './template.ts';
import { AwsError, type Context, type Service } from './types.ts';
import { whatsapp } from './whatsapp.ts';

type Provider = 'email' | 'sms' | 'push' | 'whatsapp';

export type CloudOptions = SchedulerOptions & {
  /** Folder that `cdk synth` wrote. */
  assembly: string;
  /** A virtual clock starts at `virtualStartMs`, or where the persisted state has left it, whichever is later. */
  clock: 'real' | { virtualStartMs: number };
  /** Folder that keeps all state. @default memory */
  persist?: string;
  /** @default a free one */
  port?: number;
  /** Writes the log lines of all functions to stderr. @default false */
  verbose?: boolean;
  /** @default none */
  faults?: FaultRates & { seed: number };
};
export type Cloud = Booted<CloudClock> & {
  /** Last log lines of every function whose name contains `part`, each a JSON text. */
  logs(part: string): string[];
  inbox: Inbox;
  /** JWTs that the API accepts: of the demo people (see issuer.ts), or of anybody. */
  tokens: { demo(user: string): Promise<string>; issue(request: TokenRequest): Promise<string> };
  /** Writes what Firehose buffers to the lake at once, for those who cannot wait on a real clock. */
  flushLake(): void;
  /** From now on the provider is down, or works again. */
  breakProvider(of: Provider, isBroken: boolean): void;
  /** Faults injected so far. */
  injected: FaultCounts;
};

/** Starts everything that the assembly of stage `local` needs. */
export const startCloud = async (options: CloudOptions): Promise<Cloud> => {
  const { persist, port, verbose = false } = options;
  const injected: FaultCounts = {};
  const faults = options.faults ? seededFaults(options.faults.seed, options.faults, injected) : noFaults;
  const parts = {} as { functions: LambdaService } & Pick<Cloud, 'inbox' | 'tokens' | 'flushLake'>;

  const broken = new Set<Provider>();
  const make = (ctx: Context): { services: Service[]; web: Service } => {
    const functions = lambda(ctx, {
      faults,
      ...(verbose && { onLog: (name: string, line: string) => void process.stderr.write(`${name} ${line}\n`) }),
    });
    const streams = firehose(ctx);
    const { demoToken, token } = issuer(ctx);
    const demo = (user: string) => demoToken(user) ?? Promise.reject(new Error(`${user} is no demo person`));
    Object.assign(parts, { functions, tokens: { demo, issue: token }, inbox: inbox(ctx), flushLake: streams.flushAll });
    // What starts work comes first, so that it stops before what does the work.
    const starters = [stepFunctions(ctx), scheduler(ctx, options), eventBridge(ctx), sqs(ctx, { faults }), functions];
    const stores = [
      dynamodb(ctx, { persist: persist !== undefined }),
      s3(ctx),
      streams,
      athena(ctx),
      secretsManager(ctx),
    ];
    const providers = [
      breakable(ses(ctx), () => broken.has('email')),
      breakable(sms(ctx), () => broken.has('sms')),
      breakable(pinpoint(ctx), () => broken.has('push')),
      breakable(whatsapp(ctx), () => broken.has('whatsapp')),
    ];
    return { services: [...starters, ...stores, sns(ctx), ...providers], web: httpApi(ctx) };
  };

  const clock = options.clock === 'real' ? realClock() : resumedClock(options.clock.virtualStartMs, persist);
  const assembly = readAssembly(options.assembly);
  const cloud = await boot({ assembly, clock, ...(persist && { persist }), ...(port && { port }) }, make);
  const { functions, ...rest } = parts;
  const logs = (part: string) =>
    functions
      .names()
      .filter((name) => name.includes(part))
      .flatMap(functions.logs);
  const breakProvider = (of: Provider, isBroken: boolean) => void (isBroken ? broken.add(of) : broken.delete(of));
  return { ...cloud, ...rest, logs, injected, breakProvider };
};

/** A provider that answers 503 to everything while it is broken. */
const breakable = (service: Service, isBroken: () => boolean): Service => ({
  ...service,
  async handle(request) {
    if (isBroken()) throw new AwsError('ServiceUnavailable', 'Broken on purpose', 503);
    return service.handle(request);
  },
});

/** Virtual time must not go back behind leases, timers and tokens that a former process has stored. */
const resumedClock = (startMs: number, persist?: string): VirtualClock => {
  if (!persist) return virtualClock(startMs);
  const file = join(persist, 'virtual-now');
  const left = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return virtualClock(Math.max(startMs, left), (nowMs) => writeFileSync(file, String(nowMs)));
};
