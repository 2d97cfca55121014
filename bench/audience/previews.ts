import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { previewQuery } from '../../core/audience/preview-query.ts';
import { createDuck } from '../../local/duck.ts';
import { bar } from '../bar.ts';
import type { Part } from '../part.ts';
import { median, spread, spreadText } from '../statistics.ts';
import { handWritten } from './hand-written.ts';
import { makeLake, NOW_MS } from './made-lake.ts';
import { QUESTIONS, SENDING } from './questions.ts';

/** A preview may take so much longer than the same question written for DuckDB by hand. */
const TIMES = 1.3;

/** Ten million events are more than the local Athena's 256 MB are for. */
const MEMORY = '2GB';

type Row = { question: string; size: number; heraldMs: number[]; handMs: number[] };

/**
 * Herald's preview of a segment beside the same question by hand, one after the other over the same files, `runs`
 * times each after one that warms up. Both engines have the same memory and threads. Throws when the answers differ: what is
 * wrong is not timed.
 */
export const measurePreviews = async (people: number, events: number, runs: number): Promise<Part> => {
  const root = mkdtempSync(join(tmpdir(), 'herald-bench-'));
  try {
    const tables = await makeLake(root, people, events);
    const duck = await createDuck(root, MEMORY);
    const byHand = await handWritten(root, tables, MEMORY);
    const rows: Row[] = [];
    for (const { name, segment, handWritten: sql } of QUESTIONS) {
      const row: Row = { question: name, size: 0, heraldMs: [], handMs: [] };
      for (let n = 0; n <= runs; n += 1) {
        const query = String(previewQuery({ tree: segment, operands: [], sending: SENDING }, NOW_MS));
        const [heraldMs, { result }] = await timed(() => duck.select(query, 'herald', tables));
        const [handMs, expected] = await timed(() => byHand.select(sql));
        const found = result.rows[0]?.map(asWords) ?? [];
        if (found.join() !== expected.map(asWords).join())
          throw new Error(`${name}: ${found.join()}, by hand ${expected.join()}`);
        row.size = Number(found[0]);
        if (n === 0) continue;
        row.heraldMs.push(heraldMs);
        row.handMs.push(handMs);
      }
      rows.push(row);
    }
    byHand.close();
    await duck.close();
    return partOf(rows, people, events);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
};

/** The twenty ids are the same, however they are put together. */
const asWords = (value: string | null): string => (value ?? '').toLowerCase().split(/\s/).sort().join(' ');

const timed = async <T>(work: () => Promise<T>): Promise<[ms: number, result: T]> => {
  const startedAt = performance.now();
  const result = await work();
  return [performance.now() - startedAt, result];
};

const partOf = (rows: readonly Row[], people: number, events: number): Part => {
  const seconds = (ms: readonly number[]) =>
    spreadText(
      spread(
        ms.map((one) => one / 1_000),
        2,
      ),
    );
  const text = rows.map(
    ({ question, size, heraldMs, handMs }) =>
      `  ${question.padEnd(40)} ${seconds(heraldMs)} s; by hand ${seconds(handMs)} s (${size.toLocaleString('en')} people)`,
  );
  return {
    figures: { previews: { people, events, rows } },
    text: `Preview over ${people.toLocaleString('en')} people and ${events.toLocaleString('en')} events, gzipped NDJSON in the local lake: median (lowest … highest)\n${text.join('\n')}`,
    bars: rows.flatMap(({ question, heraldMs, handMs }) =>
      bar(`preview: ${question}`, median(heraldMs.map((ms, n) => ms / handMs[n]!)), TIMES, '× by hand'),
    ),
  };
};
