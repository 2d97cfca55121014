import { type Candidate, candidatesOf, type Residual } from './candidates.ts';
import { type ClassSet, FIRST_TEXT, firstNumberOf, parentsOf } from './classes.ts';
import { gridOf } from './grid.ts';
import {
  ALWAYS,
  CANDIDATES,
  CLASSES,
  type FieldLayout,
  FOUND,
  GROUP,
  type Index,
  LADDERS,
  MET,
  MORE,
  NARROW,
  NO_BITS,
  NO_CHECK,
  NO_REST,
  NUMBERS,
  PASSED,
  PRESENTS,
  REST,
  RUNS,
  SHUFFLES,
} from './layout.ts';
import { layOutMemory, type Memory } from './memory.ts';
import { type NumberedConjunction, type Slot, slotsOf } from './slots.ts';

type Run = [begin: number, end: number];

/** Lays out the index of the conjunctions of one event type, as layout.ts describes it. `rules`: how many there are. */
export const buildIndex = (conjunctions: readonly NumberedConjunction[], rules: number): Index => {
  const bySlot = slotsOf(conjunctions);
  const slots = [...bySlot.values()];
  const { candidates, opaques } = candidatesOf(conjunctions, bySlot);
  const memory = layOutMemory();
  const header = memory.words(new Int32Array(CLASSES / 4));
  memory.words(new Int32Array(Math.max(1, slots.length)));
  [1, ...NO_BITS, ...NO_CHECK, NO_REST + 28, 0].forEach((word, n) => {
    memory.set(header + NO_REST + 4 * n, word);
  });

  const rests = restWriter(memory);
  /** The check that every class passes. Without a slot there is a class 0 all the same. */
  const any: Check = { slot: { slot: 0 } as Slot, first: 0, span: -1 };
  const times = Map.groupBy(candidates, ({ rule }) => rule);
  /** A rule that can be found in several ways must be told only once. */
  const isFoundTwice = ({ rule, access }: Candidate) =>
    (times.get(rule)?.length ?? 0) > 1 || access?.slot.field.item !== undefined;
  const encoded = new Map(candidates.map((one) => [one, encode(one, isFoundTwice(one), rests, any)]));
  const places: (Candidate | undefined)[] = [];
  /** A run that would not end in its group begins a new one, so that there are few groups to look at. */
  const write = (list: readonly Candidate[]): Run => {
    const room = GROUP - (places.length % GROUP);
    if (list.length > room && room < GROUP) places.push(...Array.from({ length: room }, () => undefined));
    const begin = places.length;
    for (const one of list) places.push(one);
    return [begin, places.length];
  };

  const ownOf = Map.groupBy(candidates, ({ access }) => access?.slot);
  const always = write(ownOf.get(undefined) ?? []);
  const runs: number[] = [];
  const ladders: number[] = [];
  const presents: number[] = [];
  const numbers: number[] = [];
  /** How many runs one event may meet at most. */
  let most = 1;
  const fields = slots.map((slot): FieldLayout => {
    const { field, classes, count } = slot;
    const at = CLASSES + 4 * slot.slot;
    const own = ownOf.get(slot) ?? [];
    const layout: FieldLayout = {
      field,
      texts: [...classes.texts],
      prefixes: classes.isPrefix.flatMap((is, place) => (is ? [place] : [])),
    };
    const byClass = new Map<number, Candidate[]>();
    for (const one of own) {
      if (one.access?.kind !== 'classes') continue;
      for (const place of one.access.classes) byClass.set(place, [...(byClass.get(place) ?? []), one]);
    }
    if (byClass.size > 0) {
      const written = Array.from({ length: count }, (_, place) => write(byClass.get(place) ?? []));
      const table = memory.words(written.flat());
      const ancestors = memory.words(ancestorsOf(slot, byClass));
      if (field.item === undefined) runs.push(at, table, ancestors, classes.texts.length);
      else layout.items = { runs: table, ancestors, numbers: [...classes.numbers] };
      // Of one value: its own class and all that begin it. Of many items: all.
      most += field.item === undefined ? 1 + layout.prefixes.length : count;
    }
    if (classes.numbers.length > 0 && field.item === undefined) {
      layout.value = memory.doubles(new Float64Array(1));
      numbers.push(at, layout.value, ...gridWords(memory, classes.numbers, firstNumberOf(classes)));
    }
    const froms = own.flatMap((one) => (one.access?.kind === 'from' ? [{ one, rank: one.access.first }] : []));
    const tos = own.flatMap((one) => (one.access?.kind === 'to' ? [{ one, rank: -one.access.last }] : []));
    for (const [list, sign] of [[froms, 1], [tos, -1]] as const) {
      if (list.length === 0) continue;
      const sorted = list.toSorted((a, b) => a.rank - b.rank);
      const [begin] = write(sorted.map(({ one }) => one));
      const ends = endsOf(sorted.map(({ rank }) => rank), numberRanks(slot, sign));
      ladders.push(at, firstNumberOf(classes), begin, memory.words(ends.map((n) => begin + n)));
      most += 1;
    }
    const present = own.filter(({ access }) => access?.kind === 'present');
    if (present.length > 0) presents.push(at, ...write(present));
    most += Number(present.length > 0);
    return layout;
  });

  const table = (address: number, words: readonly number[]) => {
    memory.set(header + address, memory.words(words));
    memory.set(header + address + 4, memory.end());
  };
  table(NUMBERS, numbers);
  table(RUNS, runs);
  table(LADDERS, ladders);
  table(PRESENTS, presents);
  memory.set(header + ALWAYS, always[0]);
  memory.set(header + ALWAYS + 4, always[1]);
  memory.set(header + SHUFFLES, memory.words(shuffles()));
  memory.set(header + CANDIDATES, groups(memory, places.map((one) => one && encoded.get(one))));
  // Scratch space: one place more than there may be, for a number is written before it is known whether it stays.
  const scratch = [[FOUND, rules + 1], [PASSED, places.length + 8], [MET, 2 * (most + 1)]] as const;
  let bytes = memory.end();
  for (const [address, words] of scratch) {
    memory.set(header + address, bytes);
    bytes += 4 * words;
  }
  return { layout: { fields, opaques, bytes }, words: memory.toWords() };
};

