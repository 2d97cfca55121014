import { gzipSync } from 'node:zlib';
import type { UnloadedRow } from '../../core/audience/segment-queries.ts';
import type { DirectMessage } from '../../core/delivery/messages.ts';
import { channelOf } from '../../core/delivery/policy.ts';
import { SUPPRESSION_REASONS } from '../../core/delivery/suppression.ts';
import { durationMs } from '../../core/event/duration.ts';
import { planVersionId } from '../../core/strategy/plan-hash.ts';
import type { InvokeResult } from '../../local/types.ts';
import { Api } from './api.ts';
import type { Chance } from './chance.ts';
import { type Cloud, SIMULATED } from './cloud.ts';
import { deadLettersOf, RECEIPTS_QUEUE, SEND_QUEUES } from './environment.ts';
import type { Functions } from './functions.ts';
import type { Person } from './people.ts';
import type { Item, Tables, Without } from './tables.ts';
import type { Timeline } from './timeline.ts';
import type { Plan, World } from './world.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** How long the state machine asks whether a run has drained. */
const WATCHED_MS = 7 * DAY_MS;
/** How long operators look after a seed's end. */
const LOOKS_MS = 20 * DAY_MS;

type Props = {
  world: World;
  timeline: Timeline;
  chance: Chance;
  tables: Tables;
  cloud: Cloud;
  functions: Functions;
  without?: Without | undefined;
};

/** What people, apps, operators and the state machine do in a seed. */
export class Story {
  private readonly props: Props;
  /** When the state machine has ended a run: by its end, by a cancellation, or not at all. */
  readonly ended = new Map<string, string>();

  private readonly api: Api;

  constructor(props: Props) {
    this.props = props;
    this.api = new Api(props);
  }

  /** Puts everything into place, and the acts onto the timeline. */
  async begin(): Promise<void> {
    const { world, tables, timeline, cloud } = this.props;
    await tables.put('DEFINITIONS_TABLE', definition('settings', 'delivery', world.settings));
    for (const person of world.people.values()) {
      await tables.put('CONTACTS_TABLE', contactItem(person));
      await tables.put('PROFILES_TABLE', profileItem(person));
    }
    for (const plan of world.plans) await this.plan(plan);
    for (const { profileId, consent, atMs } of world.withdrawals)
      timeline.at(atMs, () => this.withdraw(profileId, consent));
    cloud.begin = (_machine, name, input) => this.release(name, input);
    if (this.props.without !== 'redrive') this.every(30, 120, () => this.redrive());
    this.every(60, 180, () => this.resumePaused());
    this.every(2, 10, () => this.sweep());
  }

  private async plan(plan: Plan): Promise<void> {
    const { tables, timeline, cloud } = this.props;
    const { version, runId, startMs, occasions, stopMs, pause } = plan;
    const { planId, hash, planKind } = version;
    await tables.put('DEFINITIONS_TABLE', definition('plan-version', planVersionId(planId, hash), version));
    if (planKind === 'campaign') {
      const body = { id: planId, state: 'preparing', version: 1, run: { runId, startedMs: startMs } };
      await tables.put('DEFINITIONS_TABLE', definition('campaign', planId, body));
      this.snapshot(plan);
      timeline.at(startMs, () => void this.run(plan));
    } else {
      await tables.put('DEFINITIONS_TABLE', definition('trigger', planId, { id: planId, state: 'active', version: 1 }));
      const [first] = version.channelPolicy;
      const queue = `${first && channelOf(first)}-${version.lane}`;
      for (const { repeats, ...occasion } of occasions) {
        const message: DirectMessage = {
          ...{ kind: 'direct', plan: { kind: 'trigger', id: planId, hash }, profileId: occasion.profileId, step: 0 },
          deadlineMs: occasion.atMs + (version.deadline ? durationMs(version.deadline) : DAY_MS),
          event: {
            ...{ id: occasion.eventId, type: 'order', profileId: occasion.profileId, source: 'shop', properties: {} },
            ...{ timeMs: occasion.atMs, receivedMs: occasion.atMs },
          },
        };
        for (let n = 0; n < repeats; n += 1)
          timeline.at(occasion.atMs + n, () => cloud.send(queue, JSON.stringify(message), planId));
      }
    }
    // What people do by the API takes its time; what is done here at once is waited for.
    const stop = () => (planKind === 'campaign' ? void this.cancel(plan) : this.pauseTrigger(plan));
    if (stopMs !== undefined) timeline.at(stopMs, stop);
    if (pause) timeline.at(pause.fromMs, () => void this.pause(plan, pause.toMs));
  }

