import { canonicalJson } from '../plan-hash.ts';

/**
 * How one content became another. A field has its values before and after (absent: it was not there); of a text of several
 * lines only what changed is said, by its place among the new lines, counted from 1.
 */
export type Change = { path: string } & (
  | { before?: unknown; after?: unknown }
  | { lines: { line: number; removed: string[]; added: string[] }[] }
);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSame = (one: unknown, other: unknown): boolean =>
  one === undefined || other === undefined ? one === other : canonicalJson(one) === canonicalJson(other);

const at = (path: string, name: string | number): string => (path === '' ? `${name}` : `${path}.${name}`);

/** Each field that differs, in the order of their names; `[]` when nothing does. Lists of one length are compared place by place. */
export const changesBetween = (before: unknown, after: unknown, path = ''): Change[] => {
  if (isSame(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) => changesBetween(before[name], after[name], at(path, name)));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, n) => changesBetween(item, after[n], at(path, n)));
  }
  if (typeof before === 'string' && typeof after === 'string' && (before.includes('\n') || after.includes('\n'))) {
    return [{ path, lines: changedLines(before.split('\n'), after.split('\n')) }];
  }
  return [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
};

/** More pairs of lines than this are not compared: what is between the first and the last difference is one change. 2 MB. */
const MAX_PAIRS = 1_000_000;

type Hunk = { line: number; removed: string[]; added: string[] };

/** The fewest lines that must go and come (longest common subsequence), as runs. */
export const changedLines = (before: readonly string[], after: readonly string[]): Hunk[] => {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const old = before.slice(start, before.length - end);
  const now = after.slice(start, after.length - end);
  if (old.length === 0 && now.length === 0) return [];
  if (old.length * now.length > MAX_PAIRS) return [{ line: start + 1, removed: old, added: now }];

  // common[i * width + j]: length of the longest common subsequence of old[i…] and now[j…].
  const width = now.length + 1;
  const common = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        old[i] === now[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const hunks: Hunk[] = [];
  let isChange = false;
  for (let i = 0, j = 0; i < old.length || j < now.length; ) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      i += 1;
      j += 1;
      isChange = false;
      continue;
    }
    if (!isChange) hunks.push({ line: start + j + 1, removed: [], added: [] });
    isChange = true;
    const { removed, added } = hunks.at(-1) as Hunk;
    if (j >= now.length || (i < old.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)) {
      removed.push(old[i] as string);
      i += 1;
    } else {
      added.push(now[j] as string);
      j += 1;
    }
  }
  return hunks;
};
