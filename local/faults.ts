/**
 * Shares (0 to 1) of what goes wrong, on purpose and repeatably: batches delivered again although they succeeded, and
 * environments that die before the handler has run, or after it has done everything. @default 0
 */
export type FaultRates = { duplicateBatch?: number; crashBefore?: number; crashAfter?: number };
export type Faults = (kind: keyof FaultRates) => boolean;

export const noFaults: Faults = () => false;

/** The same seed and the same order of questions give the same faults. Generator: mulberry32. */
export const seededFaults = (seed: number, rates: FaultRates): Faults => {
  let state = seed | 0;
  return (kind) => {
    const rate = rates[kind] ?? 0;
    if (rate === 0) return false;
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 < rate;
  };
};
