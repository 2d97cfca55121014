import type { Condition } from '../condition.ts';
import type { Field } from './test.ts';

/**
 * The index of one event type: `words` is the beginning of the memory of the kernel (kernel.wat), which finds the matches in
 * it; `layout` is what the code around the kernel needs. Addresses are in bytes. Words have 32 bits and are little-endian.
 *
 * The memory begins with the header, by which the kernel finds everything, and a word for each slot, for the class of its
 * value (CLASSES). Then come these tables, and behind the words the kernel's scratch space:
 *
 * - numbers: for each slot of which numbers are mentioned what turns a number into its class (grid.ts):
 *   [address of the class, address of the value, class of the first number, first key, last key, shift, starts, numbers, steps]
 * - doors, by which an event comes to candidates. A run is two words, [first candidate, end].
 *   runs: [address of the class, runs by class, ancestors, texts]. For each text there is the next shorter prefix that has
 *   candidates, as a class, or 0; `texts` is their number, or 0 where nothing is a prefix.
 *   ladders: [address of the class, class of the first number, first candidate, ends by class of numbers]: candidates of
 *   ranges by the number where they begin (or end), of which those up to an end are met.
 *   presents: [address of the class, run]: candidates that any value meets.
 * - candidates: conjunctions, each in the places where an event may meet it. They have two checks and a tail and are in groups
 *   of eight: the slots of the first checks (4 × slot), what is `first`, the spans, 16 bits each; the same of the second
 *   checks; the tails, 32 bits each. A tail is the number of the rule, or the address of a rest with the bit REST.
 * - rests, of candidates that have more to check or whose rule has several candidates:
 *   [rule, a bit check, a check, address of the stamp, stamp]. The stamp is of the rule; it is the event for which the rule was
 *   told last. Where the tail has the bit MORE there follow [end of the checks, end of the bit checks, number of opaque
 *   conditions], then these: checks, bit checks, and [opaque condition, 1 when it must not hold] each.
 *
 * A check is [address of the class, first, span], and holds when class - first <= span, as unsigned integers. For a range that is
 * one comparison where there would be two; and with a negative span, which is a huge one when unsigned, it says that the
 * class is not in a gap that ends before `first`. A bit check is [address of the class, address of bits of which it must
 * have one].
 */
export type Index = { layout: IndexLayout; words: Int32Array };

/** The part of an index that is JSON. */
export type IndexLayout = {
  /** By slot. */
  fields: FieldLayout[];
  opaques: Condition[];
  /** How much memory the kernel needs. */
  bytes: number;
};

export type FieldLayout = {
  field: Field;
  texts: string[];
  /** Which texts are prefixes. */
  prefixes: number[];
  /** Where numbers are mentioned: the address for the value. */
  value?: number;
  /** Of items of a list, whose runs are looked up outside of the kernel. Addresses as in a door of runs. */
  items?: { runs: number; ancestors: number; numbers: number[] };
};

/** Addresses in the header. Of tables, [begin, end] each; ALWAYS is a run that every event meets. */
export const NUMBERS = 0;
export const RUNS = 8;
export const LADDERS = 16;
export const PRESENTS = 24;
export const ALWAYS = 32;
/** Scratch space: the rules found, the tails of the candidates that passed, the runs that the event meets. */
export const FOUND = 40;
export const PASSED = 44;
export const MET = 48;
/** Written by the kernel: how many candidates still have opaque conditions to hold. Their rests are at PASSED. */
export const LEFT = 52;
export const CANDIDATES = 56;
/** For each set of four words, as bits, the order of 16 bytes that brings those in it to the front. */
export const SHUFFLES = 60;
/** A class that is 0 and bits that have it, for checks that always hold. */
export const ZERO = 64;
export const ONE = 68;
export const NO_BITS = [ZERO, ONE] as const;
export const NO_CHECK = [ZERO, 0, -1] as const;

export const CLASSES = 72;
/** Written in the place of a class: the value is the number at its address. */
export const IS_NUMBER = -1;

export const GROUP = 8;
export const GROUP_BYTES = 128;
/** What checks of candidates can say in 16 bits: classes and four times slots below this. */
export const NARROW = 0x1_0000;
export const REST = 0x8000_0000 | 0;
export const MORE = 0x4000_0000;
