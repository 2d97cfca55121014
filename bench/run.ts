/**
 * `npm run bench`             latency, throughput and cost of a campaign on the local cloud (campaign.ts)
 * `npm run bench -- matching` the matcher beside JSON.parse and what npm has, each bar ok or missed (matching/run.ts)
 * `npm run bench -- intake`   event → provider call under load, and events a second of match-events (intake/run.ts)
 * `npm run bench -- audience`  what the models find in a real purchase history, with hold-outs (audience/run.ts)
 * `npm run bench -- imports`   rows a second of an import and the memory of its process (audience/imports.ts)
 * Each takes its own options; all take --json.
 */
const BENCHES: Record<string, () => Promise<unknown>> = {
  campaign: () => import('./campaign.ts'),
  matching: () => import('./matching/run.ts'),
  intake: () => import('./intake/run.ts'),
  audience: () => import('./audience/run.ts'),
  imports: () => import('./audience/imports.ts'),
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
