import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { machine, machineText, median, type Spread, spread, spreadText } from '../statistics.ts';
import type { HandlerCell } from './handler-cell.ts';
import { capacity, idleLatency, type Latency, loadedLatency } from './latency.ts';
import { type Asked, FATES } from './orders.ts';
import { openShop } from './shop.ts';

/**
 * `npm run bench -- intake [--quick] [--json]`
 * 1. latency on the local cloud and the real clock, from the answer of POST /v1/events to the call of the provider: idle,
 *    and at half of the capacity that was measured before, with calls at their times whether or not earlier ones are done
 * 2. match-events as a Lambda runs it: events a second of one core
 * Everything of 1 runs on this machine, load included: its figures compare versions of Herald, they are not those of AWS.
 * Exit code 1 when an idle event takes longer than the budget of the architecture.
 */
const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const { quick } = options;
const IDLE_P99_MS = 250;
const WARM_UP_ORDERS = 30;
const IDLE_ORDERS = quick ? 50 : 400;
const CAPACITY_MS = quick ? 3_000 : 8_000;
const LOAD_MS = quick ? 4_000 : 20_000;
/** Orders that a shop's server sends in a call. */
const PER_CALL = 10;
const tell = (text: string) => void process.stderr.write(`${text}\n`);

type Latencies = { first: Latency; idle: Latency; capacity: Spread; load: number; loaded: Latency };
const latencies = async (): Promise<Latencies> => {
  const shop = await openShop();
  try {
    const first = await idleLatency(shop, 1);
    await idleLatency(shop, WARM_UP_ORDERS);
    const idle = await idleLatency(shop, IDLE_ORDERS);
    const capacities: number[] = [];
    for (let n = 0; n < 3; n += 1) capacities.push(await capacity(shop, CAPACITY_MS, PER_CALL));
    const load = Math.round(median(capacities) / 2);
    const loaded = await loadedLatency(shop, load, LOAD_MS, PER_CALL);
    return { first, idle, capacity: spread(capacities, 0), load, loaded };
  } finally {
    await shop.stop();
  }
};

type HandlerRow = { triggers: number; asked: Asked; cells: HandlerCell[] };
const run = promisify(execFile);
const handlerRow = async (triggers: number, asked: Asked): Promise<HandlerRow> => {
  const file = join(import.meta.dirname, 'handler-cell.ts');
  const { stdout } = await run(process.execPath, [file, String(triggers), asked, quick ? '150' : '500']);
  return { triggers, asked, cells: JSON.parse(stdout) as HandlerCell[] };
};

tell('The handler …');
const rows: HandlerRow[] = [];
for (const triggers of [1_000, 10_000]) {
  for (const asked of ['event', 'profile'] as const) rows.push(await handlerRow(triggers, asked));
}
tell('Latency …');
const latency = await latencies();
const ok = latency.idle.p99 <= IDLE_P99_MS;

if (options.json) {
  console.log(
    JSON.stringify({ machine: machine(), latency, matchEvents: rows, idleP99: { limitMs: IDLE_P99_MS, ok } }, null, 2),
  );
} else {
  const show = ({ p50, p99, worst, orders }: Latency) =>
    `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, worst ${worst.toFixed(1)} ms of ${orders}`;
  console.log(`${machineText(machine())}
Event accepted → provider called, local cloud, real clock
  first, all cold   ${latency.first.worst.toFixed(0)} ms
  idle              ${show(latency.idle)}
  capacity          ${spreadText(latency.capacity)} events a second, each sending one SMS, ${PER_CALL} a call
  at ${String(latency.load).padStart(3)} a second   ${show(latency.loaded)}

match-events, batches of ten messages: thousand events a second of one core, median (lowest … highest)`);
  for (const { triggers, asked, cells } of rows) {
    console.log(`  ${triggers.toLocaleString('en')} active triggers that look at the ${asked}`);
    for (const fate of FATES) {
      const texts = cells
        .filter((cell) => cell.fate === fate)
        .map(({ perMessage, eventsPerCoreSecond }) => {
          const thousands = spread(eventsPerCoreSecond.map((it) => it / 1_000));
          return `${perMessage} a message ${spreadText(thousands)}`.padEnd(34);
        });
      console.log(`    ${fate.padEnd(14)} ${texts.join('').trimEnd()}`);
    }
  }
  console.log(`\n${ok ? 'ok    ' : 'MISSED'}  idle p99 ${latency.idle.p99.toFixed(1)} ms (≤ ${IDLE_P99_MS})`);
}
if (!ok) process.exitCode = 1;
