import { afterEach, expect, test } from 'vitest';
import { realClock, type VirtualClock, virtualClock } from '../../local/clock.ts';
import type { Clock } from '../../local/types.ts';
import { fn, mapping, miniCloud, queue } from './mini-cloud.ts';

const START = Date.UTC(1998, 6, 1);
const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((cloud) => cloud.stop()));
});

/** A function behind a queue; what it logs is what the test looks at. */
const behindQueue = async <C extends Clock>(clock: C, code: string, properties: object = {}) => {
  const resources = {
    Q: queue({ VisibilityTimeout: 600 }),
    A: fn(`import { scheduler } from 'node:timers/promises';\n${code}`, {
      Timeout: 30,
      MemorySize: 512,
      ...properties,
    }),
    M: mapping('Q', 'A', { BatchSize: 1 }),
  };
  const cloud = await miniCloud(clock, resources);
  open.push(cloud);
  const send = (body: string) => cloud.services.sqs.send(cloud.arn('Q'), body);
  const said = () => cloud.logs('A').map(({ message }) => message);
  return { cloud, clock, send, said };
};
const onVirtual = (code: string, properties: object = {}) =>
  behindQueue<VirtualClock>(virtualClock(START), code, properties);

test('a handler that waits is woken at its time, which nobody spends', async () => {
  const { clock, send, said } = await onVirtual(`export const handler = async () => {
    const from = Date.now(); await scheduler.wait(7_000); console.info({ waited: Date.now() - from }); };`);
  send('x');
  await clock.idle();
  expect(said()).toEqual([]);
  await clock.advance(6_999);
  expect(said()).toEqual([]);
  await clock.advance(1);
  expect(said()).toEqual([{ waited: 7_000 }]);
});

test('time stands still while one part of a handler waits and another has a request under way', async () => {
  const { cloud, clock, send, said } = await onVirtual(`export const handler = async ({ Records }) => {
    const ask = async () => {
      for (let n = 0; n < 20; n += 1) await (await fetch(process.env.AWS_ENDPOINT_URL)).text();
      console.info({ asked: Date.now() });
    };
    await Promise.all([scheduler.wait(1_000).then(() => console.info({ woken: Date.now() })), ask()]);
    await scheduler.wait(500);
    console.info({ ended: Date.now() });
  };`);
  send('x');
  expect(cloud.url).toContain('127.0.0.1');
  await clock.advanceUntil(() => said().length === 3, 60_000);
  expect(said()).toEqual([{ asked: START }, { woken: START + 1_000 }, { ended: START + 1_500 }]);
});

test('several wait, each for its own time, and what they wait counts as time used and is billed', async () => {
  const { cloud, clock, send, said } = await onVirtual(`export const handler = async (_, context) => {
    const one = async (ms) => { await scheduler.wait(ms); console.info({ ms, at: Date.now() }); };
    await Promise.all([one(3_000), one(1_000), one(2_000)]);
    console.info({ left: Math.round(context.getRemainingTimeInMillis() / 1_000) });
  };`);
  send('x');
  await clock.advance(10_000);
  const at = (ms: number) => ({ ms, at: START + ms });
  expect(said()).toEqual([at(1_000), at(2_000), at(3_000), { left: 27 }]);
  const billed = Object.values(cloud.meter.snapshot()['lambda-gb-second-x86_64'] ?? {})[0]?.units ?? 0;
  expect(billed).toBeGreaterThanOrEqual(1.5);
  expect(billed).toBeLessThan(3);
});

test('who waits longer than the function may take is cut off then, and the message comes again', async () => {
  const { cloud, clock, send, said } = await onVirtual(
    'export const handler = async () => { console.info("begun"); await scheduler.wait(31_000); };',
  );
  send('x');
  await clock.advance(29_999);
  expect(said()).toEqual(['begun']);
  await clock.advance(1);
  expect(await cloud.queueBodies('Q')).toEqual([]);
  await clock.advance(571_000);
  expect(said()).toEqual(['begun', 'begun']);
});

test('a second invocation runs while the first one waits', async () => {
  const { clock, send, said } = await onVirtual(`export const handler = async ({ Records: [{ body }] }) => {
    if (body === 'slow') await scheduler.wait(10_000);
    console.info({ body, at: Date.now() - ${START} });
  };`);
  send('slow');
  await clock.advance(4_000);
  send('quick');
  await clock.advance(10_000);
  expect(said()).toEqual([
    { body: 'quick', at: 4_000 },
    { body: 'slow', at: 10_000 },
  ]);
});

test('stopping does not wait for who waits', async () => {
  const { cloud, clock, send } = await onVirtual('export const handler = () => scheduler.wait(20_000);');
  send('x');
  await clock.idle();
  open.splice(0);
  await cloud.stop();
});

test('whoever is invoked by something that keeps time still may not wait', async () => {
  const { cloud } = await onVirtual('export const handler = () => scheduler.wait(20_000);');
  expect(await cloud.services.lambda.invoke(cloud.arn('A'), {})).toMatchObject({
    ok: false,
    errorType: 'Runtime.WaitRefused',
  });
});

test('in real time a wait is a wait', async () => {
  const { send, said, clock } = await behindQueue(
    realClock(),
    `export const handler = async () => { const from = performance.now(); await scheduler.wait(50);
      console.info({ waited: performance.now() - from >= 49 }); };`,
  );
  send('x');
  await clock.advanceUntil(() => said().length > 0, 20_000);
  expect(said()).toEqual([{ waited: true }]);
});
