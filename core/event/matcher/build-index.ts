import { type Candidate, candidatesOf } from './candidates.ts';
import { FIRST_TEXT, firstNumberOf, parentsOf } from './classes.ts';
import { gridOf } from './grid.ts';
import { encoder, gatherGroups, type Run, shuffles } from './groups.ts';
import * as at from './layout.ts';
import { layOutMemory, type Memory } from './memory.ts';
import { restWriter } from './rests.ts';
import { type NumberedConjunction, type Slot, slotsOf } from './slots.ts';

/** Lays out the index of the conjunctions of one event type, as layout.ts describes it. `rules`: how many rules there are. */
export const buildIndex = (conjunctions: readonly NumberedConjunction[], rules: number): at.Index => {
  const slots = slotsOf(conjunctions);
  const { candidates, opaques } = candidatesOf(conjunctions, slots);
  const memory = layOutMemory();
  memory.words(new Int32Array(at.CLASSES / 4 + Math.max(1, slots.size)));
  memory.set(at.ONE, 1);

  const candidatesOfRule = Map.groupBy(candidates, ({ rule }) => rule);
  /** A rule that can be found in several ways must be told only once. (Those found by items have a rest in any case.) */
  const isFoundTwice = ({ rule }: Candidate) => (candidatesOfRule.get(rule)?.length ?? 0) > 1;
  const groups = gatherGroups(memory, encoder(isFoundTwice, restWriter(memory)));
  const filed = Map.groupBy(candidates, ({ access }) => access?.slot);
  const always = groups.run(filed.get(undefined) ?? []);
  const doors: Doors = { numbers: [], runs: [], ladders: [], presents: [], most: 1 };
  const fields = [...slots.values()].map((slot) => openDoors(slot, filed.get(slot) ?? [], doors, memory, groups.run));

  const table = (address: number, words: readonly number[]) => {
    memory.set(address, memory.words(words));
    memory.set(address + 4, memory.end());
  };
  table(at.NUMBERS, doors.numbers);
  table(at.RUNS, doors.runs);
  table(at.LADDERS, doors.ladders);
  table(at.PRESENTS, doors.presents);
  memory.set(at.ALWAYS, always[0]);
  memory.set(at.ALWAYS + 4, always[1]);
  memory.set(at.SHUFFLES, memory.words(shuffles()));
  memory.set(at.CANDIDATES, groups.write());
  let bytes = memory.end();
  const scratch = (address: number, words: number) => {
    memory.set(address, bytes);
    bytes += 4 * words;
  };
  // More places than there may be: one is written before it is known whether it stays, four tails at a time.
  scratch(at.FOUND, rules + 1);
  scratch(at.PASSED, groups.count() + 4);
  scratch(at.MET, 2 * (doors.most + 1));
  return { layout: { fields, opaques, bytes }, words: memory.toWords() };
};

/** Tables that are written behind what they point to. `most`: how many runs one event may meet at most. */
type Doors = { numbers: number[]; runs: number[]; ladders: number[]; presents: number[]; most: number };

/** Files the candidates of a slot, and adds the doors that lead to them. */
const openDoors = (
  slot: Slot,
  own: readonly Candidate[],
  doors: Doors,
  memory: Memory,
  run: (candidates: readonly Candidate[]) => Run,
): at.FieldLayout => {
  const { field, classes, count } = slot;
  const classAt = at.CLASSES + 4 * slot.slot;
  const firstNumber = firstNumberOf(classes);
  const prefixes = classes.isPrefix.flatMap((is, place) => (is ? [place] : []));
  const layout: at.FieldLayout = { field, texts: [...classes.texts], prefixes };

  if (classes.numbers.length > 0 && field.item === undefined) {
    layout.value = memory.doubles(new Float64Array(1));
    doors.numbers.push(classAt, layout.value, firstNumber, ...gridWords(memory, classes.numbers));
  }
  const byClass = filedByClass(own);
  if (byClass.size > 0) {
    const runs = memory.words(Array.from({ length: count }, (_, place) => run(byClass.get(place) ?? [])).flat());
    const ancestors = memory.words(ancestorsOf(slot, byClass));
    // One value meets its own class and all prefixes that begin it, items meet everything.
    doors.most += field.item === undefined ? 1 + prefixes.length : count;
    if (field.item !== undefined) layout.items = { runs, ancestors, numbers: [...classes.numbers] };
    else doors.runs.push(classAt, runs, ancestors, prefixes.length === 0 ? 0 : classes.texts.length);
  }
  const froms = own.flatMap((one) => (one.access?.kind === 'from' ? [{ one, rank: one.access.first }] : []));
  const tos = own.flatMap((one) => (one.access?.kind === 'to' ? [{ one, rank: -one.access.last }] : []));
  const numberClasses = Array.from({ length: count - firstNumber }, (_, n) => firstNumber + n);
  for (const [list, ranks] of [
    [froms, numberClasses],
    [tos, numberClasses.map((one) => -one)],
  ] as const) {
    if (list.length === 0) continue;
    const steps = list.toSorted((a, b) => a.rank - b.rank);
    const [begin] = run(steps.map(({ one }) => one));
    const reached = reachedBy(
      steps.map(({ rank }) => rank),
      ranks,
    );
    doors.ladders.push(classAt, firstNumber, begin, memory.words(reached.map((n) => begin + n)));
    doors.most += 1;
  }
  const presents = own.filter(({ access }) => access?.kind === 'present');
  if (presents.length > 0) {
    doors.presents.push(classAt, ...run(presents));
    doors.most += 1;
  }
  return layout;
};

const filedByClass = (candidates: readonly Candidate[]): Map<number, Candidate[]> => {
  const byClass = new Map<number, Candidate[]>();
  for (const one of candidates) {
    for (const place of one.access?.kind === 'classes' ? one.access.classes : []) {
      const list = byClass.get(place) ?? [];
      list.push(one);
      byClass.set(place, list);
    }
  }
  return byClass;
};

/** What the kernel reads of a grid: [first, last, shift, starts, numbers, steps]. */
const gridWords = (memory: Memory, numbers: Float64Array): number[] => {
  const { first, last, shift, starts, steps } = gridOf(numbers);
  // Nothing is less than NaN or equal to it.
  return [first, last, shift, memory.words(starts), memory.doubles(Float64Array.of(...numbers, Number.NaN)), steps];
};

/** For each text the longest shorter prefix that has candidates, as a class; 0: none. */
const ancestorsOf = ({ classes }: Slot, byClass: ReadonlyMap<number, unknown>): number[] => {
  const parents = parentsOf(classes);
  return classes.texts.map((_, place) => {
    let up = parents[place] ?? -1;
    while (up >= 0 && !byClass.has(FIRST_TEXT + up)) up = parents[up] ?? -1;
    return up < 0 ? 0 : FIRST_TEXT + up;
  });
};

/** For each of `ranks`, ascending or descending, how many of the ascending `steps` are not above it. */
const reachedBy = (steps: readonly number[], ranks: readonly number[]): number[] => {
  const reached = new Map<number, number>();
  let count = 0;
  for (const rank of ranks.toSorted((a, b) => a - b)) {
    while (count < steps.length && (steps[count] as number) <= rank) count += 1;
    reached.set(rank, count);
  }
  return ranks.map((rank) => reached.get(rank) ?? 0);
};
