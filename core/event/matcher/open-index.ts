import type { Condition } from '../condition.ts';
import { type Facts, holds } from '../evaluate.ts';
import { type Classes, classifierOf, classOf, FIRST_TEXT } from './classes.ts';
import { openKernel } from './kernel.ts';
import { CLASSES, type FieldLayout, FOUND, type Index, LEFT, MET, PASSED } from './layout.ts';
import { type ClassifiedField, classReader } from './read-classes.ts';
import { itemsOf, readOf } from './read-field.ts';

/** Finds rules by number. `match` writes those that match to the beginning of `found`, each once, in no particular order. */
export type MatchRules = { found: Int32Array; match(facts: Facts): number };

/** After so many events their count begins again. */
const MANY_EVENTS = 0x7fff_ffff;

/** Makes an index usable that `buildIndex` laid out. Keeps scratch space: one match at a time. */
export const openIndex = ({ layout, words: stored }: Index): MatchRules => {
  const { fields, opaques, bytes } = layout;
  const kernel = openKernel(stored, bytes);
  const words = new Int32Array(kernel.memory);
  const numbers = new Float64Array(kernel.memory, 0, kernel.memory.byteLength >> 3);
  /** What is at an address, as a place in `words` if it is an address itself. */
  const wordAt = (address: number): number => words[address / 4] as number;
  const [found, passed, met] = [wordAt(FOUND) / 4, wordAt(PASSED) / 4, wordAt(MET) / 4];
  const readClasses = classReader(fields.flatMap(classified));
  const items = fields.flatMap((field) => (field.items ? [itemDoor(field, field.items, words)] : []));
  /** Answers of opaque conditions for this event; -1: not asked yet. */
  const answers = new Int8Array(opaques.length);
  let event = 0;

  const opaqueHolds = (number: number, facts: Facts): number => {
    if (answers[number] === -1) answers[number] = Number(holds(opaques[number] as Condition, facts));
    return answers[number] as number;
  };
  const opaquesHold = (rest: number, facts: Facts): boolean => {
    const begin = wordAt(rest + 36) / 4;
    for (let at = begin; at < begin + 2 * wordAt(rest + 40); at += 2) {
      if (opaqueHolds(words[at] as number, facts) === words[at + 1]) return false;
    }
    return true;
  };
  /** Asks the opaque conditions of the candidates that the kernel left. `count`: how many rules it found. */
  const askLeft = (facts: Facts, count: number): number => {
    let many = count;
    const left = wordAt(LEFT);
    for (let n = 0; n < left; n += 1) {
      const rest = words[passed + n] as number;
      const stamp = wordAt(rest + 24) / 4;
      if (words[stamp] === event || !opaquesHold(rest, facts)) continue;
      words[stamp] = event;
      words[found + many] = wordAt(rest);
      many += 1;
    }
    return many;
  };
  /** Writes the runs that items lead to; gives the place behind them. */
  const meetItems = (facts: Facts): number => {
    let end = met;
    for (const { runs, classesMet } of items) {
      for (const own of classesMet(facts)) {
        const [begin, stop] = [wordAt(runs + 8 * own), wordAt(runs + 8 * own + 4)];
        words[end] = begin;
        words[end + 1] = stop;
        end += begin < stop ? 2 : 0;
      }
    }
    return end;
  };

  return {
    found: words.subarray(found, passed),
    match: (facts) => {
      if (event === MANY_EVENTS) {
        // The stamps of events long past would be those of events to come.
        words.set(stored);
        event = 0;
      }
      event += 1;
      readClasses(facts, words, numbers);
      const end = items.length === 0 ? met : meetItems(facts);
      if (answers.length === 0) return kernel.match(4 * end, event);
      answers.fill(-1);
      return askLeft(facts, kernel.match(4 * end, event));
    },
  };
};

const classified = (layout: FieldLayout, slot: number): ClassifiedField[] => {
  const { field, value } = layout;
  if (field.item !== undefined) return [];
  return [
    {
      field,
      classes: classesIn(layout, []),
      at: CLASSES / 4 + slot,
      numberAt: value === undefined ? value : value / 8,
    },
  ];
};

const classesIn = ({ texts, prefixes }: FieldLayout, numbers: readonly number[]): Classes => {
  const isPrefix = texts.map(() => false);
  for (const at of prefixes) isPrefix[at] = true;
  return { texts, isPrefix, numbers: Float64Array.from(numbers) };
};

/** A door of runs for many values: the classes of all items and of the prefixes that begin them, each once. */
const itemDoor = (
  layout: FieldLayout,
  { runs, ancestors, numbers }: NonNullable<FieldLayout['items']>,
  words: Int32Array,
) => {
  const { field, texts } = layout;
  const classifier = classifierOf(classesIn(layout, numbers));
  const read = readOf({ ...field, derive: 'value' });
  const classesMet = (facts: Facts): ReadonlySet<number> => {
    const classes = new Set<number>();
    for (const value of itemsOf(read(facts), field)) {
      for (let own = classOf(classifier, value); own > 0 && !classes.has(own); ) {
        classes.add(own);
        const text = own - FIRST_TEXT;
        own = text >= 0 && text < texts.length ? (words[ancestors / 4 + text] as number) : 0;
      }
    }
    return classes;
  };
  return { runs, classesMet };
};
