import { gzipSync } from 'node:zlib';
import type { UnloadedRow } from '../../core/audience/segment-queries.ts';
import type { DirectMessage } from '../../core/delivery/messages.ts';
import { channelOf } from '../../core/delivery/policy.ts';
import { SUPPRESSION_REASONS } from '../../core/delivery/suppression.ts';
import { durationMs } from '../../core/event/duration.ts';
import { planVersionId } from '../../core/strategy/plan-hash.ts';
import type { InvokeResult } from '../../local/types.ts';
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

  constructor(props: Props) {
    this.props = props;
  }

  /** Puts everything into place, and the acts onto the timeline. */
  async begin(): Promise<void> {
    const { world, tables, timeline } = this.props;
    await tables.put('DEFINITIONS_TABLE', definition('settings', 'delivery', world.settings));
    for (const person of world.people.values()) {
      await tables.put('CONTACTS_TABLE', contactItem(person));
      await tables.put('PROFILES_TABLE', profileItem(person));
    }
    for (const plan of world.plans) await this.plan(plan);
    for (const { profileId, consent, atMs } of world.withdrawals)
      timeline.at(atMs, () => this.withdraw(profileId, consent));
    if (this.props.without !== 'redrive') this.lookAfter();
  }

  private async plan(plan: Plan): Promise<void> {
    const { tables, timeline, cloud } = this.props;
    const { version, runId, startMs, occasions, stopMs } = plan;
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
    if (stopMs !== undefined) timeline.at(stopMs, () => this.stop(plan));
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

  /** As the API would: the state, in one write of the next version. An outbox that a crash has left is published by others. */
  private async stop({ version: { planKind, planId } }: Plan): Promise<void> {
    const { tables, timeline } = this.props;
    const items = await tables.all('DEFINITIONS_TABLE');
    const item = items.find(({ kind, id }) => kind?.S === planKind && id?.S === planId) as Item;
    const body = JSON.parse(item.body?.S ?? '{}') as { state: string; version: number };
    if (body.state === 'finished' || body.state === 'cancelled') return;
    const state = planKind === 'campaign' ? 'cancelled' : 'paused';
    const next = Number(item.version?.N) + 1;
    const { outbox: _outbox, pending: _pending, ...rest } = item;
    await tables.put('DEFINITIONS_TABLE', {
      ...rest,
      version: { N: String(next) },
      body: { S: JSON.stringify({ ...body, state, version: next }) },
    });
    this.stops.set(planId, timeline.now());
  }
  /** When plans were stopped, by id. */
  readonly stops = new Map<string, number>();

  private async withdraw(profileId: string, consent: string): Promise<void> {
    const { tables } = this.props;
    await tables.do('UpdateItem', {
      ...{ TableName: 'CONTACTS_TABLE', Key: { profileId: { S: profileId } } },
      UpdateExpression: 'SET #c = :no, #v = if_not_exists(#v, :zero) + :one',
      ExpressionAttributeNames: { '#c': `c#${consent}`, '#v': 'version' },
      ExpressionAttributeValues: { ':no': { BOOL: false }, ':zero': { N: '0' }, ':one': { N: '1' } },
    });
  }

  /** An operator looks at the dead letters now and then, and has them done again: all of a queue, or some. */
  private lookAfter(): void {
    const { timeline, cloud, chance, world } = this.props;
    const endMs = world.startMs + LOOKS_MS;
    const look = async () => {
      const waiting = await cloud.waiting();
      for (const name of waiting.keys()) if (name.endsWith('-dead')) await this.redrive(name);
      // Nobody needs to look when nothing else is to happen.
      if (timeline.left > 0 && timeline.now() < endMs) timeline.after(chance.int(30, 120) * MINUTE_MS, look);
    };
    timeline.at(world.startMs + chance.int(60, 240) * MINUTE_MS, look);
  }

  private async redrive(deadLetters: string): Promise<void> {
    const { functions, chance } = this.props;
    const queue = [...SEND_QUEUES.map(({ name }) => name), RECEIPTS_QUEUE].find(
      (name) => deadLettersOf(name) === deadLetters,
    );
    const at = (route: string, body?: object) => apiEvent(route, queue ?? 'held-messages', body);
    const path = '/v1/dead-letters/{queue}';
    const body = { messagesPerSecond: chance.pick([1, 10, 50]) };
    void functions.invoke('delivery/manage-dead-letters', at(`POST ${path}/redrive`, body));
  }
}

/** A call of an operator, as API Gateway hands it on. */
const apiEvent = (routeKey: string, queue: string, body?: object) => ({
  ...{
    version: '2.0',
    routeKey,
    rawPath: routeKey.split(' ')[1],
    headers: {},
    pathParameters: { queue },
    isBase64Encoded: false,
  },
  ...(body && { body: JSON.stringify(body) }),
  requestContext: {
    ...{ requestId: 'look', http: { method: routeKey.split(' ')[0], path: routeKey.split(' ')[1] } },
    authorizer: { jwt: { claims: { sub: 'oscar', 'cognito:groups': '[operator]' }, scopes: [] } },
  },
});

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
