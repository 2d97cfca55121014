import type { Scalar } from '../audience/question.ts';

/**
 * What may be shown as an example of a property's values. The catalogue is read by everybody who may sign in, and events
 * are about people, so the rule keeps little: only values that belong to a choice of the app rather than to a person.
 * - true and false;
 * - numbers below a million with at most three decimals: longer ones may be phone numbers, cards, instants or places;
 * - text of one to four words joined by `-` or `_`, each of 1 to 16 letters (8 where letters have no case), lower case,
 *   upper case or capitalised: `gold`, `credit_card`, `EUR`. No digits, blanks or signs, so no e-mail address, phone
 *   number, date, address or token; and only once three people have sent it: `Schmidt` looks like `Shoes`;
 * - nothing at all below a name that speaks of a person or a secret (catalogue-personal.ts).
 */
export const isExample = (value: unknown): value is Scalar =>
  typeof value === 'string'
    ? value.length <= MAX_TEXT && !SIGN.test(value) && WORDS.test(value)
    : typeof value === 'number'
      ? Math.abs(value) < 1_000_000 && Math.abs(value * 1_000 - Math.round(value * 1_000)) < 1e-6
      : typeof value === 'boolean';

const MAX_TEXT = 64;
/** ASCII other than letters, `-` and `_`: most text has some, and this finds it ten times faster than WORDS. */
const SIGN = /[\0-,.-@[-^`{-\x7f]/;
const WORD = '(?:\\p{Ll}{1,16}|\\p{Lu}{1,16}|\\p{Lu}\\p{Ll}{1,15}|\\p{Lo}{1,8})';
const WORDS = new RegExp(`^${WORD}(?:[-_]${WORD}){0,3}$`, 'u');

export type Examples = {
  /** What may be shown. */
  examples: Scalar[];
  /** Text that too few people have sent, with their marks (see `markOf`), sorted. Absent: there is none. */
  candidates?: [text: string, marks: number[]][];
};

/** Examples and candidates of one property, together. */
export const MAX_EXAMPLES = 5;
/** So many people must have sent a text before it is shown. */
export const MIN_PEOPLE = 3;

/**
 * 16 bits that tell a few people apart who sent the same text. They point to nobody: thousands of people share each. Two
 * who share one count as one, which keeps the text back for longer.
 */
export const markOf = (text: string, profileId: string): number => {
  const hash = hashOf(`${text} ${profileId}`);
  return (hash >>> 16) ^ (hash & 0xffff);
};

/** What one person's value is an example of. */
export const exampleOf = (value: unknown, profileId: string): Examples => {
  if (!isExample(value)) return { examples: [] };
  return typeof value === 'string'
    ? { examples: [], candidates: [[value, [markOf(value, profileId)]]] }
    : { examples: [value] };
};

/**
 * Both as one, each value once. Of too many those with the lowest hashes stay, shown or not: no side is favoured, and the
 * result is the same in whatever order, and however often, they are merged. What was shown once needs no marks any more.
 */
export const mergeExamples = (a: Examples, b: Examples): Examples => {
  const shown = new Set([...a.examples, ...b.examples].map((value) => JSON.stringify(value)));
  const marksOf = new Map<string, Set<number>>();
  for (const [text, marks] of [...(a.candidates ?? []), ...(b.candidates ?? [])]) {
    const json = JSON.stringify(text);
    marksOf.set(json, new Set([...(marksOf.get(json) ?? []), ...marks]));
  }
  const kept = [...new Set([...shown, ...marksOf.keys()])].sort(byHash).slice(0, MAX_EXAMPLES);
  const isShown = (json: string) => shown.has(json) || (marksOf.get(json)?.size ?? 0) >= MIN_PEOPLE;
  const candidates = kept
    .filter((json) => !isShown(json))
    .map((json): [string, number[]] => [JSON.parse(json), [...(marksOf.get(json) ?? [])].sort((x, y) => x - y)]);
  return {
    examples: kept.filter(isShown).map((json) => JSON.parse(json) as Scalar),
    ...(candidates.length > 0 && { candidates }),
  };
};

/**
 * Tells whether merging one person's value would change these, provided that it `isExample`, which takes longer to tell.
 */
export const exampleNews = ({
  examples,
  candidates = [],
}: Examples): ((value: Scalar, profileId: string) => boolean) => {
  const marksOf = new Map(candidates);
  const known = [...examples, ...marksOf.keys()].map((value) => JSON.stringify(value)).sort(byHash);
  const last = known[MAX_EXAMPLES - 1];
  const lastHash = last === undefined ? 0 : hashOf(String(JSON.parse(last)));
  return (value, profileId) => {
    if (typeof value === 'string' && value.length > MAX_TEXT) return false;
    if (examples.includes(value)) return false;
    const marks = typeof value === 'string' ? marksOf.get(value) : undefined;
    if (marks) return !marks.includes(markOf(value as string, profileId));
    return last === undefined || (hashOf(String(value)) <= lastHash && byHash(JSON.stringify(value), last) < 0);
  };
};

/** Of two values as JSON. The hash is that of the plain text: to turn a value down, no JSON is made. */
const byHash = (a: string, b: string): number =>
  hashOf(String(JSON.parse(a))) - hashOf(String(JSON.parse(b))) || (a < b ? -1 : a === b ? 0 : 1);

/** FNV-1a, 32 bits. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
};
