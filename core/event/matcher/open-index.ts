import { type Facts, holds } from '../evaluate.ts';
import { type Classes, classifierOf, classOf, FIRST_TEXT, parentsOf } from './classes.ts';
import {
  BITS,
  BODY,
  type FieldLayout,
  FURTHER,
  HEAD,
  type Index,
  type IndexLayout,
  isBitmap,
  MANY_WAYS,
  RULE,
  specialNumber,
} from './layout.ts';
import { itemsOf, readerOf } from './read-field.ts';

/** Writes the numbers of the rules of which a conjunction holds to `found`, each once, in no particular order; returns how many. */
export type MatchRules = (facts: Facts, found: Int32Array) => number;

/** Makes an index usable that `buildIndex` laid out. Keeps scratch space: one match at a time. */
export const openIndex = ({ layout, heads, bodies, ints }: Index, rules: number): MatchRules => {
  const { fields, always, opaques } = layout;
  const classifiers = fields.map((field) => classifierOf(classesIn(field)));
  const readAll = readerOf(
    fields.map(({ field }) => (field.item === undefined ? field : { ...field, derive: 'value' })),
  );
  const doors = doorsOf(fields);
  const values: unknown[] = new Array(fields.length).fill(undefined);
  /** Class of each slot's value for this event. */
  const classes = new Int32Array(Math.max(1, fields.length));
  /** Answers of opaque conditions for this event; -1: not asked yet. */
  const answers = new Int8Array(opaques.length);
  /** The event for which a rule was told last. */
  const told = new Int32Array(rules);
  let event = 0;
  /** Which candidates this event meets: [from, to), and how many such pairs. */
  let spans = new Int32Array(512);
  let open = 0;
  /** The candidates that are left after the checks so far. One more, for one is written before it is known to pass. */
  let passed = new Int32Array(heads.length / HEAD + 1);
  /** How many candidates the spans hold: items of a list may lead to the same ones several times. */
  let met = 0;

  const meet = (from: number, to: number): void => {
    if (open + 2 > spans.length) spans = grown(spans);
    spans[open] = from;
    spans[open + 1] = to;
    open += from < to ? 2 : 0;
    met += to - from;
  };
  const meetRun = (runs: number, own: number): void => meet(ints[runs + own] as number, ints[runs + own + 1] as number);
  const climb = ({ runs, parents }: PrefixDoor, own: number): void => {
    const at = own - FIRST_TEXT;
    if (at < 0 || at >= parents.length) return;
    for (let up = parents[at] as number; up >= 0; up = parents[up] as number) meetRun(runs, FIRST_TEXT + up);
  };
  const enter = (): void => {
    const { runs, ladders, presents, prefixes, items } = doors;
    open = 0;
    met = 0;
    for (let at = 0; at < runs.length; at += 2) meetRun(runs[at + 1] as number, classes[runs[at] as number] as number);
    for (let at = 0; at < ladders.length; at += 4) {
      const step = (classes[ladders[at] as number] as number) - (ladders[at + 1] as number);
      if (step >= 0) meet(ladders[at + 2] as number, ints[(ladders[at + 3] as number) + step] as number);
    }
    for (let at = 0; at < presents.length; at += 3) {
      if ((classes[presents[at] as number] as number) > 0) meet(presents[at + 1] as number, presents[at + 2] as number);
    }
    for (const door of prefixes) climb(door, classes[door.slot] as number);
    for (const { slot, field, door } of items) {
      for (const value of itemsOf(values[slot], field)) {
        const own = classOf(classifiers[slot] as (typeof classifiers)[0], value);
        meetRun(door.runs, own);
        climb(door, own);
      }
    }
    meet(always[0], always[1]);
  };

  /**
   * Keeps the candidates whose first check holds, without a branch, whose way nobody could guess: a difference is negative,
   * which is its sign bit, where the class is outside; a negated check turns the sign round.
   */
  const scan = (): number => {
    if (met >= passed.length) passed = new Int32Array(2 * met);
    const [all, own, kept, ways] = [heads, classes, passed, spans];
    let count = 0;
    for (let n = 0; n < open; n += 2) {
      const to = ways[n + 1] as number;
      for (let candidate = ways[n] as number; candidate < to; candidate += 1) {
        const at = candidate * HEAD;
        const where = all[at] as number;
        const one = own[where >> 1] as number;
        const outside = ((one - (all[at + 1] as number)) | ((all[at + 2] as number) - one)) ^ -(where & 1);
        kept[count] = candidate;
        count += (outside >>> 31) ^ 1;
      }
    }
    return count;
  };
  /** The same with the second check and the bit check. */
  const sift = (count: number): number => {
    const [all, own, kept, words] = [bodies, classes, passed, ints];
    let left = 0;
    for (let n = 0; n < count; n += 1) {
      const candidate = kept[n] as number;
      const at = candidate * BODY;
      const where = all[at] as number;
      const one = own[where >> 1] as number;
      const other = own[all[at + BITS] as number] as number;
      const word = words[(all[at + BITS + 1] as number) + (other >>> 5)] as number;
      const outside =
        (((one - (all[at + 1] as number)) | ((all[at + 2] as number) - one)) ^ -(where & 1)) |
        (((word >>> (other & 31)) & 1) - 1);
      kept[left] = candidate;
      left += (outside >>> 31) ^ 1;
    }
    return left;
  };
  const furtherHold = (facts: Facts, offset: number): boolean => {
    const end = offset + 1 + 3 * (ints[offset] as number);
    for (let at = offset + 1; at < end; at += 3) {
      const where = ints[at] as number;
      const a = ints[at + 1] as number;
      if (where >= 0) {
        const own = classes[where >> 1] as number;
        if ((own < a || own > (ints[at + 2] as number)) !== ((where & 1) === 1)) return false;
      } else if (isBitmap(where)) {
        const own = classes[specialNumber(where)] as number;
        if ((((ints[a + (own >>> 5)] as number) >>> (own & 31)) & 1) === 0) return false;
      } else {
        const number = specialNumber(where);
        if (answers[number] === -1) answers[number] = holds(opaques[number] as Opaque, facts) ? 1 : 0;
        if (answers[number] === a) return false;
      }
    }
    return true;
  };
  const tell = (facts: Facts, count: number, found: Int32Array): number => {
    let many = 0;
    for (let n = 0; n < count; n += 1) {
      const body = (passed[n] as number) * BODY;
      const further = bodies[body + FURTHER] as number;
      if (further >= 0 && !furtherHold(facts, further)) continue;
      let rule = bodies[body + RULE] as number;
      if (rule >= MANY_WAYS) {
        rule -= MANY_WAYS;
        if (told[rule] === event) continue;
        told[rule] = event;
      }
      found[many] = rule;
      many += 1;
    }
    return many;
  };

  return (facts, found) => {
    event = (event + 1) | 0;
    readAll(facts, values);
    for (let slot = 0; slot < values.length; slot += 1) {
      classes[slot] = classOf(classifiers[slot] as (typeof classifiers)[0], values[slot]);
    }
    if (answers.length > 0) answers.fill(-1);
    enter();
    return tell(facts, sift(scan()), found);
  };
};

