import type { Residual } from './candidates.ts';
import type { ClassSet } from './classes.ts';
import { CLASSES, MORE, NO_BITS, NO_CHECK, REST } from './layout.ts';
import type { Memory } from './memory.ts';
import type { Slot } from './slots.ts';

/** Writes what a candidate of the rule has no room for; gives the tail that leads there. */
export type RestWriter = (rule: number, residuals: readonly Residual[]) => number;

export const restWriter = (memory: Memory): RestWriter => {
  const bitmaps = new Map<string, number>();
  const stamps = new Map<number, number>();
  /** Address of the bits of a set of classes. */
  const bitsOf = (set: ClassSet, { count }: Slot): number => {
    const key = `${count} ${set.join(' ')}`;
    const known = bitmaps.get(key);
    if (known !== undefined) return known;
    const bits = new Int32Array(Math.ceil(count / 32));
    for (const [first, last] of set) {
      for (let at = first; at <= last; at += 1) bits[at >>> 5] = (bits[at >>> 5] as number) | (1 << (at & 31));
    }
    const address = memory.words(bits);
    bitmaps.set(key, address);
    return address;
  };
  const classAt = ({ slot }: Slot): number => CLASSES + 4 * slot;

  return (rule, residuals) => {
    const checks = residuals.flatMap((one) => (one.kind === 'check' ? [[classAt(one.slot), one.first, one.span]] : []));
    const bits = residuals.flatMap((one) =>
      one.kind === 'bits' ? [[classAt(one.slot), bitsOf(one.set, one.slot)]] : [],
    );
    const opaques = residuals.flatMap((one) => (one.kind === 'opaque' ? [one.number, Number(one.not)] : []));
    const [bitCheck = NO_BITS, ...moreBits] = bits;
    const [check = NO_CHECK, ...moreChecks] = checks;
    // Two rests a cache line, none in two.
    memory.align(32);
    const address = memory.end();
    const stamp = stamps.get(rule) ?? address + 28;
    stamps.set(rule, stamp);
    memory.words([rule, ...bitCheck, ...check, stamp, 0]);
    if (moreBits.length + moreChecks.length + opaques.length === 0) return address | REST;
    const endOfChecks = address + 44 + 12 * moreChecks.length;
    memory.words([endOfChecks, endOfChecks + 8 * moreBits.length, opaques.length / 2]);
    memory.words([...moreChecks.flat(), ...moreBits.flat(), ...opaques]);
    return address | REST | MORE;
  };
};