const gridWords = (memory: Memory, numbers: Float64Array, firstNumber: number): number[] => {
  const { first, last, shift, starts, steps } = gridOf(numbers);
  return [
    firstNumber,
    first,
    last,
    shift,
    memory.words(starts),
    // Nothing is less than NaN or equal to it.
    memory.doubles(Float64Array.of(...numbers, Number.NaN)),
    steps,
  ];
};

/** For each text the longest shorter prefix that has candidates, as a class; 0: none. */
const ancestorsOf = ({ classes }: Slot, byClass: ReadonlyMap<number, unknown>): number[] => {
  const parents = parentsOf(classes);
  return classes.texts.map((_, at) => {
    let up = parents[at] ?? -1;
    while (up >= 0 && !byClass.has(FIRST_TEXT + up)) up = parents[up] ?? -1;
    return up < 0 ? 0 : FIRST_TEXT + up;
  });
};

/** Classes of numbers, negative where a ladder goes down. */
const numberRanks = ({ classes, count }: Slot, sign: 1 | -1): number[] =>
  Array.from({ length: count - firstNumberOf(classes) }, (_, n) => sign * (firstNumberOf(classes) + n));

/** For each of `ranks` how many of the ascending `steps` are not above it. */
const endsOf = (steps: readonly number[], ranks: readonly number[]): number[] => {
  const ends = new Map<number, number>();
  let reached = 0;
  for (const rank of ranks.toSorted((a, b) => a - b)) {
    while (reached < steps.length && (steps[reached] as number) <= rank) reached += 1;
    ends.set(rank, reached);
  }
  return ranks.map((rank) => ends.get(rank) ?? 0);
};

type Check = { slot: Slot; first: number; span: number };
type Encoded = { checks: [Check, Check]; tail: number };
const isNarrow = ({ slot }: { slot: Slot }): boolean => slot.count < NARROW && 4 * slot.slot < NARROW;

