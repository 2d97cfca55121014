import { createRequire } from 'node:module';
import { compileJourney, patternIdOf } from '../../../core/strategy/journey/compile.ts';
import type { JourneyInput } from '../../../core/strategy/journey/journey-input.ts';
import type { JourneyVersion } from '../../../core/strategy/journey/journey-version.ts';
import { published } from '../../../core/strategy/journey/live-decisions.ts';
import type { LiveJourney } from '../../../core/strategy/journey/live-journey.ts';
import type { Step, Stimulus } from '../../../core/strategy/journey/participant.ts';
import type { Waiting } from '../../../core/strategy/journey/waiting.ts';
import { renderer } from '../../../core/strategy/render.ts';
import type { ParticipantKey, StoredParticipant } from '../../../lambdas/adapters/participants.ts';
import { followOnce, ParticipationOver } from '../../../lambdas/strategy/follow-once.ts';
import { type Walk, type WalkPorts, walkParticipants } from '../../../lambdas/strategy/walk-participants.ts';

const liquid = renderer(createRequire(import.meta.url)('liquidjs'));

export class Crash extends Error {
  override name = 'Crash';
}

export const START = Date.UTC(2026, 10, 18, 12);
export const HOUR = 3_600_000;

const sms = (next: string) => ({
  ...{ kind: 'message' as const, templateId: 't1', channelPolicy: ['sms' as const], next },
});

/** Welcome, wait for an order, thank or remind; a closed account leaves. */
export const welcome = (change: Partial<JourneyInput> = {}): JourneyInput => ({
  ...{ name: 'Welcome', topic: 'welcome', entry: { event: { eventType: 'signed-up' } }, start: 'hello' },
  nodes: {
    hello: sms('order'),
    order: {
      kind: 'wait-for-event',
      events: [{ event: { eventType: 'ordered' }, next: 'mark' }],
      ...{ within: { hours: 24 }, onTimeout: 'remind' },
    },
    mark: { kind: 'update', set: { buyer: true }, next: 'thanks' },
    thanks: sms('done'),
    remind: sms('done'),
    done: { kind: 'exit' },
  },
  exits: [{ event: { eventType: 'closed' } }],
  ...change,
});

export const compiled = (input: JourneyInput): JourneyVersion => {
  const templates = { t1: { name: 'Text', channels: { sms: { text: 'Hello' } } } };
  return compileJourney({ journeyId: 'j1', input, templates }, liquid).version;
};

/** Of an event of this type, with no conditions. */
export const happened = (type: string, id: string, timeMs: number): Stimulus => ({
  kind: 'event',
  patterns: [patternIdOf({ eventType: type })],
  event: { id, source: 'shop', timeMs, receivedMs: timeMs },
});
export const entering = (id: string, timeMs: number): Stimulus => ({
  kind: 'enter',
  event: { id, type: 'signed-up', source: 'shop', timeMs, receivedMs: timeMs, properties: {} },
});

const nameOf = ({ journeyId, profileId }: ParticipantKey) => `${journeyId} ${profileId}`;

/**
 * Everything outside of moving participants on, in memory. Each effect is a point at which the process may die: before it or
 * after it. `crashAt` counts these points from 0.
 */
export class WalkWorld {
  nowMs = START;
  points = 0;
  crashAt = new Set<number>();
  /** Called before the n-th save, from 0. */
  beforeSave = new Map<number, () => void>();
  saves = 0;
  stored = new Map<string, StoredParticipant>();
  versions = new Map<string, JourneyVersion>();
  live: LiveJourney | undefined;
  /** What a worker that has not looked for 3 seconds takes for true. */
  stale: LiveJourney | undefined;
  waiting: Waiting[] = [];
  published: string[] = [];
  rows: Step[] = [];
  slotMs = START;
  executions = new Executions(this);

  constructor(input: JourneyInput = welcome()) {
    this.publish(input, 'finish');
  }

  publish(input: JourneyInput, inside: 'finish' | 'move' | 'exit'): void {
    const version = compiled(input);
    this.versions.set(version.hash, version);
    const decision = published(this.live, version, inside, this.nowMs);
    if (decision.kind !== 'refuse') this.live = decision.live;
  }

  private async effect<T>(act: () => T): Promise<T> {
    await Promise.resolve();
    this.die();
    const result = act();
    this.die();
    return result;
  }
  private die(): void {
    this.points += 1;
    if (this.crashAt.has(this.points - 1)) throw new Crash(`at ${this.points - 1}`);
  }

