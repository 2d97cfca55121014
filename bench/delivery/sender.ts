import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Part } from '../part.ts';
import { spread, spreadText } from '../statistics.ts';
import type { SenderCell } from './sender-cell.ts';

const CHANNELS = ['email', 'push', 'sms'] as const;
const run = promisify(execFile);

/** Messages a second of one core of each sender alone. */
export const measureSenders = async (invocations: number): Promise<Part> => {
  const cells: Record<string, SenderCell> = {};
  for (const channel of CHANNELS) {
    const file = join(import.meta.dirname, 'sender-cell.ts');
    const { stdout } = await run(process.execPath, [file, channel, String(invocations)]);
    cells[channel] = JSON.parse(stdout) as SenderCell;
  }
  const text = ([channel, { campaign, direct }]: [string, SenderCell]) =>
    `  ${channel.padEnd(6)} campaign ${spreadText(spread(campaign, 0))}, event by event ${spreadText(spread(direct, 0))}`;
  return {
    figures: { senders: cells },
    text: `Senders alone, messages a second of one core, median (lowest … highest)\n${Object.entries(cells).map(text).join('\n')}`,
    bars: [],
  };
};