/** What a candidate has room for, and where the rest is. */
const encode = ({ rule, residuals }: Candidate, isFoundTwice: boolean, writeRest: RestWriter, any: Check): Encoded => {
  const narrow = residuals.flatMap((one) => (one.kind === 'check' && isNarrow(one) ? [one] : []));
  const left = residuals.filter((residual) => !narrow.slice(0, 2).some((known) => known === residual));
  /** Where there is room, the range around the classes of a bit check is checked before. */
  const hulls = left.flatMap((one) => (one.kind === 'bits' && isNarrow(one) ? [hullOf(one)] : []));
  const [one = any, other = any] = [...narrow, ...hulls];
  return { checks: [one, other], tail: left.length === 0 && !isFoundTwice ? rule : writeRest(rule, left) | REST };
};

const hullOf = ({ slot, set }: Extract<Residual, { kind: 'bits' }>): Check => {
  const first = set[0]?.[0] ?? 0;
  return { slot, first, span: (set.at(-1)?.[1] ?? first) - first };
};

/** For each set of four words the bytes that bring those in it to the front. */
const shuffles = (): number[] =>
  Array.from({ length: 16 }, (_, set) => {
    const kept = [0, 1, 2, 3].filter((word) => (set >> word) & 1);
    return [0, 1, 2, 3].map((place) => (kept[place] ?? 0) * 0x0404_0404 + 0x0302_0100);
  }).flat();

/** Writes the groups of candidates, 16 bits for the parts of checks and 32 for tails; gives the address. */
const groups = (memory: Memory, places: readonly (Encoded | undefined)[]): number => {
  memory.align(128);
  const address = memory.end();
  const halves = (list: readonly number[]) => Array.from({ length: GROUP / 2 }, (_, n) => ((list[2 * n] ?? 0) & 0xffff) | ((list[2 * n + 1] ?? 0) << 16));
  for (let at = 0; at < places.length; at += GROUP) {
    const own = places.slice(at, at + GROUP);
    for (const which of [0, 1] as const) {
      memory.words(halves(own.map((one) => 4 * (one?.checks[which].slot.slot ?? 0))));
      memory.words(halves(own.map((one) => one?.checks[which].first ?? 0)));
      memory.words(halves(own.map((one) => one?.checks[which].span ?? 0)));
    }
    memory.words(Array.from({ length: GROUP }, (_, n) => own[n]?.tail ?? 0));
  }
  return address;
};

type RestWriter = (rule: number, residuals: readonly Residual[]) => number;

/** Writes what a candidate has no room for; gives the address. */
const restWriter = (memory: Memory): RestWriter => {
  const bitmaps = new Map<string, number>();
  const bitsOf = (set: ClassSet, count: number): number => {
    const key = `${count} ${set.join(' ')}`;
    const known = bitmaps.get(key);
    if (known !== undefined) return known;
    const bits = new Int32Array(Math.ceil(count / 32));
    for (const [first, last] of set) {
      for (let at = first; at <= last; at += 1) bits[at >>> 5] = (bits[at >>> 5] ?? 0) | (1 << (at & 31));
    }
    const address = memory.words(bits);
    bitmaps.set(key, address);
    return address;
  };
  const stamps = new Map<number, number>();
  return (rule, residuals) => {
    const where = ({ slot }: Slot) => CLASSES + 4 * slot;
    const checks = residuals.flatMap((one) => (one.kind === 'check' ? [where(one.slot), one.first, one.span] : []));
    const bits = residuals.flatMap((one) => (one.kind === 'bits' ? [where(one.slot), bitsOf(one.set, one.slot.count)] : []));
    const opaques = residuals.flatMap((one) => (one.kind === 'opaque' ? [one.number, Number(one.not)] : []));
    const [bitCheck, check] = [bits.length > 0 ? bits.splice(0, 2) : NO_BITS, checks.length > 0 ? checks.splice(0, 3) : NO_CHECK];
    const more = [...checks, ...bits, ...opaques];
    memory.align(32);
    const stamp = stamps.get(rule) ?? memory.end() + 28;
    stamps.set(rule, stamp);
    const endOfChecks = memory.end() + 44 + 4 * checks.length;
    const ends = [endOfChecks, endOfChecks + 4 * bits.length, opaques.length / 2];
    const address = memory.words([rule, ...bitCheck, ...check, stamp, 0, ...(more.length > 0 ? [...ends, ...more] : [])]);
    return more.length > 0 ? address | MORE : address;
  };
};