  /** The files that Athena's UNLOAD would have written. */
  private snapshot({ runId, audience, version }: Plan): void {
    const { world, cloud } = this.props;
    const rows = audience.map((id) => unloadedRow(world.people.get(id) as Person, version));
    const half = Math.ceil(rows.length / 2);
    const files = [rows.slice(0, half), rows.slice(half)].map((some, n) => {
      cloud.objects.set(
        `/work/snapshots/${runId}/${n}.gz`,
        gzipSync(some.map((row) => `${JSON.stringify(row)}\n`).join('')),
      );
      return `s3://work/snapshots/${runId}/${n}.gz`;
    });
    cloud.objects.set(`/work/snapshots/${runId}/manifest.csv`, Buffer.from(files.join('\n')));
  }

  /** run-campaign.asl.json from its third state on, with its retries. */
  private async run({ version, runId }: Plan): Promise<void> {
    const about = { campaignId: version.planId, hash: version.hash, runId };
    const dispatch = { ...about, manifest: `s3://work/snapshots/${runId}/manifest.csv` };
    const dispatched = await this.task('delivery/dispatch-snapshot', dispatch, 12 * 60 * MINUTE_MS);
    if (!dispatched.ok) return this.fail(about, dispatched);
    const finish = { campaignId: version.planId, runId, ...(dispatched.value as { parts: number }) };
    const finished = await this.task('strategy/finish-campaign', finish, WATCHED_MS);
    if (finished.ok) return void this.ended.set(runId, 'finished');
    return this.fail(about, finished);
  }

  private async fail(about: { campaignId: string; runId: string }, result: InvokeResult): Promise<void> {
    if (result.ok) return;
    if (result.errorType === 'PlanCancelled') return void this.ended.set(about.runId, 'cancelled');
    this.ended.set(about.runId, `failed: ${result.errorType} ${result.errorMessage}`);
  }

  private async task(name: string, input: object, forMs: number): Promise<InvokeResult> {
    const { timeline, functions } = this.props;
    const untilMs = timeline.now() + forMs;
    for (let waitMs = 2_000; ; waitMs = Math.min(5 * MINUTE_MS, waitMs * 2)) {
      const result = await functions.invoke(name, input);
      if (result.ok || result.errorType === 'PlanCancelled' || timeline.now() > untilMs) return result;
      await new Promise<void>((resolve) => timeline.after(waitMs, () => resolve()));
    }
  }

  private async cancel({ version: { planId } }: Plan): Promise<void> {
    if (await this.api.campaign('cancel', planId)) this.stops.set(planId, this.props.timeline.now());
  }

  /** As the API does it, in one write of the next version. */
  private async pauseTrigger({ version: { planId } }: Plan): Promise<void> {
    const { tables, timeline } = this.props;
    const body = { id: planId, state: 'paused', version: 2 };
    await tables.put('DEFINITIONS_TABLE', { ...definition('trigger', planId, body), version: { N: '2' } });
    this.stops.set(planId, timeline.now());
  }
  /** When plans were stopped, by id. */
  readonly stops = new Map<string, number>();

  private async pause({ version: { planId } }: Plan, toMs: number): Promise<void> {
    const { timeline } = this.props;
    if (!(await this.api.campaign('pause', planId))) return;
    const during = { fromMs: timeline.now(), toMs: Number.POSITIVE_INFINITY };
    this.pauses.set(planId, [...(this.pauses.get(planId) ?? []), during]);
    timeline.at(toMs, () => {
      during.toMs = timeline.now();
      void this.api.campaign('resume', planId);
    });
  }
  /** From when until when plans were surely paused, by id. */
  readonly pauses = new Map<string, { fromMs: number; toMs: number }[]>();

  private async definitions(): Promise<Item[]> {
    return this.props.tables.all('DEFINITIONS_TABLE');
  }

  /** Whom nobody has paused, Herald has, for complaints: somebody finds that they were none. */
  private async resumePaused(): Promise<void> {
    for (const item of await this.definitions()) {
      const { state, pause } = bodyOf(item) as { state?: string; pause?: { by: string } };
      if (item.kind?.S === 'campaign' && state === 'paused' && pause?.by === 'herald') {
        void this.api.campaign('resume', item.id?.S ?? '');
      }
    }
  }

