import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { chunkEvents } from '../../core/event/chunk.ts';
import type { AcceptedEvent } from '../../core/event/event.ts';
import { groupOf } from '../../core/event/group-of.ts';
import { boot } from '../../local/boot.ts';
import { virtualClock } from '../../local/clock.ts';
import { sqs } from '../../local/sqs.ts';
import { type Assembly, readAssembly, type Template } from '../../local/template.ts';
import type { Context, Service } from '../../local/types.ts';

// Isolation of sources, with the app's own intake queue and event source mapping and a consumer whose work takes a fixed
// virtual time per batch: only so can waiting be measured without measuring this machine.

const START = Date.UTC(2026, 10, 18, 12);
const SERVICE_MS = 1_000;
const BURST_MS = 40_000;

type Resource = Template['Resources'][string];
const targetOf = (value: unknown): string => {
  const { Ref, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::GetAtt'?: [string, string] };
  return Ref ?? attribute?.[0] ?? '';
};

/** Of the synthesized app only the intake queue, its dead letters, the mapping and the name of its consumer. */
const intakeOnly = ({ stacks }: Assembly) => {
  for (const [stack, { Resources }] of Object.entries(stacks)) {
    const isMapping = ({ Type, Properties }: Resource) =>
      Type === 'AWS::Lambda::EventSourceMapping' && targetOf(Properties?.FunctionName).includes('MatchEvents');
    const mapping = Object.entries(Resources).find(([, resource]) => isMapping(resource));
    if (!mapping) continue;
    const [mappingId, { Properties = {} }] = mapping;
    const queueId = targetOf(Properties.EventSourceArn);
    const functionId = targetOf(Properties.FunctionName);
    const redrive = Resources[queueId]?.Properties?.RedrivePolicy as { deadLetterTargetArn: unknown };
    const deadId = targetOf(redrive.deadLetterTargetArn);
    const kept = Object.fromEntries([mappingId, queueId, deadId].map((id) => [id, Resources[id] as Resource]));
    const consumer = { Type: 'AWS::Lambda::Function', Properties: {} };
    const { BatchSize, ScalingConfig } = Properties as {
      BatchSize: number;
      ScalingConfig: { MaximumConcurrency: number };
    };
    return {
      assembly: { stacks: { [stack]: { Resources: { ...kept, [functionId]: consumer } } }, assets: {} },
      queueId,
      /** Messages that are worked on at once, when batches are full. */
      atOnce: BatchSize * ScalingConfig.MaximumConcurrency,
      concurrency: ScalingConfig.MaximumConcurrency,
    };
  }
  throw new Error('The app has no intake queue');
};

/** A consumer that does nothing, for SERVICE_MS per batch, and notes when each message was done. */
const standIn = (ctx: Context, concurrency: number, done: (body: string, sentMs: number) => void): Service => {
  const invoke = (_: string, event: unknown) =>
    new Promise<{ ok: true; value: unknown }>((resolve) => {
      ctx.clock.at(ctx.clock.now() + SERVICE_MS, () => {
        const { Records } = event as { Records: { body: string; attributes: { SentTimestamp: string } }[] };
        for (const { body, attributes } of Records) done(body, Number(attributes.SentTimestamp));
        resolve({ ok: true, value: null });
      });
    });
  ctx.services.lambda = { invoke, invokeAsync: async () => {}, concurrency: () => concurrency };
  const create = () => ({ ref: 'arn:aws:lambda:us-east-1:000000000000:function:consumer' });
  return {
    signingName: 'lambda',
    resources: { 'AWS::Lambda::Function': { supported: [], ignored: [], create } },
    handle: async ({ path }) => {
      throw new Error(`Nobody asks for ${path}`);
    },
  };
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

type Run = { noisyShare: number; fair: boolean };
/** How long the quiet source's messages take from being sent to being worked on, and how many messages there were in all. */
const latencyOfQuiet = async ({ noisyShare, fair }: Run) => {
  const { assembly, queueId, atOnce, concurrency } = intakeOnly(readAssembly(inject('assembly')));
  const virtual = virtualClock(START);
  // Time passes while batches are worked on, so they must not hold it still.
  const clock = { ...virtual, enter: () => () => {} };
  const latencies: Record<string, number[]> = { quiet: [], noisy: [] };
  const nothing: Service = { signingName: '', resources: {}, handle: () => Promise.reject(new Error('no HTTP here')) };
  const cloud = await boot({ assembly, clock }, (ctx) => {
    const consumer = standIn(ctx, concurrency, (body, sentMs) => {
      const { source } = JSON.parse(body) as { source: string };
      latencies[source]?.push(clock.now() - sentMs);
    });
    return { services: [sqs(ctx), consumer], web: nothing };
  });
  onTestFinished(() => cloud.stop());
  const arn = cloud.resources.find(({ logicalId }) => logicalId === queueId)?.attributes.Arn ?? '';

  let sent = 0;
  const sendEvery = (source: string, everyMs: number) => {
    for (let atMs = everyMs; atMs <= BURST_MS; atMs += everyMs) {
      sent += 1;
      const id = `${source}-${sent}`;
      clock.at(START + Math.floor(atMs), () => {
        const nowMs = clock.now();
        const event: AcceptedEvent = {
          id,
          type: 'ping',
          profileId: id,
          source,
          timeMs: nowMs,
          receivedMs: nowMs,
          properties: {},
        };
        for (const message of chunkEvents(source, nowMs, [event])) {
          cloud.services.sqs.send(arn, JSON.stringify(message), fair ? { group: groupOf(source) } : {});
        }
      });
    }
  };
  // All together half as much again as the consumer can do.
  const perMs = (1.5 * atOnce) / SERVICE_MS;
  const quietPerMs = 0.05 * perMs;
  sendEvery('quiet', 1 / quietPerMs);
  if (noisyShare > 0) sendEvery('noisy', 1 / ((quietPerMs * noisyShare) / (1 - noisyShare)));

  const { quiet = [], noisy = [] } = latencies;
  const isDone = async () => {
    // What a batch's end leads to happens within a few turns.
    for (let n = 0; n < 4; n += 1) await turn();
    return quiet.length + noisy.length === sent;
  };
  expect(await clock.advanceUntil(isDone, 10 * BURST_MS)).toBe(true);
  return {
    median: median(quiet),
    worst: Math.max(...quiet),
    quiet: quiet.length,
    noisy: noisy.length,
    noisyMedian: median(noisy),
  };
};

describe('a source that sends 95 % of all events, more than can be worked on', () => {
  test('leaves the median latency of another at less than twice of what it is alone', async () => {
    const alone = await latencyOfQuiet({ noisyShare: 0, fair: true });
    const beside = await latencyOfQuiet({ noisyShare: 0.95, fair: true });
    expect(beside.noisy / (beside.noisy + beside.quiet)).toBeCloseTo(0.95, 2);
    expect(beside.quiet).toBe(alone.quiet);
    expect(alone.median).toBe(SERVICE_MS);
    expect(beside.median / alone.median).toBeLessThan(2);
    // Not only half of its messages: each of them gets one of the next free places.
    expect(beside.worst).toBeLessThanOrEqual(3 * SERVICE_MS);
    // The noisy one waits behind itself.
    expect(beside.noisyMedian).toBeGreaterThan(4 * SERVICE_MS);
  });

  test('it is the message groups that do it: without them the other waits many times as long', async () => {
    const alone = await latencyOfQuiet({ noisyShare: 0, fair: false });
    const beside = await latencyOfQuiet({ noisyShare: 0.95, fair: false });
    expect(beside.median / alone.median).toBeGreaterThan(4);
  });
});
