import { seededRandom } from './random.ts';

/**
 * Shares (0 to 1) of what goes wrong, on purpose and repeatably: batches delivered again although they succeeded, and
 * environments that die before the handler has run, or after it has done everything. @default 0
 */
export type FaultRates = { duplicateBatch?: number; crashBefore?: number; crashAfter?: number };
/** How many of each were injected. */
export type FaultCounts = Partial<Record<keyof FaultRates, number>>;
export type Faults = (kind: keyof FaultRates) => boolean;

export const noFaults: Faults = () => false;

/** The same seed and the same order of questions give the same faults. */
export const seededFaults = (seed: number, rates: FaultRates, injected: FaultCounts = {}): Faults => {
  const random = seededRandom(seed);
  return (kind) => {
    const rate = rates[kind] ?? 0;
    const hit = rate > 0 && random() < rate;
    if (hit) injected[kind] = (injected[kind] ?? 0) + 1;
    return hit;
  };
};
