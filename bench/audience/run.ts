import { parseArgs } from 'node:util';
import { figuresOf } from './cdnow.ts';
import { CDNOW, loadHistory } from './history.ts';
import { figuresText } from './tables.ts';

/**
 * `npm run bench -- audience [--history FILE] [--json]`: RFM, clusters, churn with its hold-out, and cohorts, on the purchase
 * history of CDNOW or another one of that form (see scripts/purchases.ts).
 */
const { values: options } = parseArgs({
  options: { history: { type: 'string', default: CDNOW }, json: { type: 'boolean', default: false } },
});
const { purchases, source } = loadHistory(options.history);
const figures = await figuresOf(purchases);
console.log(options.json ? JSON.stringify({ source, ...figures }) : `${source}: ${figuresText(figures)}`);