  /** As sweep-outbox does: what a crash left in an outbox is published after a minute or more, and forgotten. */
  private async sweep(): Promise<void> {
    const { tables, cloud, timeline } = this.props;
    for (const item of await this.definitions()) {
      if (!item.outbox?.S || Number(item.updatedMs?.N) > timeline.now() - MINUTE_MS) continue;
      for (const entry of JSON.parse(item.outbox.S) as { effect: string; name: string; input: object }[]) {
        if (entry.effect === 'start-execution') cloud.begin('release-parked', entry.name, entry.input);
      }
      const { outbox: _outbox, pending: _pending, ...rest } = item;
      await tables.put('DEFINITIONS_TABLE', rest);
    }
  }

  /** Executions of release-parked that have begun, by name: a name begins once. */
  private readonly begun = new Set<string>();
  private release(name: string, input: object): void {
    if (this.begun.has(name)) return;
    this.begun.add(name);
    void this.task('delivery/release-parked', input, WATCHED_MS);
  }

  private async withdraw(profileId: string, consent: string): Promise<void> {
    const { tables } = this.props;
    await tables.do('UpdateItem', {
      ...{ TableName: 'CONTACTS_TABLE', Key: { profileId: { S: profileId } } },
      UpdateExpression: 'SET #c = :no, #v = if_not_exists(#v, :zero) + :one',
      ExpressionAttributeNames: { '#c': `c#${consent}`, '#v': 'version' },
      ExpressionAttributeValues: { ':no': { BOOL: false }, ':zero': { N: '0' }, ':one': { N: '1' } },
    });
  }

  /** `act` now and then, as long as anything else is to happen. */
  private every(fewest: number, most: number, act: () => Promise<void>): void {
    const { timeline, chance, world } = this.props;
    const endMs = world.startMs + LOOKS_MS;
    const look = async () => {
      await act();
      this.looks -= 1;
      // Looks alone are nothing to look for.
      if (timeline.left > this.looks && timeline.now() < endMs) again();
    };
    const again = () => {
      this.looks += 1;
      timeline.after(chance.int(fewest, most) * MINUTE_MS, look);
    };
    again();
  }
  private looks = 0;

  /** An operator has dead letters done again: all of a queue, at some rate. */
  private async redrive(): Promise<void> {
    const { cloud, chance } = this.props;
    const queues = [...SEND_QUEUES.map(({ name }) => name), RECEIPTS_QUEUE];
    for (const name of (await cloud.waiting()).keys()) {
      if (!name.endsWith('-dead')) continue;
      const queue = queues.find((one) => deadLettersOf(one) === name) ?? 'held-messages';
      const body = { messagesPerSecond: chance.pick([1, 10, 50]) };
      void this.api.once('delivery/manage-dead-letters', 'POST /v1/dead-letters/{queue}/redrive', { queue }, body);
    }
  }
}

const bodyOf = ({ body }: Item): object => JSON.parse(body?.S ?? '{}') as object;

const definition = (kind: string, id: string, body: object): Item => ({
  ...{
    kind: { S: kind },
    id: { S: id },
    version: { N: '1' },
    updatedMs: { N: '0' },
    body: { S: JSON.stringify(body) },
  },
});

const contactItem = ({ id, consents, suppressed }: Person): Item => ({
  profileId: { S: id },
  version: { N: '1' },
  ...Object.fromEntries(Object.entries(consents).map(([key, given]) => [`c#${key}`, { BOOL: given }])),
  ...Object.fromEntries(
    suppressed.map((channel) => [
      `s#${channel}`,
      { S: `${SUPPRESSION_REASONS.indexOf('manual')}|0000000000001|manual||` },
    ]),
  ),
});

const profileItem = ({ id, addresses, timeZone }: Person): Item => {
  const body = { profileId: id, version: 1, updatedMs: 1, ...addresses, ...(timeZone && { timeZone }), attributes: {} };
  return { profileId: { S: id }, version: { N: '1' }, body: { S: JSON.stringify(body) } };
};

/** As the snapshot's query has it, with what the lake knows of the consents to this plan. */
const unloadedRow = (
  { id, addresses, timeZone, consents, known }: Person,
  { topic, lane }: Plan['version'],
): UnloadedRow => {
  const { email = null, phone = null, pushToken = null } = addresses;
  const answers = SIMULATED.map((channel) => {
    const forTopic = consents[`${channel}/${topic}`];
    return [channel, lane === 'promotional' ? (forTopic ?? consents[channel]) : forTopic] as const;
  });
  const told = answers.map(([channel, yes]) => (yes === undefined ? '' : `,${channel}:${yes ? 'yes' : 'no'},`));
  return {
    ...{ profile_id: id, email, phone, push_token: pushToken, time_zone: timeZone ?? null, attributes: '{}' },
    consents: known ? told.join('') : '',
  };
};
