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
import { type Walk, type WalkPorts, walkParticipants } from '../../../lambdas/strategy/walk-participants.ts';
import { Crash, Executions } from './executions.ts';

const liquid = renderer(createRequire(import.meta.url)('liquidjs'));

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

const failing = <T>(all: readonly T[], fails: (one: T) => boolean): Map<T, unknown> =>
  new Map(all.filter(fails).map((one) => [one, new Error('Refused')]));

export const nameOf = ({ journeyId, profileId }: ParticipantKey) => `${journeyId} ${profileId}`;

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
  /** Of the throttles: the last turn that was taken, and how many were taken at once. */
  slotMs = START;
  taken: number[] = [];
  /** Who cannot be held, and whose effects cannot be published. */
  unheld = new Set<string>();
  unpublishable = new Set<string>();
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
      takeSlots: async (_journey, _node, perMinute, turns) => {
        this.taken.push(turns);
        return Array.from({ length: turns }, () => {
          this.slotMs = Math.max(this.nowMs, this.slotMs + 60_000 / perMinute);
          return this.slotMs;
        });
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
      holds: {
        hold: (waiting) =>
          this.effect(() => {
            this.waiting.push(...waiting.filter(({ profileId }) => !this.unheld.has(profileId)));
            return failing(waiting, ({ profileId }) => this.unheld.has(profileId));
          }),
      },
      publish: (all) =>
        this.effect(() => {
          const failed = failing(all, ({ key }) => this.unpublishable.has(key.profileId));
          for (const { key, effects } of all.filter((one) => !failed.has(one))) {
            for (const effect of effects) {
              if (effect.kind === 'follow') this.executions.follow(key.profileId, effect.entry, effect.follower);
              else if (effect.kind === 'wake') this.executions.answer(effect.token);
              else this.published.push(`${key.profileId} ${effect.kind} ${effect.entry}.${effect.step} ${effect.node}`);
            }
          }
          return failed;
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
