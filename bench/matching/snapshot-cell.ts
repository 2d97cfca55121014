import { readFileSync, writeFileSync } from 'node:fs';
import { buildSnapshot, loadMatcher } from '../../core/event/matcher.ts';
import type { Rule } from '../../core/event/plain-matcher.ts';
import { median, quantile } from '../statistics.ts';
import { CHANGES } from './changes.ts';
import { documentOf, makePairs, textOf } from './documents.ts';
import { heraldRule } from './engines/herald-rule.ts';
import { type BenchRule, referenceMatch } from './rule.ts';

/**
 * What a snapshot costs besides matching, each in a process of its own:
 * `node --expose-gc snapshot-cell.ts <task> <file of rules> <file of the snapshot>`. Prints one line of JSON.
 */
const TASKS = { build, load, heap, change };
export type SnapshotTask = keyof typeof TASKS;
export type Build = { buildMs: number; bytes: number };
/** `firstMatchMs` counts from the bytes in memory, loading included. `coldUs` is the mean of the events 2 to 100. */
export type Load = { loadMs: number; firstMatchMs: number; coldUs: number };
export type Heap = { heapMB: number };
/** Each change with the match that follows it: what is put off until then counts too. `worstMs` is of all changes. */
export type Change = { addMs: number; removeMs: number; worstMs: number };

const [, , task = '', rulesFile = '', snapshotFile = ''] = process.argv;

const rulesOf = (): BenchRule[] => JSON.parse(readFileSync(rulesFile, 'utf8')) as BenchRule[];
const facts = () => makePairs().map((pair) => documentOf(textOf(pair)).facts);

function build(): Build {
  const rules = rulesOf().slice(0, -CHANGES).map(heraldRule);
  const startedAt = performance.now();
  const snapshot = buildSnapshot(rules);
  const buildMs = performance.now() - startedAt;
  writeFileSync(snapshotFile, snapshot);
  return { buildMs, bytes: snapshot.byteLength };
}

function load(): Load {
  const [first, ...more] = facts().slice(0, 100);
  const snapshot = readFileSync(snapshotFile);
  const startedAt = performance.now();
  const matcher = loadMatcher(snapshot);
  const loadedAt = performance.now();
  matcher.match(first!);
  const matchedAt = performance.now();
  for (const one of more) matcher.match(one);
  const coldUs = ((performance.now() - matchedAt) * 1_000) / more.length;
  return { loadMs: loadedAt - startedAt, firstMatchMs: matchedAt - startedAt, coldUs };
}

/** What a loaded matcher keeps in memory, its snapshot and what matching has made of it included. */
function heap(): Heap {
  const documents = facts();
  const before = heapBytes();
  const matcher = loadMatcher(readFileSync(snapshotFile));
  for (const one of documents) matcher.match(one);
  const after = heapBytes();
  // Used after the measurement, so that it is still there.
  matcher.match(documents[0]!);
  return { heapMB: (after - before) / 1e6 };
}

const heapBytes = (): number => {
  if (!globalThis.gc) throw new Error('run with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  // `external` holds array buffers and the memory of WebAssembly.
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

function change(): Change {
  const rules = rulesOf();
  const matcher = loadMatcher(readFileSync(snapshotFile));
  const pairs = makePairs();
  const documents = pairs.map((pair) => documentOf(textOf(pair)).facts);
  for (const one of documents) matcher.match(one);
  const timed = (n: number, act: () => void): number => {
    const startedAt = performance.now();
    act();
    matcher.match(documents[n % documents.length]!);
    return performance.now() - startedAt;
  };
  const added: Rule[] = rules.slice(-CHANGES).map(heraldRule);
  const adds = added.map((rule, n) => timed(n, () => matcher.add(rule)));
  // Half of what goes was added, half stood in the snapshot.
  const gone = new Set(
    rules
      .slice(-CHANGES / 2)
      .concat(rules.slice(0, CHANGES / 2))
      .map(({ id }) => id),
  );
  const removes = [...gone].map((id, n) => timed(n, () => matcher.remove(id)));
  const left = rules.filter(({ id }) => !gone.has(id));
  for (const n of [0, 100, 200, 300]) {
    const expected = referenceMatch(left, pairs[n]!).sort();
    const found = [...matcher.match(documents[n]!)].sort();
    if (found.join() !== expected.join()) throw new Error(`after the changes, event ${n} matches ${found.join()}`);
  }
  return { addMs: median(adds), removeMs: median(removes), worstMs: quantile([...adds, ...removes], 1) };
}

console.log(JSON.stringify(TASKS[task as SnapshotTask]()));
