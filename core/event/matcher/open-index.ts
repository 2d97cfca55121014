import { type Facts, holds } from '../evaluate.ts';
import { type Classes, classifierOf, classOf, FIRST_TEXT } from './classes.ts';
import { openKernel } from './kernel.ts';
import { CLASSES, type FieldLayout, FOUND, type Index, LEFT, MET, PASSED } from './layout.ts';
import { classReader } from './read-classes.ts';
import { itemsOf, readOf } from './read-field.ts';

/** Writes the numbers of the rules that match to the beginning of `found`, each once, in no particular order; gives how many. */
export type MatchRules = { found: Int32Array; match(facts: Facts): number };

/** Events are counted so far; then the count begins again. */
const MANY_EVENTS = 0x7fff_ffff;

/** Makes an index usable that `buildIndex` laid out. Keeps scratch space: one match at a time. */
export const openIndex = ({ layout, words: stored }: Index): MatchRules => {
  const { fields, opaques, bytes } = layout;
  const { memory, match } = openKernel(stored, bytes);
  const words = new Int32Array(memory);
  const numbers = new Float64Array(memory, 0, memory.byteLength >> 3);
  const addressAt = (header: number): number => words[header / 4] as number;
  const [found, passed, met] = [FOUND, PASSED, MET].map((header) => addressAt(header) / 4) as [number, number, number];
  const readClasses = classReader(
    fields.flatMap((field, slot) =>
      field.field.item === undefined
        ? [{ field: field.field, classes: classesIn(field), at: CLASSES / 4 + slot, numberAt: field.value === undefined ? undefined : field.value / 8 }]
        : [],
    ),
  );
  const items = fields.flatMap((field) => field.items ? [itemDoor(field, field.items)] : []);
  /** Answers of opaque conditions for this event; -1: not asked yet. */
  const answers = new Int8Array(opaques.length);
  let event = 0;

  const answer = (number: number, facts: Facts): number => {
    if (answers[number] === -1) answers[number] = Number(holds(opaques[number] as Opaque, facts));
    return answers[number] as number;
  };
  /** Whether the opaque conditions of a rest hold. */
  const opaquesHold = (rest: number, facts: Facts): boolean => {
    const begin = (words[rest + 9] as number) / 4;
    for (let at = begin; at < begin + 2 * (words[rest + 10] as number); at += 2) {
      if (answer(words[at] as number, facts) === words[at + 1]) return false;
    }
    return true;
  };
  /** Asks the opaque conditions of the candidates that the kernel left. */
  const askLeft = (facts: Facts, count: number): number => {
    let many = count;
    const left = addressAt(LEFT);
    for (let n = 0; n < left; n += 1) {
      const rest = (words[passed + n] as number) / 4;
      const rule = words[rest] as number;
      const stamp = (words[rest + 6] as number) / 4;
      if (words[stamp] === event || !opaquesHold(rest, facts)) continue;
      words[stamp] = event;
      words[found + many] = rule;
      many += 1;
    }
    return many;
  };
  const meetItems = (facts: Facts): number => {
    let end = met;
    for (const door of items) {
      for (const own of door.classesMet(facts)) {
        const begin = words[door.runs + 2 * own] as number;
        const stop = words[door.runs + 2 * own + 1] as number;
        if (begin === stop) continue;
        words[end] = begin;
        words[end + 1] = stop;
        end += 2;
      }
    }
    return end;
  };
  /** As in a door of runs; each class once, however many items have it. */
  function itemDoor({ field, texts, prefixes }: FieldLayout, { runs, ancestors, numbers: limits }: NonNullable<FieldLayout['items']>) {
    const classifier = classifierOf(classesIn({ texts, prefixes, numbers: limits }));
    const read = readOf({ ...field, derive: 'value' });
    return {
      runs: runs / 4,
      classesMet: (facts: Facts): Set<number> => {
        const found = new Set<number>();
        for (const value of itemsOf(read(facts), field)) {
          let own = classOf(classifier, value);
          found.add(own);
          while (own >= FIRST_TEXT && own < FIRST_TEXT + texts.length) {
            own = words[ancestors / 4 + own - FIRST_TEXT] as number;
            if (own > 0) found.add(own);
          }
        }
        return found;
      },
    };
  }

  return {
    found: words.subarray(found),
    match: (facts) => {
      if (event === MANY_EVENTS) {
        words.set(stored);
        event = 0;
      }
      event += 1;
      readClasses(facts, words, numbers);
      if (answers.length === 0) return match(4 * (items.length === 0 ? met : meetItems(facts)), event);
      answers.fill(-1);
      return askLeft(facts, match(4 * meetItems(facts), event));
    },
  };
};

type Opaque = Index['layout']['opaques'][number];

const classesIn = ({ texts, prefixes, numbers = [] }: Pick<FieldLayout, 'texts' | 'prefixes'> & { numbers?: number[] }): Classes => {
  const isPrefix = texts.map(() => false);
  for (const at of prefixes) isPrefix[at] = true;
  return { texts, isPrefix, numbers: Float64Array.from(numbers) };
};
