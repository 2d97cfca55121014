import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startCloud } from '../local/cloud.ts';
import { assembly } from './assembly.ts';
import { inventPerson, inventPurchases, readPurchases } from './purchases.ts';
import { story } from './story.ts';

/**
 * The headless story: a purchase history goes in, an approved campaign and a real-time reminder come out.
 * `npm run demo -- [--purchases FILE] [--customers N] [--json] [--persist DIR]`
 */
const { values: options } = parseArgs({
  options: {
    purchases: { type: 'string' },
    customers: { type: 'string', default: '2000' },
    json: { type: 'boolean', default: false },
    persist: { type: 'string' },
  },
});
if (options.purchases && !existsSync(options.purchases)) {
  console.error(`There is no file ${options.purchases}. Without --purchases the demo invents a history.`);
  process.exit(2);
}

const startedAt = performance.now();
const say = (text: string) => {
  if (!options.json) console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${text}`);
};

const purchases = options.purchases ? readPurchases(options.purchases) : inventPurchases(Number(options.customers));
const customers = [...new Set(purchases.map((purchase) => purchase.customer))];

const cloud = await startCloud({
  assembly: assembly('local'),
  clock: { virtualStartMs: Date.UTC(1998, 6, 1) },
  ...(options.persist && { persist: options.persist }),
});
try {
  say(`The local cloud is up at ${cloud.url}; its clock says ${new Date(cloud.clock.now()).toISOString()}.`);
  const tell = story(cloud);

  const imported = await tell.importPeople(customers);
  say(`${imported.imported} profiles imported from CSV, ${imported.refused} rows refused.`);
  const apiKey = await tell.connectSource('Shop', options.persist && join(options.persist, 'shop-api-key'));
  const events = await tell.sendPurchases(apiKey, purchases);
  say(`${events} purchase events accepted.`);

  const { segmentId, size } = await tell.lapsedBuyers();
  say(`${size} people bought at least twice, last more than 180 days ago.`);
  const { campaignId, selfStatus } = await tell.submitWinBack(segmentId);
  say(`The author tried to approve the win-back campaign: ${selfStatus}.`);

  const before = cloud.meter.snapshot();
  const sendingAt = performance.now();
  const otherStatus = await tell.approve(campaignId);
  say(`Another person approved it: ${otherStatus}.`);
  await tell.finished(campaignId);
  const sendSeconds = (performance.now() - sendingAt) / 1000;
  const bill = cloud.meter.diff(before, cloud.meter.snapshot());

  await tell.armTriggers();
  const buyer = customers.find((customer) => {
    const { phone, sms_ok } = inventPerson(customer);
    return phone.startsWith('+1202') && sms_ok === 'yes';
  });
  if (!buyer) throw new Error('nobody in the history has a phone');
  const reminder = await tell.livePurchase(apiKey, 'live-1', buyer, 42.5);
  say(
    reminder
      ? `A live purchase: the SMS “${reminder.text}” was out ${reminder.latencyMs.toFixed(0)} ms later.`
      : 'The live purchase was sent before: it acts once.',
  );
  const reports = await tell.reports(campaignId, '1997-01-01', '1998-07-01');
  const { sent, byChannel, skipped, failed } = reports.campaign;
  const cost = cloud.meter.usd(bill);
  const figures = {
    imported: { profiles: imported.imported, refused: imported.refused, events },
    audience: { size },
    approval: { selfStatus, otherStatus },
    campaign: {
      recipients: reports.campaign.recipients,
      sent,
      skipped,
      failed,
      byChannel,
      seconds: round(sendSeconds),
    },
    reminder: { latencyMs: reminder ? round(reminder.latencyMs) : null },
    reports: { reach: reports.reach, repurchase: reports.repurchase },
    costPerMillion: round((cost.total / sent) * 1e6, 4),
    costByItem: Object.fromEntries(
      Object.entries(cost.items).map(([item, usd]) => [item, round((usd / sent) * 1e6, 4)]),
    ),
    channelChargesPerMillion: round((cost.channels / sent) * 1e6, 2),
    wallSeconds: round((performance.now() - startedAt) / 1000),
    peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  if (options.json) console.log(JSON.stringify(figures, null, 2));
  else {
    say(
      `Sent ${sent} of ${figures.campaign.recipients}: ${JSON.stringify(byChannel)}; skipped ${JSON.stringify(skipped)}; failed ${JSON.stringify(failed)}.`,
    );
    say(`Metered cost of the campaign: $${figures.costPerMillion} per million messages, channel charges apart.`);
    say(`Reach: ${reports.reach.people} people, ${reports.reach.messages} messages.`);
    const { buyers, repeatBuyers, repeatedWithin } = reports.repurchase;
    say(`Repurchase: ${repeatBuyers} of ${buyers} buyers bought again, ${repeatedWithin} of them within 90 days.`);
    say(`${figures.wallSeconds} s in all, peak memory ${figures.peakMemoryMB} MB.`);
  }
} finally {
  await cloud.stop();
}

function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
