import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHANNELS, LANES, queueVariable } from '../../../core/delivery/channel.ts';
import { parkedBuckets } from '../../../core/delivery/held-message.ts';
import type { SnapshotMessage } from '../../../core/delivery/messages.ts';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import { type Decision, paused, resumed } from '../../../core/strategy/campaign-decisions.ts';
import type { Ports } from '../../../lambdas/delivery/ports.ts';
import { type AwsRequest, memoryServices, queueUrl, startAws } from '../adapters/aws.ts';
import { plan } from './delivery-world.ts';

type ParkPorts = Pick<Ports, 'planOf' | 'pauseOf' | 'park' | 'sender'>;

const services = memoryServices();
/** What happens between two acts of whoever releases: after the queue has the messages, before they are deleted. */
let afterSending: () => Promise<void> = async () => {};
/** Executions that were asked for; the test begins them whenever it likes. */
const asked: { campaignId: string; pause: number }[] = [];
const answer = async (request: AwsRequest) => {
  const action = String(request.headers['x-amz-target']);
  if (action === 'AWSStepFunctions.StartExecution') {
    asked.push(JSON.parse((request.body as { input: string }).input));
    return { body: { executionArn: 'arn', startDate: 0 } };
  }
  const answered = services.answer(request);
  if (action === 'AmazonSQS.SendMessageBatch') await afterSending();
  return answered;
};
let stop: () => Promise<void>;
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts')['definitions']>;
let parkPaused: typeof import('../../../lambdas/delivery/park-paused.ts')['parkPaused'];
let release: typeof import('../../../lambdas/delivery/release-parked.ts')['handler'];
let changeCampaign: typeof import('../../../lambdas/strategy/change-campaign.ts')['changeCampaign'];
let dueRows: typeof import('../../../lambdas/adapters/timers.ts')['dueRows'];
/** Ports of a worker; each remembers by itself what it has read. */
let worker: () => ParkPorts;

beforeAll(async () => {
  stop = await startAws(
    { definitions: ['kind', 'id'], timers: ['bucket', 'timer'], audit: ['subject', 'entry'], failures: ['messageId'] },
    answer,
  );
  process.env.TIMERS_TABLE = 'timers';
  for (const channel of CHANNELS) {
    for (const lane of LANES) process.env[queueVariable(channel, lane)] = queueUrl(`${channel}-${lane}`);
  }
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  ({ parkPaused } = await import('../../../lambdas/delivery/park-paused.ts'));
  ({ handler: release } = await import('../../../lambdas/delivery/release-parked.ts'));
  ({ changeCampaign } = await import('../../../lambdas/strategy/change-campaign.ts'));
  ({ dueRows } = await import('../../../lambdas/adapters/timers.ts'));
  const { heldMessages } = await import('../../../lambdas/adapters/held-messages.ts');
  const { plans } = await import('../../../lambdas/adapters/plans.ts');
  const held = heldMessages(
    'timers',
    async () => {},
    () => Date.now(),
  );
  worker = () => ({
    ...plans('definitions'),
    park: (message, pause) => held.park(message, pause),
    sender: { channel: 'email', chunk: 50, send: async () => new Map() },
  });
});
afterAll(() => stop());

const context = { getRemainingTimeInMillis: () => 600_000 };
const queued = (id: string) => (services.queues.get('email-promotional') ?? []).filter(({ group }) => group === id);

/** A campaign that is sending, and what people do with it: `pause` and `resume` write its state, `release` is what follows. */
const startCampaign = async (id: string) => {
  await defs.put('plan-version', `${id}@h1`, plan({ planId: id }), 0, 1);
  await defs.put('campaign', id, { id, version: 1, state: 'sending', run: { runId: `${id}-r`, startedMs: 1 } }, 0, 1);
  const message: SnapshotMessage = {
    ...{ kind: 'snapshot', plan: { kind: 'campaign', id, hash: 'h1' }, runId: `${id}-r` },
    ...{ part: `snapshots/${id}-r/parts/0.ndjson`, batch: 0, offset: 0, bytes: 1, count: 1, step: 0 },
  };
  const sinks = { auditTable: 'audit', machines: { 'release-parked': 'arn:release' } };
  const change = (decide: (campaign: Campaign) => Decision) => changeCampaign({ defs, sinks }, id, 'mia', 2, decide);
  return {
    message,
    pause: () => change((campaign) => paused(campaign, 'mia', '', 2)),
    resume: () => change(resumed),
    release: async () => {
      for (const task of asked.splice(0)) await release(task, context);
    },
  };
};

