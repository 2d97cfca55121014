import { parseArgs } from 'node:util';
import type { Part } from '../part.ts';
import { runParts } from '../run-parts.ts';
import { NAIVE } from './bills.ts';
import { measureCampaigns } from './campaigns.ts';
import { measureDirect } from './direct.ts';
import { measureOutage } from './outage.ts';
import { measurePacing } from './pacing.ts';
import { measureSenders } from './sender.ts';

/**
 * `npm run bench -- delivery [--part sender|campaign|direct|outage|pacing] [--sizes 1000,10000,100000] [--people N] [--outage N] [--paced N] [--json]`
 * 1. sender: messages a second of one core, each channel's sender alone
 * 2. campaign: campaigns of growing size through the local cloud: time, requests, write units, cost per message
 * 3. direct: the same of messages that events cause, one by one
 * 4. outage: a provider goes down in the middle of a campaign and comes back
 * 5. pacing: what keeping to a rate or a speed costs
 * beside the naive design. Times of 2 are of one process on this machine with everything in it: they compare versions of
 * Herald and sizes of campaigns; they are not those of AWS. Exit code 1 when a bar is missed.
 */
const { values: options } = parseArgs({
  options: {
    part: { type: 'string' },
    sizes: { type: 'string', default: '1000,10000,100000' },
    people: { type: 'string', default: '2000' },
    paced: { type: 'string', default: '1000' },
    outage: { type: 'string', default: '10000' },
    invocations: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
  },
});
const tell = (text: string) => void process.stderr.write(`${text}\n`);

const PARTS: Record<string, () => Promise<Part>> = {
  sender: () => measureSenders(Number(options.invocations)),
  campaign: () => measureCampaigns(options.sizes.split(',').map(Number), tell),
  direct: () => measureDirect(Number(options.people)),
  outage: () => measureOutage(Number(options.outage)),
  pacing: () => measurePacing(Number(options.paced)),
};
const { requests, writeUnits, usdPerMillion } = NAIVE;
await runParts(PARTS, options, {
  figures: { naive: NAIVE },
  text: `
The naive design, a workflow, a function and six writes a message: ${requests} requests, ${writeUnits} write units each, $${usdPerMillion.toFixed(0)} a million
`,
});
