import { byteLines } from './byte-lines.ts';
import { valueAt } from './question.ts';

/** An object of the file, or why there is none, with the number of its line (from 1). */
export type NdjsonRecord = { line: number } & (
  | { object: Record<string, unknown>; text: string }
  | { problem: string; excerpt: string }
);

/** Longer lines are refused, as longer rows of CSV are. */
const MAX_LINE_BYTES = 65_536;
const EXCERPT = 200;

type Options = { firstLine: number; final: boolean; decode: (bytes: Uint8Array) => string; limit?: number };

/** Objects in a window of a file that begins at the start of a line; blank lines are left out. See csvRecords. */
export const ndjsonRecords = (
  window: Uint8Array,
  { firstLine, final, decode, limit = Number.POSITIVE_INFINITY }: Options,
): { records: NdjsonRecord[]; consumed: number; lines: number } => {
  const records: NdjsonRecord[] = [];
  const lines = byteLines(window, final);
  let at = 0;
  for (; at < lines.length && records.length < limit; at += 1) {
    const { start, end } = lines[at] as (typeof lines)[number];
    const outcome = objectIn(window.subarray(start, end), decode);
    if (outcome) records.push({ line: firstLine + at, ...outcome });
  }
  return { records, consumed: lines[at - 1]?.next ?? 0, lines: at };
};

const objectIn = (bytes: Uint8Array, decode: Options['decode']) => {
  if (bytes.length > MAX_LINE_BYTES) {
    const excerpt = new TextDecoder().decode(bytes.subarray(0, EXCERPT));
    return { problem: `the line is longer than ${MAX_LINE_BYTES} bytes`, excerpt };
  }
  let text = '';
  try {
    text = decode(bytes);
    if (text.trim() === '') return undefined;
    const object: unknown = JSON.parse(text);
    if (typeof object === 'object' && object !== null && !Array.isArray(object))
      return { object: object as Record<string, unknown>, text };
    return { problem: 'not a JSON object', excerpt: text.slice(0, EXCERPT) };
  } catch (error) {
    const problem = error instanceof SyntaxError ? 'not JSON' : 'not in the encoding of the file; save it as UTF-8';
    return { problem, excerpt: text.slice(0, EXCERPT) };
  }
};

/** The member of exactly this name, else the one at the end of the dotted path. */
export const memberAt = (object: Record<string, unknown>, path: string): unknown =>
  Object.hasOwn(object, path) ? object[path] : valueAt(object, path);

/** Paths of all values that are no objects, down to three levels. */
export const pathsOf = (object: Record<string, unknown>, depth = 3): string[] =>
  Object.entries(object).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && depth > 1
      ? pathsOf(value as Record<string, unknown>, depth - 1).map((rest) => `${name}.${rest}`)
      : [name],
  );
