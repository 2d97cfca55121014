/**
 * `npm run bench`             latency, throughput and cost of a campaign on the local cloud (campaign.ts)
 * `npm run bench -- matching` the matcher beside JSON.parse and what npm has, each bar ok or missed (matching/run.ts)
 * `npm run bench -- intake`   event → provider call under load, and events a second of match-events (intake/run.ts)
 * `npm run bench -- audience` people decided a second, previews beside the same questions by hand, an import, a real history
 * `npm run bench -- delivery` each sender alone, campaigns of growing size, messages by event, and what they cost
 * `npm run bench -- journeys`  participants advanced a second, what a wait costs pooled and traced, three weeks of onboarding
 * `npm run bench -- send-time` how well the best hour to send is found, of people who are made up
 * Each takes its own options; all take --json.
 */
const BENCHES: Record<string, () => Promise<unknown>> = {
  campaign: () => import('./campaign.ts'),
  matching: () => import('./matching/run.ts'),
  intake: () => import('./intake/run.ts'),
  audience: () => import('./audience/run.ts'),
  delivery: () => import('./delivery/run.ts'),
  journeys: () => import('./journeys/run.ts'),
  'send-time': () => import('./send-time/run.ts'),
};

const [asked = ''] = process.argv.slice(2);
const named = !asked.startsWith('-') && asked !== '';
const bench = BENCHES[named ? asked : 'campaign'];
if (bench) {
  // What is left are the options of that bench.
  if (named) process.argv.splice(2, 1);
  await bench();
} else {
  console.error(`There is no bench ${asked}; there are ${Object.keys(BENCHES).join(', ')}.`);
  process.exitCode = 1;
}
