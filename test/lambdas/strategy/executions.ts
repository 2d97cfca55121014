import { followOnce, ParticipationOver } from '../../../lambdas/strategy/follow-once.ts';
import { nameOf, type WalkWorld } from './walk-world.ts';

export class Crash extends Error {
  override name = 'Crash';
}

type Followed = {
  profileId: string;
  entry: number;
  follower: number;
  /** How often it has been asked where they are, and since when (epoch ms). */
  waits: number;
  startedMs: number;
  isBusy?: true;
  isOver?: true;
  waiting?: { token: string; untilMs: number };
};

/** What the state machine follow-participant does, an execution for each number by which somebody is to be followed. */
export class Executions {
  /** By name: which, and how often it was asked for. */
  readonly named = new Map<string, Followed>();
  private tokens = 0;
  private readonly world: WalkWorld;
  constructor(world: WalkWorld) {
    this.world = world;
  }

  /** Those that have not ended. */
  get running(): Followed[] {
    return [...this.named.values()].filter(({ isOver }) => !isOver);
  }

  follow(profileId: string, entry: number, follower: number): void {
    const name = `${profileId} ${entry}.${follower}`;
    const begun = { profileId, entry, follower, waits: 0, startedMs: this.world.nowMs };
    if (!this.named.has(name)) this.named.set(name, begun);
  }

  answer(token: string): void {
    for (const one of this.running) if (one.waiting?.token === token) delete one.waiting;
  }

  async timeOut(): Promise<void> {
    for (const one of this.running) if ((one.waiting?.untilMs ?? 0) <= this.world.nowMs) delete one.waiting;
    await this.run();
  }

  /** Until each of them waits or has ended; one of them may begin another. */
  async run(): Promise<void> {
    for (;;) {
      const one = this.running.find(({ waiting, isBusy }) => !waiting && !isBusy);
      if (!one) return;
      one.isBusy = true;
      await this.step(one);
      delete one.isBusy;
    }
  }

  /** As the state machine does with what dies: it comes again. */
  private async step(one: Followed): Promise<void> {
    const { world } = this;
    const { profileId, entry, follower, waits, startedMs } = one;
    const task = { profileId, journeyId: 'j1', entry, follower, waits, startedMs };
    for (;;) {
      try {
        const { step, dueMs } = await followOnce(world.ports(), task);
        one.waits += 1;
        return this.hold(one, step, dueMs);
      } catch (error) {
        if (error instanceof Crash) continue;
        if (!(error instanceof ParticipationOver)) throw error;
        one.isOver = true;
        return;
      }
    }
  }

  /** As hold-participant.ts says. */
  private hold(one: Followed, step: number, untilMs: number): void {
    const { participant } = this.world.stored.get(nameOf({ journeyId: 'j1', profileId: one.profileId }))!;
    const isTheirs = participant.hold?.step === step && participant.follower === one.follower;
    if (participant.pending || !isTheirs) throw new Error('Held too early, or too late');
    this.tokens += 1;
    participant.token = `token-${this.tokens}`;
    participant.version += 1;
    one.waiting = { token: participant.token, untilMs };
  }
}
