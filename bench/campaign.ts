import { parseArgs } from 'node:util';
import { startCloud } from '../local/cloud.ts';
import type { Counts } from '../local/meter.ts';
import { assembly } from '../scripts/assembly.ts';
import { inventPerson, inventPurchases } from '../scripts/purchases.ts';
import { story } from '../scripts/story.ts';
import { machine, machineText, quantile, spread, spreadText } from './statistics.ts';

/**
 * `npm run bench [-- --customers N --events N --runs N --json]`
 * 1. latency: one event accepted → the provider called, on the idle local cloud and the real clock
 * 2. campaign: messages a second from approval to the last outcome
 * 3. cost: AWS requests of that campaign, priced (local/meter.ts), per million messages
 * Everything runs in one process on this machine, so the figures compare versions of Herald; they are not those of AWS.
 */
const { values: options } = parseArgs({
  options: {
    customers: { type: 'string', default: '4000' },
    events: { type: 'string', default: '200' },
    runs: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});

type Run = { latencyMs: number[]; messages: number; seconds: number; costPerMillion: number; requests: Counts };

const run = async (seed: number): Promise<Run> => {
  const cloud = await startCloud({ assembly: assembly('local'), clock: { virtualStartMs: Date.UTC(1998, 6, 1) } });
  try {
    const tell = story(cloud);
    const purchases = inventPurchases(Number(options.customers), seed);
    const customers = [...new Set(purchases.map((purchase) => purchase.customer))];
    await tell.importPeople(customers);
    const apiKey = await tell.connectSource('Shop');
    await tell.sendPurchases(apiKey, purchases);

    const { segmentId } = await tell.lapsedBuyers();
    const { campaignId } = await tell.submitWinBack(segmentId);
    const before = cloud.meter.snapshot();
    const startedAt = performance.now();
    await tell.approve(campaignId);
    await tell.finished(campaignId);
    const seconds = (performance.now() - startedAt) / 1000;
    const bill = cloud.meter.diff(before, cloud.meter.snapshot());
    const { campaign } = await tell.reports(campaignId, '1997-01-01', '1998-07-01');

    await tell.armTriggers();
    const reachable = customers.filter((customer) => {
      const { phone } = inventPerson(customer);
      return phone.startsWith('+1202');
    });
    const latencyMs: number[] = [];
    for (let n = 0; n < Number(options.events); n += 1) {
      const customer = reachable[n % reachable.length]!;
      const reminder = await tell.livePurchase(apiKey, `bench-${seed}-${n}`, customer, 1 + (n % 9));
      if (!reminder) throw new Error(`no SMS for ${customer}`);
      latencyMs.push(reminder.latencyMs);
      await cloud.clock.idle();
    }
    return {
      latencyMs,
      messages: campaign.sent,
      seconds,
      costPerMillion: (cloud.meter.usd(bill).total / campaign.sent) * 1e6,
      requests: bill,
    };
  } finally {
    await cloud.stop();
  }
};

const runs: Run[] = [];
for (let seed = 1; seed <= Number(options.runs); seed += 1) runs.push(await run(seed));

const figures = {
  machine: machine(),
  runs: runs.length,
  latencyMs: {
    p50: spread(runs.map((it) => quantile(it.latencyMs, 0.5))),
    p99: spread(runs.map((it) => quantile(it.latencyMs, 0.99))),
    events: Number(options.events),
  },
  campaign: {
    messages: runs.map((it) => it.messages),
    perSecond: spread(
      runs.map((it) => it.messages / it.seconds),
      0,
    ),
  },
  costPerMillion: spread(
    runs.map((it) => it.costPerMillion),
    3,
  ),
  requestsOfTheCampaign: runs.at(-1)?.requests,
};
if (options.json) console.log(JSON.stringify(figures, null, 2));
else {
  const { latencyMs, campaign, costPerMillion } = figures;
  console.log(`${machineText(figures.machine)}; ${figures.runs} runs: median (low … high)`);
  console.log(
    `event → provider call   p50 ${spreadText(latencyMs.p50)} ms, p99 ${spreadText(latencyMs.p99)} ms over ${latencyMs.events} events`,
  );
  console.log(`campaign                ${spreadText(campaign.perSecond)} messages a second`);
  console.log(`metered AWS cost        $${spreadText(costPerMillion)} per million messages, channel charges apart`);
}
