import { type FrontDoor, openFrontDoor } from './front-door.ts';
import { type CloudMeter, createMeter } from './meter.ts';
import { openStore } from './store.ts';
import { type Assembly, type Provisioned, provision } from './template.ts';
import type { Clock, Context, Service, Services } from './types.ts';

export type BootOptions<C extends Clock> = {
  assembly: Assembly;
  clock: C;
  /** Folder that keeps the state. @default memory and a temporary folder */
  persist?: string;
  /** @default a free one */
  port?: number;
};
export type Booted<C extends Clock> = {
  url: string;
  clock: C;
  meter: CloudMeter;
  services: Services;
  resources: Provisioned[];
  /** Outputs of the stacks by stack and name. */
  outputs: Record<string, Record<string, unknown>>;
  stop(): Promise<void>;
};

/**
 * Starts the services that `make` builds, creates the resources of the assembly through them, and opens the front door
 * for them. What is not signed for an AWS service goes to `web`.
 */
export const boot = async <C extends Clock>(
  { assembly, clock, persist, port = 0 }: BootOptions<C>,
  make: (ctx: Context) => { services: Service[]; web: Service },
): Promise<Booted<C>> => {
  const store = openStore(persist);
  const meter = createMeter();
  let door: FrontDoor | undefined;
  const ctx: Context = {
    clock,
    meter,
    store: store.database,
    dataDir: store.dataDir,
    region: 'us-east-1',
    account: '000000000000',
    endpoint: () => door?.url ?? '',
    // Each service puts its own property here; `deliver` is the only one that belongs to none.
    services: {} as Services,
  };
  ctx.services.deliver = (arn, payload, options) => deliver(ctx.services, arn, payload, options?.group);
  const { services, web } = make(ctx);
  const all = [...services, web];

  const opened = Promise.withResolvers<void>();
  const stop = async () => {
    // All are told before any is waited for: a thread that Lambda ends must not look like a failed task or batch.
    await Promise.all(all.map((service) => service.stop?.()));
    await door?.close();
    store.close();
  };
  try {
    // The port must be known before resources are made: queue URLs and function environments carry it.
    const bySigningName = new Map(services.map((service) => [service.signingName, service]));
    door = await openFrontDoor(clock, bySigningName, web, opened.promise, port);
    const handlers = Object.assign({}, ...all.map((service) => service.resources));
    const { resources, outputs } = provision(assembly, handlers, ctx);
    for (const service of all) await service.start?.();
    opened.resolve();
    return { url: door.url, clock, meter, services: ctx.services, resources, outputs, stop };
  } catch (error) {
    opened.resolve();
    await stop();
    throw error;
  }
};

/** Routes a payload by the service that its target's ARN names. */
const deliver = async ({ lambda, sqs, states }: Services, arn: string, payload: unknown, group?: string) => {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const service = arn.split(':')[2];
  if (service === 'lambda') await lambda.invokeAsync(arn, payload);
  else if (service === 'sqs') sqs.send(arn, text, group ? { group } : {});
  else if (service === 'states') states.start(arn, text);
  else throw new Error(`The local cloud cannot deliver to ${arn}: no such target service`);
};
