import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Counted } from '../services.ts';
import { setUpTriggers } from './active-triggers.ts';
import { type Asked, batchOf, FATES, type Fate, makeOrders } from './orders.ts';

/**
 * The whole of match-events as a Lambda runs it, one batch after the other: parse, rows for the lake, match, effects.
 * `node handler-cell.ts <triggers> <event|profile> <ms a cell>` prints a list of `HandlerCell` as one line of JSON.
 * Tables and queues answer from another process, so what is counted is the handler's own processor time: events a second
 * of a core that is never idle. AWS's answers take longer, which costs waiting and no work.
 */
export type HandlerCell = { fate: Fate; perMessage: number; eventsPerCoreSecond: number[] };

const [, , triggerCount = '', asked = '', msText = ''] = process.argv;
const MESSAGES = 10;
const WINDOWS = 5;

const services: ChildProcess = fork(join(import.meta.dirname, '..', 'services.ts'), ['intake/match-events.env.ts']);
const [variables] = (await once(services, 'message')) as [Record<string, string>];
Object.assign(process.env, variables);
const queuedSince = async (): Promise<number> => {
  services.send('?');
  const [{ queued }] = (await once(services, 'message')) as [Counted];
  return queued;
};

const { triggers, pairs, eventAt } = makeOrders(Number(triggerCount), asked as Asked);
await setUpTriggers(triggers, pairs);
const { handler } = await import('../../lambdas/intake/match-events.ts');

const measureCell = async (fate: Fate, perMessage: number): Promise<HandlerCell> => {
  const perBatch = MESSAGES * perMessage;
  // Several batches, so that one event after the other is new to whatever remembers the last ones.
  const batches = Array.from({ length: 20 }, (_, batch) =>
    batchOf(
      Array.from({ length: perBatch }, (_, n) => eventAt(batch * perBatch + n, fate, Date.now())),
      perMessage,
    ),
  );
  let next = 0;
  const runFor = async (ms: number): Promise<number> => {
    const endsAt = performance.now() + ms;
    const before = process.cpuUsage();
    let events = 0;
    do {
      const { batchItemFailures } = await handler(batches[next % batches.length]!);
      if (batchItemFailures.length > 0) throw new Error(`${batchItemFailures.length} messages of a batch failed`);
      next += 1;
      events += perBatch;
    } while (performance.now() < endsAt);
    const { user, system } = process.cpuUsage(before);
    const queued = await queuedSince();
    const expected = fate === 'one matches' ? events : 0;
    if (queued !== expected) throw new Error(`${fate}: ${events} events queued ${queued} messages, not ${expected}`);
    return (events * 1e6) / (user + system);
  };
  await queuedSince();
  await runFor(Number(msText));
  const eventsPerCoreSecond: number[] = [];
  for (let n = 0; n < WINDOWS; n += 1) eventsPerCoreSecond.push(await runFor(Number(msText)));
  return { fate, perMessage, eventsPerCoreSecond };
};

const cells: HandlerCell[] = [];
for (const perMessage of [1, 50]) for (const fate of FATES) cells.push(await measureCell(fate, perMessage));
console.log(JSON.stringify(cells));
services.disconnect();
process.exit();
