import type { Chance } from './chance.ts';
import type { Faults } from './faults.ts';
import { running } from './machine.ts';
import type { Timeline } from './timeline.ts';

/** What goes wrong with one request: whether the other side has acted, and what the caller gets instead of its answer. */
export type Mishap = { applied: boolean; error: unknown; afterMs?: number };
export type Answer = { value: unknown } | { error: unknown };

const never = (): Promise<never> => new Promise(() => {});

/** An error of the network or of a service that would go away when asked again: what SDKs repeat by themselves. */
export class Transient extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

type Props = { timeline: Timeline; chance: Chance; faults: Faults; trace: (line: string) => void };

/**
 * The wire between a handler and everything else. A request takes some time to get there, and its answer to come back: in
 * between others go on. A process that has died makes no request; one that is on its way may still arrive.
 */
export class Wire {
  private readonly props: Props;

  constructor(props: Props) {
    this.props = props;
  }

  private takesMs(): number {
    const { chance, faults } = this.props;
    return faults.happens('slow') ? chance.int(500, 12_000) : chance.int(1, 20);
  }

  /** `what` stands in the trace, with what came of it. */
  exchange<T>(what: string, act: () => Promise<T> | T, mishap?: Mishap): Promise<T> {
    const invocation = running.getStore();
    if (!invocation || invocation.dead) return never();
    const { timeline, chance, trace } = this.props;
    invocation.requests += 1;
    const crash = invocation.crash?.inRequest === invocation.requests ? invocation.crash : undefined;
    if (crash && !crash.afterEffect) {
      invocation.die('Crash');
      return never();
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    timeline.after(this.takesMs(), async () => {
      const isLost = invocation.dead && chance.is(0.5);
      if (isLost) return;
      const acts = mishap === undefined || mishap.applied;
      const answer = acts ? await settled(act) : undefined;
      trace(`${timeline.now()} #${invocation.id} ${what} ${resultOf(answer, mishap)}`);
      if (crash) invocation.die('Crash');
      timeline.after(mishap?.afterMs ?? this.takesMs(), () => {
        if (invocation.dead) return;
        if (mishap) reject(mishap.error);
        else if (answer && 'value' in answer) resolve(answer.value as T);
        else reject(answer?.error);
      });
    });
    return promise;
  }

  /** As an SDK does: a request whose answer did not come, or that was throttled, is made again. */
  async patient<T>(attempts: number, what: string, act: () => Promise<T> | T, of: string): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.exchange(what, act, this.mishap(of));
      } catch (error) {
        if (!(error instanceof Transient) || attempt === attempts) throw error;
        await this.pause(50 * 2 ** attempt);
      }
    }
  }

  /** What befalls a request to a service of AWS. */
  mishap(of: string): Mishap | undefined {
    const { timeline, chance, faults } = this.props;
    if (faults.isOut(of, timeline.now())) {
      faults.count('service-down');
      return { applied: false, error: new Transient('InternalServerError', `${of} is down`) };
    }
    switch (faults.oneOf(['throttled', 'request-lost', 'answer-lost'])) {
      case 'throttled':
        return { applied: false, error: new Transient('ThrottlingException', 'Rate exceeded') };
      case 'request-lost':
        return { applied: false, error: new Transient('TimeoutError', 'No answer'), afterMs: chance.int(200, 3_000) };
      case 'answer-lost':
        return { applied: true, error: new Transient('TimeoutError', 'No answer'), afterMs: chance.int(200, 3_000) };
      default:
        return undefined;
    }
  }

  pause(ms: number): Promise<void> {
    const { timeline } = this.props;
    return new Promise((resolve) => timeline.after(ms, () => resolve()));
  }
}

const settled = async <T>(act: () => Promise<T> | T): Promise<Answer> => {
  try {
    return { value: await act() };
  } catch (error) {
    return { error };
  }
};

const resultOf = (answer: Answer | undefined, mishap: Mishap | undefined): string => {
  const came = answer && ('value' in answer ? 'ok' : (answer.error as Error).name);
  const broke = mishap && `${mishap.applied ? 'answer' : 'request'} lost: ${(mishap.error as Error).name}`;
  return [came, broke].filter(Boolean).join(', ');
};
