import type { Candidate, Residual } from './candidates.ts';
import { GROUP, GROUP_BYTES, NARROW } from './layout.ts';
import type { Memory } from './memory.ts';
import type { RestWriter } from './rests.ts';
import type { Slot } from './slots.ts';

/** Candidates side by side: numbers, the end not included. */
export type Run = [begin: number, end: number];

type Check = { slot: number; first: number; span: number };
type Encoded = { checks: readonly [Check, Check]; tail: number };
/** Every class passes. Slot 0 is there even if no field is. */
const ANY: Check = { slot: 0, first: 0, span: -1 };

/** Gathers candidates and writes them in groups. One may be in several runs. */
export const gatherGroups = (memory: Memory, encode: (candidate: Candidate) => Encoded) => {
  const known = new Map<Candidate, Encoded>();
  const places: (Encoded | undefined)[] = [];
  const encoded = (candidate: Candidate): Encoded => {
    const one = known.get(candidate) ?? encode(candidate);
    known.set(candidate, one);
    return one;
  };
  return {
    /** A run that would not end in its group begins a new one, so that few groups have to be looked at. */
    run: (candidates: readonly Candidate[]): Run => {
      const room = GROUP - (places.length % GROUP);
      if (candidates.length > room && room < GROUP) for (let n = 0; n < room; n += 1) places.push(undefined);
      const begin = places.length;
      for (const one of candidates) places.push(encoded(one));
      return [begin, places.length];
    },
    /** How many places there are in all runs and between them. */
    count: (): number => places.length,
    /** Gives the address of the groups. */
    write: (): number => {
      memory.align(GROUP_BYTES);
      const address = memory.end();
      for (let at = 0; at < places.length; at += GROUP) memory.words(groupWords(places.slice(at, at + GROUP)));
      return address;
    },
  };
};

const groupWords = (places: readonly (Encoded | undefined)[]): number[] => {
  const all = Array.from({ length: GROUP }, (_, n) => places[n]);
  const halves = ([0, 1] as const).flatMap((which) => {
    const checks = all.map((one) => one?.checks[which] ?? ANY);
    return [checks.map(({ slot }) => 4 * slot), checks.map(({ first }) => first), checks.map(({ span }) => span)];
  });
  return [...halves.flatMap(packed), ...all.map((one) => one?.tail ?? 0)];
};

/** Two integers of 16 bits to a word, the first in its lower half. */
const packed = (halves: readonly number[]): number[] =>
  Array.from(
    { length: halves.length / 2 },
    (_, n) => ((halves[2 * n] ?? 0) & 0xffff) | ((halves[2 * n + 1] ?? 0) << 16),
  );

/** Finds room for the two checks that hold least likely, and writes the rest. */
export const encoder =
  (isFoundTwice: (candidate: Candidate) => boolean, writeRest: RestWriter) =>
  (candidate: Candidate): Encoded => {
    const { rule, residuals } = candidate;
    const narrow = residuals.flatMap((one) => (one.kind === 'check' && isNarrow(one.slot) ? [one] : [])).slice(0, 2);
    const rest = residuals.filter((one) => !narrow.some((known) => known === one));
    // Where there is room, the range around the classes of a bit check is checked before.
    const hulls = rest.flatMap((one) => (one.kind === 'bits' && isNarrow(one.slot) ? [hullOf(one)] : []));
    const [one = ANY, other = ANY] = [...narrow.map(({ slot, ...check }) => ({ ...check, slot: slot.slot })), ...hulls];
    return { checks: [one, other], tail: rest.length === 0 && !isFoundTwice(candidate) ? rule : writeRest(rule, rest) };
  };

const isNarrow = ({ slot, count }: Slot): boolean => count < NARROW && 4 * slot < NARROW;

const hullOf = ({ slot: { slot }, set }: Extract<Residual, { kind: 'bits' }>): Check => {
  const first = set[0]?.[0] ?? 0;
  return { slot, first, span: (set.at(-1)?.[1] ?? first) - first };
};

/** For each set of four words the order of bytes that brings those in it to the front. */
export const shuffles = (): number[] =>
  Array.from({ length: 16 }, (_, set) => {
    const kept = [0, 1, 2, 3].filter((word) => (set >> word) & 1);
    return [0, 1, 2, 3].map((place) => (kept[place] ?? 0) * 0x0404_0404 + 0x0302_0100);
  }).flat();