/** All orders of several sequences, each of which keeps its own order. */
const interleavings = <T>(...sequences: T[][]): T[][] => {
  const left = sequences.filter((sequence) => sequence.length > 0);
  if (left.length === 0) return [[]];
  return left.flatMap((sequence) => {
    const rest = left.map((other) => (other === sequence ? other.slice(1) : other));
    return interleavings(...rest).map((order) => [sequence[0] as T, ...order]);
  });
};

type Step = 'sender' | 'resume' | 'release' | 'delete' | 'pause' | 'other';

/** A worker that parks the message; each of its acts at the outside waits for its turn. `crashAt`: it dies instead of that act. */
const gated = (ports: ParkPorts, message: SnapshotMessage, crashAt = Number.POSITIVE_INFINITY) => {
  const acts: { turn: PromiseWithResolvers<void>; done: PromiseWithResolvers<void> }[] = [];
  let begun = 0;
  let arrived = Promise.withResolvers<void>();
  const act = async <T>(what: () => Promise<T>): Promise<T> => {
    const own = { turn: Promise.withResolvers<void>(), done: Promise.withResolvers<void>() };
    acts.push(own);
    arrived.resolve();
    await own.turn.promise;
    try {
      if (begun > crashAt) throw new Error('The worker is gone');
      return await what();
    } finally {
      own.done.resolve();
    }
  };
  const parking = parkPaused(
    {
      ...ports,
      park: (held, pause) => act(() => ports.park(held, pause)),
      pauseOf: (ref, when) => (when ? act(() => ports.pauseOf(ref, when)) : ports.pauseOf(ref)),
    },
    message,
  ).catch(() => 'crashed' as const);
  return {
    parking,
    /** Lets it do its next act; false when it has none left. */
    async step(): Promise<boolean> {
      await Promise.race([arrived.promise, parking]);
      const next = acts[begun];
      if (!next) return false;
      arrived = Promise.withResolvers();
      begun += 1;
      next.turn.resolve();
      await next.done.promise;
      return true;
    },
  };
};

/**
 * One order of events: a worker that knows an old state parks a message, while somebody resumes the campaign, its messages
 * are released and deleted, somebody pauses it again, and another worker takes what was released. Then everything comes to
 * rest, and the last pause ends. Gives how often the message was let through.
 */
const play = async (id: string, order: readonly Step[], crashAt?: number): Promise<number> => {
  const { message, ...campaign } = await startCampaign(id);
  await campaign.pause();
  const stale = worker();
  await stale.pauseOf(message.plan);
  const { parking, step: act } = gated(stale, message, crashAt);

  let through = 0;
  let taken = 0;
  const next = async () => {
    if (!(await parkPaused(worker(), message))) through += 1;
  };
  /** Other workers take whatever is in the queue. */
  const others = async () => {
    for (; taken < queued(id).length; taken += 1) await next();
  };
  let releasing: Promise<unknown> = Promise.resolve();
  let mayDelete = Promise.withResolvers<void>();
  let sent = Promise.withResolvers<void>();
  afterSending = async () => {
    sent.resolve();
    await mayDelete.promise;
  };
  for (const step of order) {
    if (step === 'sender') await act();
    if (step === 'resume') await campaign.resume();
    if (step === 'pause') await campaign.pause();
    if (step === 'other') await others();
    if (step === 'release') {
      releasing = campaign.release();
      // It stands still between sending and deleting, unless it finds nothing.
      await Promise.race([sent.promise, releasing]);
    }
    if (step === 'delete') {
      mayDelete.resolve();
      await releasing;
    }
  }
  mayDelete.resolve();
  await releasing;
  while (await act());
  mayDelete = Promise.withResolvers();
  sent = Promise.withResolvers();
  afterSending = async () => {};

  // What is in the queue now: the message of a worker that died, and what was released. Others take it from there.
  if ((await parking) === false) through += 1;
  if ((await parking) === 'crashed') await next();
  await others();
  await campaign.resume();
  await campaign.release();
  await others();
  return through;
};