  ports(): WalkPorts {
    return {
      now: () => this.nowMs,
      journeyOf: async (_, when) => (when === 'now' ? this.live : (this.stale ?? this.live)),
      versionOf: async (_, hash) => {
        const version = this.versions.get(hash);
        if (!version) throw new Error(`No version ${hash}`);
        return version;
      },
      facts: {
        profiles: { readMany: async () => new Map() },
        contacts: { getMany: async () => new Map() },
        references: { getMany: async () => new Map() },
        memberships: { amongst: async () => new Map() },
        settings: async () => ({}),
        shares: async () => ({}),
      },
      takeSlot: async (_journey, _node, perMinute) => {
        this.slotMs = Math.max(this.nowMs, this.slotMs + 60_000 / perMinute);
        return this.slotMs;
      },
      participants: {
        getMany: async (keys) => structuredClone(keys.map((key) => this.stored.get(nameOf(key)))),
        save: (key, next) =>
          this.effect(() => {
            this.beforeSave.get(this.saves)?.();
            this.saves += 1;
            const before = this.stored.get(nameOf(key))?.participant.version ?? 0;
            const { version } = next.participant;
            if (before !== version) return false;
            const after = { ...next, participant: { ...next.participant, version: version + 1 } };
            this.stored.set(nameOf(key), structuredClone(after));
            return true;
          }),
        clearPending: (key, version) =>
          this.effect(() => {
            const stored = this.stored.get(nameOf(key));
            if (stored?.participant.version === version) delete stored.participant.pending;
          }),
      },
      holds: { hold: (waiting) => this.effect(() => void this.waiting.push(...waiting)) },
      publish: (all) =>
        this.effect(() => {
          for (const { key, effects } of all) {
            for (const effect of effects) {
              if (effect.kind === 'follow') this.executions.follow(key.profileId, effect.entry, effect.step);
              else if (effect.kind === 'wake') this.executions.answer(effect.token);
              else this.published.push(`${key.profileId} ${effect.kind} ${effect.entry}.${effect.step} ${effect.node}`);
            }
          }
        }),
      append: (all) => this.effect(() => void this.rows.push(...all.flatMap(({ steps }) => steps))),
    };
  }

  /** As the queue does: what failed, or died, comes again. Gives how often it came. */
  async deliver(stimuli: Stimulus[], profileId = 'ada'): Promise<number> {
    for (let receive = 1; ; receive += 1) {
      const walk: Walk = { key: { profileId, journeyId: 'j1' }, stimuli, isRepeat: receive > 1 };
      const failed = await walkParticipants(this.ports(), [walk]);
      if (failed.size === 0) {
        await this.executions.run();
        return receive;
      }
      const [error] = failed.values();
      if (!(error instanceof Crash)) throw error;
    }
  }

  /** Wakes whoever is due, as the schedules of minutes do, and executions that have waited long enough. */
  async wake(): Promise<void> {
    await this.executions.timeOut();
    for (const { profileId, entry, step, dueMs } of [...this.waiting]) {
      if (dueMs <= this.nowMs) await this.deliver([{ kind: 'due', entry, step }], profileId);
    }
  }

  of(profileId = 'ada') {
    const stored = this.stored.get(nameOf({ journeyId: 'j1', profileId }));
    if (!stored) throw new Error(`${profileId} is not there`);
    return stored.participant;
  }

  /** What the lake knows, each step once. */
  told(): string[] {
    return [...new Set(this.rows.map(({ entry, step, node, way }) => `${entry}.${step} ${node} ${way}`))];
  }
}

type Followed = { profileId: string; entry: number; isBusy?: true; waits?: { token: string; untilMs: number } };

/** What the state machine follow-participant does, one execution for each step from which somebody is to be followed. */
class Executions {
  private readonly named = new Map<string, Followed>();
  private tokens = 0;
  private readonly world: WalkWorld;
  constructor(world: WalkWorld) {
    this.world = world;
  }

  /** Those that have not ended. */
  get running(): Followed[] {
    return [...this.named.values()].filter(({ entry }) => entry > 0);
  }

  follow(profileId: string, entry: number, step: number): void {
    const name = `${profileId} ${entry}.${step}`;
    if (!this.named.has(name)) this.named.set(name, { profileId, entry });
  }

  answer(token: string): void {
    for (const one of this.running) if (one.waits?.token === token) delete one.waits;
  }

  async timeOut(): Promise<void> {
    for (const one of this.running) if (one.waits && one.waits.untilMs <= this.world.nowMs) delete one.waits;
    await this.run();
  }

  /** Until each of them waits or has ended. */
  async run(): Promise<void> {
    for (const one of this.running) {
      if (one.waits || one.isBusy) continue;
      one.isBusy = true;
      await this.step(one);
      delete one.isBusy;
    }
  }

  /** As the state machine does with what dies: it comes again. */
  private async step(one: Followed): Promise<void> {
    const { world } = this;
    const { profileId, entry } = one;
    const task = { profileId, journeyId: 'j1', entry };
    for (;;) {
      try {
        const { step, dueMs } = await followOnce(world.ports(), task);
        return this.hold(one, step, dueMs);
      } catch (error) {
        if (error instanceof Crash) continue;
        if (!(error instanceof ParticipationOver)) throw error;
        one.entry = 0;
        return;
      }
    }
  }

  /** As hold-participant.ts says. */
  private hold(one: Followed, step: number, untilMs: number): void {
    const stored = this.world.stored.get(nameOf({ journeyId: 'j1', profileId: one.profileId }));
    const { participant } = stored!;
    if (participant.pending || participant.hold?.step !== step) throw new Error('Held too early, or too late');
    this.tokens += 1;
    participant.token = `token-${this.tokens}`;
    participant.version += 1;
    one.waits = { token: participant.token, untilMs };
  }
}
