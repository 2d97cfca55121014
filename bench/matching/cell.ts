import { readFileSync } from 'node:fs';
import { type Document, documentOf, makePairs, textOf } from './documents.ts';
import { ENGINES, type EngineName } from './engine.ts';
import { measure } from './measure.ts';
import { type BenchRule, referenceMatch } from './rule.ts';

/**
 * One cell of the table, in a process of its own: `node --expose-gc cell.ts <engine> <file of rules> <windows as JSON>`.
 * Prints a `Cell` as one line of JSON. Throws when a match differs from the reference: what is wrong is not timed.
 */
export type Cell = {
  /** µs an event; one value for each window. */
  us: number[];
  /** µs that JSON.parse of event and profile took beside each. */
  parseUs: number[];
  matchesAnEvent: number;
};

/** Slow engines are checked with fewer events. */
const CHECK_MS = 500;
const CHECKED = 64;

const [, , name = '', rulesFile = '', windows = ''] = process.argv;
const rules = JSON.parse(readFileSync(rulesFile, 'utf8')) as BenchRule[];
const texts = makePairs().map(textOf);
const documents = texts.map(documentOf);
const at = <T>(list: readonly T[], n: number): T => list[n % list.length]!;

const match = (await ENGINES[name as EngineName].load())(rules);

/** Matches an event, on average over those that were looked at. */
const check = async (): Promise<number> => {
  const endsAt = performance.now() + CHECK_MS;
  let matches = 0;
  for (let n = 0; n < CHECKED; n += 1) {
    // Not the first ones in a row, which the engine will see first when it is timed.
    const document: Document = at(documents, n * 7);
    const expected = referenceMatch(rules, document).sort();
    const found = [...(await match(document))].sort();
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      throw new Error(`${name}: event ${n * 7} matches ${found.length} rules, not ${expected.length}`);
    }
    matches += expected.length;
    if (performance.now() > endsAt) return matches / (n + 1);
  }
  return matches / CHECKED;
};

const matchesAnEvent = await check();
globalThis.gc?.();
// What is parsed is used, so that no optimizer leaves it out.
let used = 0;
const parse = (n: number) => {
  const text = at(texts, n);
  used += (JSON.parse(text.event) as { ts: number }).ts + (JSON.parse(text.profile) as { age: number }).age;
};
const { us, yardstickUs } = await measure((n) => match(at(documents, n)), parse, JSON.parse(windows));
if (!Number.isFinite(used)) throw new Error('the yardstick parsed nothing');
console.log(JSON.stringify({ us, parseUs: yardstickUs, matchesAnEvent } satisfies Cell));