type Opaque = IndexLayout['opaques'][number];

const classesIn = ({ texts, prefixes, numbers }: FieldLayout): Classes => {
  const isPrefix = texts.map(() => false);
  for (const at of prefixes) isPrefix[at] = true;
  return { texts, isPrefix, numbers: Float64Array.from(numbers) };
};

type PrefixDoor = { slot: number; runs: number; parents: Int32Array };

/** Where events come in, by kind. Flat, for there is a door for nearly every field. */
const doorsOf = (fields: readonly FieldLayout[]) => {
  const single = fields.map((field, slot) => ({ ...field, slot, firstNumber: FIRST_TEXT + field.texts.length }));
  const plain = single.filter(({ field }) => field.item === undefined);
  const prefixDoor = (field: (typeof single)[0]): PrefixDoor => ({
    slot: field.slot,
    runs: field.runs ?? 0,
    parents: parentsOf(classesIn(field)),
  });
  return {
    /** [slot, runs] */
    runs: Int32Array.from(plain.flatMap(({ slot, runs }) => (runs === undefined ? [] : [slot, runs]))),
    /** [slot, first class of numbers, candidates, steps] */
    ladders: Int32Array.from(
      plain.flatMap(({ slot, firstNumber, from, to }) =>
        [from, to].flatMap((ladder) => (ladder ? [slot, firstNumber, ...ladder] : [])),
      ),
    ),
    /** [slot, from, to] */
    presents: Int32Array.from(plain.flatMap(({ slot, present }) => (present ? [slot, ...present] : []))),
    prefixes: plain.filter(({ runs, prefixes }) => runs !== undefined && prefixes.length > 0).map(prefixDoor),
    items: single
      .filter(({ field, runs }) => field.item !== undefined && runs !== undefined)
      .map((field) => ({ slot: field.slot, field: field.field, door: prefixDoor(field) })),
  };
};

const grown = (full: Int32Array): Int32Array<ArrayBuffer> => {
  const larger = new Int32Array(2 * full.length);
  larger.set(full);
  return larger;
};
