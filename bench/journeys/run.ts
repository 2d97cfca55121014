import { parseArgs } from 'node:util';
import type { Part } from '../part.ts';
import { runParts } from '../run-parts.ts';
import { measureAdvance } from './advance.ts';
import { measureCounts } from './counts.ts';
import { measureOnboarding } from './onboarding.ts';
import { measureWaits } from './waits.ts';
import { measureWalk } from './walk.ts';

/**
 * `npm run bench -- journeys [--part advance|walk|waits|counts|onboarding] [--sizes 1000,10000,100000] [--traced N] [--people N] [--json]`
 * 1. advance: participants advanced a second of one core, by the decision alone
 * 2. walk: the same with all that moves them on, beside tables and queues in memory
 * 3. waits: what a wait costs, pooled and traced, and how long it takes when all of them are due in one minute; `--sizes`: so many people
 * 4. counts: what the daily count of an experiment reads, over 60 days
 * 5. onboarding: a journey of three weeks on the virtual clock, of `--people`
 * 3 and 5 are one process with everything in it, on this machine: they compare sizes and versions. Exit code 1 when a bar is missed.
 */
const { values: options } = parseArgs({
  options: {
    part: { type: 'string' },
    sizes: { type: 'string', default: '1000,10000,100000' },
    traced: { type: 'string', default: '300' },
    people: { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
  },
});
const tell = (text: string) => void process.stderr.write(`${text}\n`);

const PARTS: Record<string, () => Part | Promise<Part>> = {
  advance: () => measureAdvance(5_000),
  walk: () => measureWalk(5_000),
  waits: () => measureWaits(options.sizes.split(',').map(Number), Number(options.traced), tell),
  counts: () => measureCounts(60, 2_000),
  onboarding: () => measureOnboarding(Number(options.people)),
};
await runParts(PARTS, options);
