import { idsOf, type PendingPerson } from './erasure.ts';
import type { Asked } from './erasure-queries.ts';
import type { ProfileImport } from './profile-import.ts';

/** A file that a pass has to look into. `table`: of the lake. */
export type PersonalFile = { bucket: 'lake'; table: string; key: string } | { bucket: 'work'; key: string };

/** The worklist of one pass: for whom, and in which files. It is an object of the work bucket, for as long as the pass lasts. */
export type Pass = {
  asked: Asked;
  people: PendingPerson[];
  files: PersonalFile[];
  /** Hashes of people of whom the pass has found something in lake or files, or had to leave something. */
  unfinished: string[];
};

/** All that a file is asked for: whether an id is among these. */
export type Ids = Pick<ReadonlySet<string>, 'has'>;

/** The ids, and which of them were asked for so far: whose something was found. */
export const noting = (ids: Ids): Ids & { found: ReadonlySet<string> } => {
  const found = new Set<string>();
  const has = (id: string) => ids.has(id) && found.add(id).has(id);
  return { found, has };
};

export const idsIn = (people: readonly PendingPerson[]): Set<string> => new Set(people.flatMap(idsOf));

/** What a text about the person may hold. */
export const textsOf = ({ profileId, aliases, addresses }: PendingPerson): string[] => [
  profileId,
  ...aliases,
  ...addresses,
];

/** A month is what the law gives; a file of an import that nobody goes on with does not outlast it. */
const LONGEST_IMPORT_MS = 20 * 86_400_000;
const UPLOAD_MS = 86_400_000;

/** What imports and changes of lists have in common. */
export type Upload = { state: string; createdMs: number; finishedMs?: number };

/**
 * Whether an import needs its files no longer: it has ended, or was made and not started within a day, or is three weeks old.
 * Without an import the files are nobody's.
 */
export const isOver = (it: Upload | undefined, nowMs: number): boolean =>
  it === undefined ||
  it.finishedMs !== undefined ||
  nowMs - it.createdMs > (it.state === 'created' ? UPLOAD_MS : LONGEST_IMPORT_MS);

/** A value with every text in it that holds one of these replaced by `erased`; undefined when there is none. */
export const scrubbed = <T>(value: T, texts: readonly string[]): T | undefined => {
  let found = false;
  const walk = (part: unknown): unknown => {
    if (typeof part === 'string') {
      if (!texts.some((text) => part.includes(text))) return part;
      found = true;
      return 'erased';
    }
    if (Array.isArray(part)) return part.map(walk);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, walk(inner)]));
  };
  const after = walk(value) as T;
  return found ? after : undefined;
};

/**
 * An import that is over, without words of these people; undefined when it has none, or still needs them. What a dry run has
 * quoted goes altogether: an excerpt may end before the id that would say whose it is. How the file was written stays.
 */
export const forgetImport = (it: ProfileImport, texts: readonly string[], nowMs: number): ProfileImport | undefined => {
  if (!isOver(it, nowMs)) return undefined;
  const { reason, source, check } = it;
  const told = { ...(reason && { reason }), ...(source?.columns && { columns: source.columns }) };
  const quotes = check !== undefined && check.errors.length + check.sample.length > 0;
  const after = scrubbed(told, texts);
  if (!after && !quotes) return undefined;
  const { columns, ...rest } = after ?? told;
  return {
    ...{ ...it, ...rest, version: it.version + 1 },
    ...(source && columns && { source: { ...source, columns } }),
    ...(check && { check: { ...check, errors: [], sample: [] } }),
  };
};
