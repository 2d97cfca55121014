import type { InvokeResult } from '../../local/types.ts';
import type { Chance } from './chance.ts';
import type { Faults } from './faults.ts';
import { running } from './machine.ts';
import type { Timeline } from './timeline.ts';

type Handler = (event: unknown, context: object) => Promise<unknown>;
/** One Lambda environment: a handler's module of its own, with its caches, and a clock that may be a bit off. */
export type Environment = { id: number; name: string; handler: Handler; skewMs: number };

/** When, in its n-th request, the process dies: before the other side has acted, or after. */
type Crash = { inRequest: number; afterEffect: boolean };

export type Invocation = {
  id: number;
  environment: Environment;
  requests: number;
  crash?: Crash;
  /** It makes no request any more, and hears no answer. */
  dead: boolean;
  die(why: string): void;
};

/** Seconds that a function may take, as lib/ says. */
const SECONDS: Record<string, number> = {
  'delivery/dispatch-snapshot': 600,
  'delivery/release-messages': 600,
  'delivery/release-parked': 600,
  'strategy/finish-campaign': 60,
  'delivery/manage-dead-letters': 60,
};
const OTHERWISE_SECONDS = 30;
/** A crash is drawn among so many requests: few have more, and most of what matters is done by the first. */
const REQUESTS = [8, 25, 60];
/** So many environments of a function at the most wait for their next event. */
const IDLE = 3;

let loaded = 0;
/** A module of its own for each environment: what it keeps is kept for nobody else. */
const load = async (name: string): Promise<Handler> => {
  loaded += 1;
  return ((await import(`../../lambdas/${name}.ts?environment=${loaded}`)) as { handler: Handler }).handler;
};

type Props = { timeline: Timeline; chance: Chance; faults: Faults; maxSkewMs: number; trace: (line: string) => void };

/** Lambda: environments come, are used again, and die. */
export class Functions {
  private readonly idle = new Map<string, Environment[]>();
  private readonly props: Props;
  private environments = 0;
  private invocations = 0;

  constructor(props: Props) {
    this.props = props;
  }

  /** Resolves with what the function has answered, or with why it has not. */
  invoke(name: string, event: unknown): Promise<InvokeResult> {
    const { timeline, chance } = this.props;
    const { promise, resolve } = Promise.withResolvers<InvokeResult>();
    const copy = JSON.stringify(event);
    timeline.after(chance.int(1, 60), async () => this.run(await this.environment(name), copy, resolve));
    return promise;
  }

  private async environment(name: string): Promise<Environment> {
    const { chance, faults, maxSkewMs } = this.props;
    const idle = this.idle.get(name) ?? [];
    const skew = () => chance.int(-maxSkewMs, maxSkewMs);
    const found = idle.length > 0 && chance.is(0.8) ? idle.splice(chance.int(0, idle.length - 1), 1)[0] : undefined;
    if (found && faults.happens('clock-jump')) found.skewMs = skew();
    if (found) return found;
    this.environments += 1;
    return { id: this.environments, name, handler: await load(name), skewMs: skew() };
  }

  private run(environment: Environment, event: string, answer: (result: InvokeResult) => void): void {
    const { timeline, chance, faults, trace } = this.props;
    this.invocations += 1;
    const id = this.invocations;
    const endMs = timeline.now() + (SECONDS[environment.name] ?? OTHERWISE_SECONDS) * 1_000;
    let ended = false;
    const end = (result: InvokeResult) => {
      if (ended) return;
      ended = true;
      cancelTimeout();
      trace(`${timeline.now()} #${id} ${environment.name} ${result.ok ? 'done' : result.errorType}`);
      answer(result);
    };
    const invocation: Invocation = {
      ...{ id, environment, requests: 0, dead: false },
      ...(faults.isDrawn('crash') && {
        crash: { inRequest: chance.int(1, chance.pick(REQUESTS)), afterEffect: chance.is(0.5) },
      }),
      die(why) {
        invocation.dead = true;
        if (why === 'Crash') faults.count('crash');
        end({ ok: false, errorType: why, errorMessage: 'The simulation has ended this process' });
      },
    };
    const cancelTimeout = timeline.at(endMs, () => {
      if (ended) return;
      faults.count('timed-out');
      invocation.die('Sandbox.Timedout');
    });
    trace(`${timeline.now()} #${id} ${environment.name} begins`);
    const context = {
      functionName: environment.name,
      awsRequestId: `request-${id}`,
      getRemainingTimeInMillis: () => Math.max(0, endMs - timeline.now()),
    };
    running.run(invocation, () => {
      environment
        .handler(JSON.parse(event), context)
        .then((value): InvokeResult => {
          const idle = this.idle.get(environment.name) ?? [];
          if (!invocation.dead && idle.length < IDLE) this.idle.set(environment.name, [...idle, environment]);
          return { ok: true, value: JSON.parse(JSON.stringify(value) ?? 'null') };
        })
        .catch(({ name, message }: Error): InvokeResult => ({ ok: false, errorType: name, errorMessage: message }))
        .then(end);
    });
  }
}
