import { parseArgs } from 'node:util';
import { barText } from '../bar.ts';
import type { Part } from '../part.ts';
import { machine, machineText } from '../statistics.ts';
import { figuresOf } from './cdnow.ts';
import { CDNOW, loadHistory } from './history.ts';
import { measureImport } from './imports.ts';
import { measurePredicate } from './predicate.ts';
import { measurePreviews } from './previews.ts';
import { costsText, figuresText } from './tables.ts';

/**
 * `npm run bench -- audience [--part predicate|previews|import|history|cost] [--people N] [--events N] [--rows N]
 * [--history FILE] [--json]`
 * predicate: people decided a second. previews: Herald's SQL beside the same questions by hand. import: rows a second and
 * memory. history: RFM, clusters, churn with its hold-out, and cohorts, of the purchase history of CDNOW or another one of
 * that form (see scripts/purchases.ts). cost, only when asked for: what fits and refits of that history cost, metered on the
 * local cloud. Exit code 1 when a bar is missed.
 */
const { values: options } = parseArgs({
  options: {
    part: { type: 'string' },
    people: { type: 'string', default: '1000000' },
    events: { type: 'string', default: '10000000' },
    rows: { type: 'string', default: '1000000' },
    history: { type: 'string', default: CDNOW },
    json: { type: 'boolean', default: false },
  },
});

const measureHistory = async (): Promise<Part> => {
  const { purchases, source } = loadHistory(options.history);
  const figures = await figuresOf(purchases);
  return { figures: { source, ...figures }, text: `${source}: ${figuresText(figures)}`, bars: [] };
};
const measureCost = async (): Promise<Part> => {
  const { purchases, source } = loadHistory(options.history);
  const costs = await (await import('./refit.ts')).refitCosts(purchases);
  return { figures: { source, costs }, text: `${source}\n${costsText(costs)}`, bars: [] };
};
const PARTS: Record<string, () => Promise<Part>> = {
  predicate: () => measurePredicate(400),
  previews: () => measurePreviews(Number(options.people), Number(options.events), 5),
  import: () => measureImport(Number(options.rows)),
  history: measureHistory,
  cost: measureCost,
};
const USUAL = ['predicate', 'previews', 'import', 'history'];

if (options.part !== undefined && !PARTS[options.part]) {
  throw new Error(`There is no part ${options.part}; there are ${Object.keys(PARTS).join(', ')}`);
}
const found: Record<string, Part> = {};
if (!options.json) console.log(machineText(machine()));
for (const name of options.part === undefined ? USUAL : [options.part]) {
  const part = await PARTS[name]!();
  found[name] = part;
  if (!options.json) console.log(`\n${part.text}`);
}
const bars = Object.values(found).flatMap((part) => part.bars);
if (options.json) {
  const figures = Object.fromEntries(Object.entries(found).map(([name, part]) => [name, part.figures]));
  console.log(JSON.stringify({ machine: machine(), ...figures, bars }, null, 2));
} else if (bars.length > 0) console.log(`\n${bars.map(barText).join('\n')}`);
if (bars.some(({ ok }) => !ok)) process.exitCode = 1;
