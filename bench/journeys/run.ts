import { parseArgs } from 'node:util';
import type { Part } from '../part.ts';
import { runParts } from '../run-parts.ts';
import { measureAdvance } from './advance.ts';
import { measureOnboarding } from './onboarding.ts';
import { measureWaits } from './waits.ts';

/**
 * `npm run bench -- journeys [--part advance|waits|onboarding] [--sizes 1000,10000,100000] [--traced N] [--people N] [--json]`
 * 1. advance: participants advanced a second of one core, by the decision alone
 * 2. waits: what a wait costs, pooled and traced, and how long it takes when all of them are due in one minute
 * 3. onboarding: a journey of three weeks on the virtual clock
 * 2 and 3 are one process with everything in it, on this machine: they compare sizes and versions. Exit code 1 when a bar is missed.
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
  waits: () => measureWaits(options.sizes.split(',').map(Number), Number(options.traced), tell),
  onboarding: () => measureOnboarding(Number(options.people)),
};
await runParts(PARTS, options);
