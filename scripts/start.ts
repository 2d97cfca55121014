import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startCloud } from '../local/cloud.ts';
import { DEMO_USERS } from '../local/issuer.ts';
import { assembly } from './assembly.ts';
import { inventPerson, inventPurchases } from './purchases.ts';
import { story } from './story.ts';

/** `npm start [-- --port N] [--persist DIR] [--verbose]`: the local cloud on the real clock, with demo data to play with. */
const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '4180' },
    persist: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

const startedAt = performance.now();
console.log('Synthesizing the app and starting the local cloud …');
const cloud = await startCloud({
  assembly: assembly('local'),
  clock: 'real',
  port: Number(options.port),
  verbose: options.verbose,
  ...(options.persist && { persist: options.persist }),
}).catch((error: NodeJS.ErrnoException) => {
  if (error.code !== 'EADDRINUSE') throw error;
  console.error(`Port ${options.port} is taken. Choose another: npm start -- --port ${Number(options.port) + 1}`);
  process.exit(1);
});
const tell = story(cloud);

// 300 customers whose last year ended today, so that the win-back has somebody to win back.
const dayMs = 86_400_000;
const shift = Math.floor((Date.now() - Date.UTC(1998, 6, 1)) / dayMs) * dayMs;
const purchases = inventPurchases(300).map((purchase) => ({ ...purchase, timeMs: purchase.timeMs + shift }));
const customers = [...new Set(purchases.map((purchase) => purchase.customer))];
await tell.importPeople(customers);
const apiKey = await tell.connectSource('Shop', options.persist && join(options.persist, 'shop-api-key'));
await tell.sendPurchases(apiKey, purchases);
const { segmentId } = await tell.lapsedBuyers();
const { campaignId } = await tell.submitWinBack(segmentId);
await tell.armTriggers();
const buyer = customers.find((customer) => inventPerson(customer).phone.startsWith('+1202')) ?? customers[0];

const tokens = Object.fromEntries(
  await Promise.all(DEMO_USERS.map(async ({ sub: user }) => [user, await cloud.tokens.demo(user)])),
);
console.log(`
Herald is up after ${((performance.now() - startedAt) / 1000).toFixed(1)} s, with ${customers.length} made-up customers.

  API      ${cloud.url}        (OpenAPI: ${cloud.url}/v1/openapi.json)
  Inbox    ${cloud.url}/_local/inbox        every email, SMS and push ends here
  Stop     Ctrl-C

Tokens, one for each role (12 hours):
${Object.entries(tokens)
  .map(([user, token]) => `  ${user}\n    ${token}`)
  .join('\n')}

Three things to try, each as it stands:

1. A purchase arrives; the SMS is in the inbox before you have looked.
curl -s ${cloud.url}/v1/events -H 'x-api-key: ${apiKey}' -d '{"events":[{"id":"try-1","type":"purchase","profileId":"${buyer}","properties":{"amount":42.5}}]}'

2. How many bought at least twice, but not in the last 180 days?
curl -s ${cloud.url}/v1/segments/preview -H 'authorization: Bearer ${tokens['marketer-mia']}' -d '{"segment":{"all":[{"event":"purchase","count":{"atLeast":2}},{"event":"purchase","last":{"moreThanDaysAgo":180}}]}}'

3. A win-back campaign for them waits for a second pair of eyes. Approve it, then look at the inbox.
curl -s -X POST ${cloud.url}/v1/campaigns/${campaignId}/approve -H 'authorization: Bearer ${tokens['approver-ada']}' -d '{}'
`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void cloud.stop().then(() => process.exit(0));
  });
}