describe('a worker that knows an old state parks while the campaign goes on', () => {
  const sender: Step[] = ['sender', 'sender', 'sender'];
  const isPossible = (order: Step[]) => order.indexOf('pause') > order.indexOf('resume');
  const orders = [
    ...interleavings<Step>(sender, ['resume', 'release', 'delete'], ['pause']),
    ...interleavings<Step>(['sender', 'sender'], ['resume', 'release', 'delete'], ['pause', 'other']),
  ].filter(isPossible);
  test(`whatever the order, the message goes on: ${orders.length} orders`, { timeout: 120_000 }, async () => {
    expect(orders.length).toBeGreaterThan(100);
    for (const [n, order] of orders.entries()) {
      expect(await play(`o${n}`, order), order.join(' ')).toBeGreaterThanOrEqual(1);
    }
  });

  test('whichever act of its own a worker does not live to see', { timeout: 120_000 }, async () => {
    const some = interleavings<Step>(['sender', 'sender'], ['resume', 'release', 'delete']);
    for (const crashAt of [0, 1]) {
      for (const [n, order] of some.entries()) {
        const through = await play(`c${crashAt}-${n}`, order, crashAt);
        expect(through, `${order.join(' ')}, dead at ${crashAt}`).toBeGreaterThanOrEqual(1);
      }
    }
  });
});

describe('release-parked', () => {
  const parkMany = async (id: string, count: number) => {
    const campaign = await startCampaign(id);
    await campaign.pause();
    const messages = Array.from({ length: count }, (_, batch) => ({ ...campaign.message, batch }));
    for (const message of messages) expect(await parkPaused(worker(), message)).toBe(true);
    return { ...campaign, messages };
  };
  const leftIn = async (id: string, pause: number) => {
    let left = 0;
    for (const bucket of parkedBuckets(id, pause)) {
      for await (const page of dueRows('timers', bucket)) left += page.length;
    }
    return left;
  };

  test('sends all messages of that pause to their queues, each as it was, and deletes them', async () => {
    const { messages, resume } = await parkMany('all', 25);
    expect(await leftIn('all', 2)).toBe(25);
    await resume();
    const [task] = asked.splice(0);
    expect(task).toEqual({ campaignId: 'all', pause: 2 });
    expect(await release(task!, context)).toEqual({ messages: 25 });
    const batches = queued('all').map(({ body }) => body as SnapshotMessage);
    expect(batches.sort((a, b) => a.batch - b.batch)).toEqual(messages);
    expect(await leftIn('all', 2)).toBe(0);
    expect(await release(task!, context)).toEqual({ messages: 0 });
  });

  test('is asked again when time is short, and when the queue refuses; nothing is lost', async () => {
    const { resume } = await parkMany('slow', 12);
    await resume();
    const [task] = asked.splice(0);
    const short = { getRemainingTimeInMillis: () => 60_000 };
    await expect(release(task!, short)).rejects.toMatchObject({ name: 'MoreToWake' });
    expect(queued('slow')).toEqual([]);
    expect(await leftIn('slow', 2)).toBe(12);
    services.refuse.add('AmazonSQS.SendMessageBatch');
    await expect(release(task!, context)).rejects.toThrow();
    await release(task!, context);
    expect(new Set(queued('slow').map(({ body }) => (body as SnapshotMessage).batch)).size).toBe(12);
    expect(await leftIn('slow', 2)).toBe(0);
  });
});
