import { parseArgs } from 'node:util';
import { figuresOf } from './cdnow.ts';
import { CDNOW, loadHistory } from './history.ts';
import { costsText, figuresText } from './tables.ts';

/**
 * `npm run bench -- audience [--history FILE] [--cost] [--json]`: RFM, clusters, churn with its hold-out, and cohorts, on the
 * purchase history of CDNOW or another one of that form (see scripts/purchases.ts). With `--cost` instead: what fits and
 * refits cost, metered on the local cloud, which takes minutes for the whole history.
 */
const { values: options } = parseArgs({
  options: {
    history: { type: 'string', default: CDNOW },
    cost: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const { purchases, source } = loadHistory(options.history);
if (options.cost) {
  const { refitCosts } = await import('./refit.ts');
  const costs = await refitCosts(purchases);
  console.log(options.json ? JSON.stringify({ source, costs }) : `${source}\n${costsText(costs)}`);
} else {
  const figures = await figuresOf(purchases);
  console.log(options.json ? JSON.stringify({ source, ...figures }) : `${source}: ${figuresText(figures)}`);
}
