import { parseArgs } from 'node:util';
import { barText } from '../bar.ts';
import type { Part } from '../part.ts';
import { machine, machineText } from '../statistics.ts';
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
const asked = options.part ? [options.part] : Object.keys(PARTS);
const unknown = asked.find((name) => !PARTS[name]);
if (unknown !== undefined) throw new Error(`There is no part ${unknown}; there are ${Object.keys(PARTS).join(', ')}.`);

const parts: Part[] = [];
for (const name of asked) {
  tell(`Part ${name} …`);
  parts.push(await PARTS[name]!());
}
const bars = parts.flatMap((part) => part.bars);
if (options.json) {
  const figures = Object.assign({}, ...parts.map((part) => part.figures)) as object;
  console.log(JSON.stringify({ machine: machine(), ...figures, bars }, null, 2));
} else {
  console.log(machineText(machine()));
  for (const { text } of parts) console.log(`\n${text}`);
  console.log('');
  for (const row of bars) console.log(barText(row));
}
if (bars.some(({ ok }) => !ok)) process.exitCode = 1;
