import type { Condition } from '../condition.ts';
import type { Field } from './test.ts';

/**
 * The index of one event type: `words` is the beginning of the memory of the kernel (kernel.wat), which finds the matches in
 * it; `layout` is what the code around the kernel needs. Addresses are in bytes; integers are 32 bits and little-endian
 * where nothing else is said.
 *
 * The memory begins with the HEADER, where the kernel finds everything, and the class of each slot's value, which is written for
 * each event (CLASSES). Then come, in any order, these tables:
 *
 * - numbers: for each slot of which numbers are mentioned a Grid (grid.ts) that turns a number into its class
 *   [class address, address of the value, class of the first number, first key, last key, shift, starts, numbers, steps]
 * - doors, by which an event comes to candidates. A run is [first candidate, end], two addresses.
 *   runs: [class address, address of runs by class, address of ancestors by text, texts]: the candidates of class c are
 *   between the c-th address there and the next. Each text has the next shorter prefix that has candidates, as a class, or 0.
 *   ladders: [class address, class of the first number, first candidate, ends by class]: the candidates of ranges that begin
 *   (end) at a number, of which those up to an end are reached.
 *   presents: [class address, run]: candidates that every value meets.
 * - candidates: a conjunction in one place where an event may meet it. Two checks and a tail, CANDIDATE bytes:
 *   [slot, first, span] twice, 16 bits each, and 32 bits: the number of the rule that then holds, or, with the highest bit
 *   set, the address of a rest.
 * - rests: [rule, end of the checks, end of the bit checks, opaque conditions], then the checks, [class address, first, span]
 *   each, the bit checks, [class address, address of bits of which the class must have one] each, and the opaque
 *   conditions, [number, 1 when it must not hold] each.
 *
 * A check holds when class - first <= span, both unsigned. That is one comparison for first <= class <= first + span; and
 * with a negative span, which is a huge one when unsigned, the same comparison says that the class is not in a gap that ends
 * before `first`.
 */
export type Index = { layout: IndexLayout; words: Int32Array };

/** The part of an index that is JSON. */
export type IndexLayout = {
  /** By slot. */
  fields: FieldLayout[];
  opaques: Condition[];
  /** How much memory the kernel needs: the words, and its scratch space behind them. */
  bytes: number;
};

export type FieldLayout = {
  field: Field;
  texts: string[];
  /** Which texts are prefixes. */
  prefixes: number[];
  /** Where numbers are mentioned: the address for the value. */
  value?: number;
  /** For fields of items, whose runs are looked up outside of the kernel: addresses as in a door of runs. */
  items?: { runs: number; ancestors: number; numbers: number[] };
};

/** Addresses in the header. The first eight are of tables, [begin, end] each. */
export const NUMBERS = 0;
export const RUNS = 8;
export const LADDERS = 16;
export const PRESENTS = 24;
/** A run that every event meets: [begin, end]. */
export const ALWAYS = 32;
/** Scratch space of the kernel: numbers of the rules found, tails of the candidates that passed, when a rule was told last. */
export const FOUND = 40;
export const PASSED = 44;
/** Written by the kernel: how many candidates are left whose opaque conditions must be asked; their rests are at PASSED. */
export const LEFT = 52;
/** Where the runs begin that the event meets, those of items, which are there already, first. */
export const MET = 56;

/** Where the groups of candidates are. */
export const CANDIDATES = 60;
/** The rest of what has none: a record that passes. */
export const NO_REST = 64;
/** The checks of a rest that needs none. They look at words of NO_REST: a class 0, and bits that have it. */
export const NO_BITS = [NO_REST + 28, NO_REST] as const;
export const NO_CHECK = [NO_REST + 28, 0, -1] as const;

/** Where the orders of bytes are that move some of four words to the front: 16 bytes for each set of them. */
export const SHUFFLES = 96;

export const CLASSES = 112;
/** Written in the place of a class: the value is the number at its address. */
export const IS_NUMBER = -1;

/** Candidates are in groups of eight: the slots of their first checks, what is first, the spans, the same again, the tails. */
export const GROUP = 8;
/** Bits of a tail that is the address of a rest, and of one that has more than a rest always has. */
export const REST = 0x8000_0000 | 0;
export const MORE = 0x4000_0000;
/** Checks of candidates have 16 bits: classes and four times the slot are below this. */
export const NARROW = 0x1_0000;
