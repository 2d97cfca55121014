import { createRequire } from 'node:module';
import type { Channel, Lane } from '../../../core/delivery/channel.ts';
import { type ContactState, emptyContact } from '../../../core/delivery/contact-state.ts';
import { gate } from '../../../core/delivery/gate.ts';
import { claimRecord, isSettled, type LedgerRecord } from '../../../core/delivery/ledger.ts';
import type { SendMessage, SnapshotMessage, SnapshotRow } from '../../../core/delivery/messages.ts';
import type { OutcomeRow } from '../../../core/delivery/outcome.ts';
import type { Speed } from '../../../core/delivery/pace.ts';
import type { Heard } from '../../../core/delivery/policy.ts';
import type { Refusals } from '../../../core/delivery/refusals.ts';
import { type Clocks, leased, leaseFor, spanOf } from '../../../core/delivery/send-rate.ts';
import type { Outgoing, SendResult } from '../../../core/delivery/sender.ts';
import { DEFAULT_SETTINGS } from '../../../core/delivery/settings.ts';
import { reserveTouch } from '../../../core/delivery/touch.ts';
import { workOf } from '../../../core/delivery/work.ts';
import type { PlanVersion } from '../../../core/strategy/plan-version.ts';
import { renderer } from '../../../core/strategy/render.ts';
import type { SendRates } from '../../../lambdas/adapters/send-rates.ts';
import { deliverMessage } from '../../../lambdas/delivery/deliver-message.ts';
import { type Pacer, pacer } from '../../../lambdas/delivery/pacer.ts';
import { parkPaused } from '../../../lambdas/delivery/park-paused.ts';
import type { Ports } from '../../../lambdas/delivery/ports.ts';
import { publish } from '../../../lambdas/delivery/publish.ts';
import { RetryLater } from '../../../lambdas/middleware/retry-later.ts';

const liquid = renderer(createRequire(import.meta.url)('liquidjs'));

export class Crash extends Error {
  override name = 'Crash';
}

export const plan = (overrides: Partial<PlanVersion> = {}): PlanVersion => ({
  planKind: 'campaign',
  planId: 'c1',
  hash: 'h1',
  name: 'Spring',
  topic: 'offers',
  lane: 'promotional',
  channelPolicy: ['push', 'sms', 'email'],
  template: {
    name: 'Spring',
    channels: {
      push: { title: 'Hi', body: 'Hello {{ profile.profileId }}' },
      sms: { text: 'Hello {{ profile.profileId }}' },
      email: { subject: 'Hi', html: '<p>{{ profile.profileId }}</p>' },
      inapp: { title: 'Hi', body: 'Hello {{ profile.profileId }}', expiresAfterDays: 1 },
    },
  },
  ...overrides,
});

/** How the provider treats an address, by what the address starts with. */
const answer = (address: string, calls: number): SendResult | 'accept' => {
  if (address.startsWith('dead')) return { status: 'refused', reason: 'address-refused' };
  if (address.startsWith('stop')) return { status: 'refused', reason: 'opted-out' };
  if (address.startsWith('busy') && calls === 1) return { status: 'retry', reason: 'throttled' };
  if (address.startsWith('never')) return { status: 'retry', reason: 'throttled' };
  return 'accept';
};

export const everyChannel = { push: true, sms: true, email: true };

/**
 * Everything outside of a delivery, in memory, built on the pure transitions of core. Each effect is a point at which the
 * process may die: before it or after it. `crashAt` counts these points from 0.
 */
export class World {
  nowMs = 1_000_000_000_000;
  points = 0;
  crashAt = new Set<number>();
  onCrash = () => {};
  /** After a call of a provider that took somebody. */
  onAccepted = () => {};
  settings = DEFAULT_SETTINGS;
  holdout = { percent: 0, salt: '' };
  /** Of the campaign. */
  speed: Speed | undefined;
  clocks = new Map<string, Clocks>();
  private worker: Pacer | undefined;
  /** What all invocations have waited so far. */
  waitedMs = 0;
  /** What is left of every invocation. */
  leftMs = 30_000;
  /** Recipients a provider takes at once. */
  chunk = 3;
  stop: 'plan-cancelled' | 'plan-paused' | undefined;
  /** Number of the pause that the campaign is in. */
  pause: number | undefined;
  plans = new Map<string, PlanVersion>();
  rows: (SnapshotRow | undefined)[] = [];
  records = new Map<string, LedgerRecord>();
  people = new Map<string, ContactState>();
  doneBatches = new Set<string>();
  /** What receipts have said, by ledger unit. */
  heard = new Map<string, Record<Heard, Set<number>>>();
  refusals = new Map<string, Refusals>();
  queue: { message: SendMessage; channel: Channel; receives: number; dueMs?: number }[] = [];
  /** What waits for the end of a pause, by pause and ledger unit. */
  parked = new Map<string, World['queue'][number]>();
  /** What providers accepted. */
  accepted: { channel: Channel; address: string; ref: string; text: string }[] = [];
  /** When, in the same order. */
  acceptedMs: number[] = [];
  calls = new Map<string, number>();
  outcomes: OutcomeRow[] = [];
  writes = { ledger: 0, contacts: 0, reads: 0, rates: 0 };

