import { barText } from './bar.ts';
import type { Part } from './part.ts';
import { machine, machineText } from './statistics.ts';

/**
 * Runs the parts that were asked for, one after the other, and prints what they found, as text or JSON; `more` are figures and a text
 * beside them. Exit code 1 when a bar is missed. Throws for a part that there is not.
 */
export const runParts = async (
  parts: Record<string, () => Part | Promise<Part>>,
  { part, json }: { part?: string | undefined; json: boolean },
  more: { figures?: object; text?: string } = {},
): Promise<void> => {
  const asked = part ? [part] : Object.keys(parts);
  const unknown = asked.find((name) => !parts[name]);
  if (unknown !== undefined)
    throw new Error(`There is no part ${unknown}; there are ${Object.keys(parts).join(', ')}.`);
  const found: Part[] = [];
  for (const name of asked) {
    process.stderr.write(`Part ${name} …\n`);
    found.push(await parts[name]!());
  }
  const bars = found.flatMap((one) => one.bars);
  if (json) {
    const figures = Object.assign({}, ...found.map((one) => one.figures)) as object;
    console.log(JSON.stringify({ machine: machine(), ...figures, ...more.figures, bars }, null, 2));
  } else {
    console.log(machineText(machine()));
    for (const { text } of found) console.log(`\n${text}`);
    console.log(more.text ?? '');
    for (const row of bars) console.log(barText(row));
  }
  if (bars.some(({ ok }) => !ok)) process.exitCode = 1;
};