  constructor(version: PlanVersion = plan()) {
    this.plans.set(version.planId, version);
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

  contact(profileId: string): ContactState {
    return structuredClone(this.people.get(profileId) ?? emptyContact(profileId));
  }

  addPerson(row: SnapshotRow, consents: Record<string, boolean> = everyChannel): void {
    this.rows.push(row);
    this.people.set(row.profileId, { ...emptyContact(row.profileId), version: 1, consents });
  }

  /** A pointer to all rows. */
  pointer(overrides: Partial<SnapshotMessage> = {}): SnapshotMessage {
    const ref = { kind: 'campaign', id: 'c1', hash: 'h1' } as const;
    const part = 'snapshots/r1/parts/0-0.ndjson';
    const count = this.rows.length;
    return {
      kind: 'snapshot',
      plan: ref,
      runId: 'r1',
      part,
      batch: 0,
      offset: 0,
      bytes: 1,
      count,
      step: 0,
      ...overrides,
    };
  }

  /** As lambdas/adapters/send-rates.ts, on one clock that everybody sees. */
  rates: SendRates = {
    standsAt: (key, lane) => this.clocks.get(key)?.[lane] ?? 0,
    lease: (key, rate, asked) =>
      this.effect(() => {
        this.writes.rates += 1;
        const before = this.clocks.get(key) ?? {};
        const lease = leaseFor(before, rate, asked);
        const after = leased(before, lease);
        if (!after) return { fullUntilMs: before[asked.lane] ?? 0 };
        this.clocks.set(key, after);
        return spanOf(lease, before);
      }),
    standInLine: (key, lane, ms, nowMs) =>
      this.effect(() => {
        this.writes.rates += 1;
        const clocks = this.clocks.get(key) ?? {};
        const turnMs = Math.max(nowMs, clocks[lane] ?? 0, clocks[`${lane}Line`] ?? 0);
        this.clocks.set(key, { ...clocks, [`${lane}Line`]: turnMs + ms });
        return turnMs;
      }),
  };

  ports(channel: Channel, chunk = 3): Ports {
    return {
      now: () => this.nowMs,
      planOf: async ({ id }) => this.plans.get(id) as PlanVersion,
      stopOf: async () => this.stop,
      pauseOf: async () => (this.pause === undefined ? undefined : `${this.pause}`),
      settings: async () => this.settings,
      holdout: async () => this.holdout,
      speedOf: async ({ kind }) => (kind === 'campaign' ? this.speed : undefined),
      pacer: async () => {
        const wait = async (ms: number) => {
          this.nowMs += Math.ceil(ms);
          this.waitedMs += Math.ceil(ms);
        };
        this.worker ??= pacer({ now: () => this.nowMs, wait, rates: this.rates });
        return this.worker;
      },
      rowsOf: async () => this.rows,
      ledger: {
        claim: ({ run, unit }, marks, nowMs, leaseMs) =>
          this.effect(() => {
            this.writes.ledger += 1;
            const stored = this.records.get(`${run} ${unit}`);
            const claimed = claimRecord(stored, marks, nowMs, leaseMs);
            if (claimed) this.records.set(`${run} ${unit}`, claimed);
            return claimed ?? 'busy';
          }),
        save: ({ run, unit }, record) =>
          this.effect(() => {
            this.writes.ledger += 1;
            if (this.records.get(`${run} ${unit}`)?.token !== record.token) throw new RetryLater('fenced');
            this.records.set(`${run} ${unit}`, record);
          }),
        heardOf: async ({ unit }) => this.heard.get(unit) ?? { delivered: new Set(), opened: new Set() },
        batchesDone: ({ run, unit }, batches) =>
          this.effect(() => {
            this.writes.ledger += 1;
            for (const batch of batches) this.doneBatches.add(`${run} ${unit} ${batch}`);
          }),
      },
      contacts: {
        get: async (profileId) => {
          this.writes.reads += 1;
          return this.contact(profileId);
        },
        getMany: async (ids) => {
          this.writes.reads += ids.length;
          return new Map(ids.map((id) => [id, this.contact(id)]));
        },
        reserve: ({ profileId, ...input }) =>
          this.effect(() => {
            this.writes.contacts += 1;
            const stored = this.contact(profileId);
            const decision = gate({ ...input, contact: stored, lane: 'promotional' });
            if (decision.decision !== 'send' || !decision.reserve) return stored;
            const reserved = reserveTouch({ ...input, contact: stored });
            this.people.set(profileId, { ...reserved, version: stored.version + 1 });
            return undefined;
          }),
        saveTouches: (state) =>
          this.effect(() => {
            this.writes.contacts += 1;
            const stored = this.contact(state.profileId);
            if (stored.version !== state.version) return false;
            this.people.set(state.profileId, { ...stored, touches: state.touches, version: state.version + 1 });
            return true;
          }),
        suppress: (profileId, on, suppression) =>
          this.effect(() => {
            const stored = this.contact(profileId);
            if (stored.suppressed[on]) return;
            const suppressed = { ...stored.suppressed, [on]: suppression };
            this.people.set(profileId, { ...stored, suppressed, version: stored.version + 1 });
          }),
      },
      refusals: this.refusals,
      renderer: async () => liquid,
      linksOf: async () => undefined,
      catalogueOf: async () => undefined,
      sender: { channel, chunk, send: (messages) => this.effect(() => this.provide(channel, messages)) },
      append: (rows) => this.effect(() => void this.outcomes.push(...rows)),
      enqueue: (next, _lane: Lane, messages) =>
        this.effect(() => {
          for (const message of messages) {
            this.queue.push({ message: structuredClone(message), channel: next, receives: 0 });
          }
        }),
      putBack: (_lane, messages) =>
        this.effect(() => {
          for (const { message, dueMs } of messages) {
            this.queue.push({ message: structuredClone(message), channel, receives: 0, dueMs });
          }
        }),
      hold: ({ message, channel: next }, dueMs) =>
        this.effect(() => {
          this.queue.push({ message: structuredClone(message), channel: next, receives: 0, dueMs });
        }),
      park: ({ message, channel: next }, pause) =>
        this.effect(() => {
          const item = { message: structuredClone(message), channel: next, receives: 0 };
          this.parked.set(`${pause} ${workOf(message).unit}`, item);
        }),
    };
  }

  private provide(channel: Channel, messages: readonly Outgoing[]): Map<number, SendResult> {
    return new Map(
      messages.map(({ key, address, ref, content }) => {
        const calls = (this.calls.get(address) ?? 0) + 1;
        this.calls.set(address, calls);
        const result = answer(address, calls);
        if (result !== 'accept') return [key, result];
        this.accepted.push({ channel, address, ref, text: JSON.stringify(content) });
        this.acceptedMs.push(this.nowMs);
        this.onAccepted();
        return [key, { status: 'sent', messageId: `m-${address}` }];
      }),
    );
  }

  /** Waiting takes from the time that an invocation has. */
  attempt(receives: number) {
    const before = this.waitedMs;
    return { receives, leftMs: () => this.leftMs - (this.waitedMs - before) };
  }

  /** One invocation with one message: throws what brings the message back. */
  async deliver(channel: Channel, message: SendMessage, { receives = 1, chunk = this.chunk } = {}) {
    const ports = this.ports(channel, chunk);
    if (await parkPaused(ports, message)) return;
    const publication = await deliverMessage(ports, message, this.attempt(receives));
    if (publication === 'put-back') return;
    await publish(ports, [publication]);
    if (!publication.back && !isSettled(publication.record)) throw new RetryLater('The provider asks to come again');
  }

  /** The campaign goes on: what waits for the end of this pause goes to its queue. */
  resume(): void {
    for (const [place, item] of this.parked) {
      if (place.startsWith(`${this.pause} `)) this.queue.push(item);
    }
    this.pause = undefined;
  }

  /** The first message that is due, or the first of all at its time. */
  next(): World['queue'][number] {
    const due = this.queue.filter(({ dueMs = 0 }) => dueMs <= this.nowMs);
    const item =
      due[0] ?? (this.queue.toSorted((a, b) => (a.dueMs ?? 0) - (b.dueMs ?? 0))[0] as World['queue'][number]);
    this.queue.splice(this.queue.indexOf(item), 1);
    this.nowMs = Math.max(this.nowMs, item.dueMs ?? 0);
    return item;
  }

  /** Works like the queue and its workers until nothing is left: what fails comes back after the visibility timeout. */
  async drain(maxRounds = 200): Promise<void> {
    for (let round = 0; this.queue.length > 0; round += 1) {
      if (round > maxRounds) throw new Error('The queue never drains');
      const item = this.next();
      item.receives += 1;
      try {
        await this.deliver(item.channel, item.message, { receives: item.receives });
      } catch (error) {
        if (!(error instanceof Crash) && !(error instanceof RetryLater)) throw error;
        if (error instanceof Crash) this.onCrash();
        this.queue.push(item);
        this.nowMs += 180_000;
      }
    }
  }

  async run(message: SendMessage, channel: Channel = 'push'): Promise<void> {
    this.queue.push({ message, channel, receives: 0 });
    await this.drain();
  }

  /** Outcome rows as the lake's readers see them: one per id. Throws when copies of an id say different things. */
  settled(): OutcomeRow[] {
    const byId = new Map<string, OutcomeRow>();
    for (const row of this.outcomes) {
      const known = byId.get(row.outcome_id);
      if (known && (known.outcome !== row.outcome || known.reason !== row.reason || known.final !== row.final)) {
        throw new Error(`${row.outcome_id} is ${known.outcome}/${known.reason} and ${row.outcome}/${row.reason}`);
      }
      byId.set(row.outcome_id, known?.message_id ? known : row);
    }
    return [...byId.values()];
  }

  finals(): Map<string, OutcomeRow> {
    const finals = new Map<string, OutcomeRow>();
    for (const row of this.settled().filter((outcome) => outcome.final)) {
      if (finals.has(row.profile_id)) throw new Error(`${row.profile_id} has two final outcomes`);
      finals.set(row.profile_id, row);
    }
    return finals;
  }
}
