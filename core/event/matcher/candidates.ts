import type { Condition } from '../condition.ts';
import { type ClassSet, complement, FIRST_TEXT, firstNumberOf, intersection } from './classes.ts';
import type { NumberedConjunction, Slot } from './slots.ts';
import type { Field, FieldTest, ValueTest } from './test.ts';

/** Where a candidate is filed: under classes of a value, under an end of a range, or under any value at all. */
export type Access = { slot: Slot; share: number; exact: boolean } & (
  | { kind: 'classes'; classes: number[] }
  | { kind: 'from'; first: number }
  | { kind: 'to'; last: number }
  | { kind: 'present' }
);

/** What must hold of a candidate besides. `share`: how likely it does. A check is as in layout.ts. */
export type Residual = { share: number } & (
  | { kind: 'check'; slot: Slot; first: number; span: number }
  | { kind: 'bits'; slot: Slot; set: ClassSet }
  | { kind: 'opaque'; number: number; not: boolean }
);

/** A conjunction with its place in the index; without one, every event meets it. */
export type Candidate = { rule: number; access: Access | undefined; residuals: Residual[] };

/**
 * Files each conjunction once under the one of its tests that fewest events should satisfy, its access test; an event then
 * meets only conjunctions whose access test it satisfies, and checks what is left of them, the least likely first. (Fabret et
 * al., "Filtering algorithms and implementation for very fast publish/subscribe systems", SIGMOD 2001; classes of values as
 * in Whang et al., "Indexing Boolean expressions", VLDB 2009.) Conjunctions that nothing satisfies are left out.
 */
export const candidatesOf = (
  conjunctions: readonly NumberedConjunction[],
  slots: ReadonlyMap<string, Slot>,
): { candidates: Candidate[]; opaques: Condition[] } => {
  const opaques = new Map<string, { number: number; condition: Condition }>();
  const opaqueNumber = (condition: Condition): number => {
    const key = JSON.stringify(condition);
    const known = opaques.get(key) ?? { number: opaques.size, condition };
    opaques.set(key, known);
    return known.number;
  };
  const slotOf = (field: Field): Slot => slots.get(JSON.stringify(field)) as Slot;

  const candidateOf = ({ rule, tests }: NumberedConjunction): Candidate | undefined => {
    const residuals: Residual[] = [];
    const accesses: Access[] = [];
    const bySlot = new Map<Slot, (FieldTest & { not: boolean })[]>();
    for (const test of tests) {
      if ('field' in test) {
        const slot = slotOf(test.field);
        bySlot.set(slot, [...(bySlot.get(slot) ?? []), test]);
        continue;
      }
      residuals.push({ kind: 'opaque', share: 2, number: opaqueNumber(test.opaque), not: test.not });
      if (!test.implied) continue;
      const slot = slotOf(test.implied.field);
      const implied = accessesOf(slot, test.implied.test, allOf(slot));
      accesses.push(...implied.map((one) => ({ ...one, exact: false })));
    }
    for (const [slot, own] of bySlot) {
      const sets = own.map(({ test, not }) => (not ? complement(slot.setOf(test), slot.count) : slot.setOf(test)));
      const set = sets.reduce(intersection, allOf(slot));
      if (set.length === 0) return undefined;
      const shares = own.map(({ test, not }) => (not ? 1 - slot.selectivity(test) : slot.selectivity(test)));
      residuals.push(residualOf(slot, set, Math.min(...shares)));
      for (const { test, not } of own) {
        if (!not) accesses.push(...accessesOf(slot, test, set));
        else if (test.kind === 'exists')
          accesses.push({ kind: 'classes', classes: [0], slot, share: 0.3, exact: true });
      }
    }
    const [access] = accesses.sort((a, b) => a.share - b.share);
    const settled = access?.exact ? access.slot : undefined;
    return {
      rule,
      access,
      residuals: residuals
        .filter((one) => one.kind === 'opaque' || one.slot !== settled)
        .sort((a, b) => a.share - b.share),
    };
  };
  const candidates = conjunctions.flatMap((one) => candidateOf(one) ?? []);
  return { candidates, opaques: [...opaques.values()].map(({ condition }) => condition) };
};

const allOf = ({ count }: Slot): ClassSet => [[0, count - 1]];

/** That the class is one of the set's. */
const residualOf = (slot: Slot, set: ClassSet, share: number): Residual => {
  const [one, other] = set;
  if (one && !other) return { kind: 'check', slot, share, first: one[0], span: one[1] - one[0] };
  const [gap, more] = complement(set, slot.count);
  if (!gap || more) return { kind: 'bits', slot, share, set };
  // From behind the gap round all 2^32 integers to the one before it.
  return { kind: 'check', slot, share, first: gap[1] + 1, span: -(gap[1] - gap[0] + 2) };
};

/** The ways in which a test can find its conjunction. `set` is what the conjunction allows of the field in all. */
const accessesOf = (slot: Slot, test: ValueTest, set: ClassSet): Access[] => {
  const share = slot.selectivity(test);
  const allows = (at: number) => set.some(([first, last]) => at >= first && at <= last);
  const isWhole = (first: number, last: number) => set.length === 1 && set[0]?.[0] === first && set[0][1] === last;
  const { count, classes, setOf } = slot;
  if (test.kind === 'among') {
    const own = setOf(test).flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, n) => first + n));
    return [{ kind: 'classes', classes: own.filter(allows), slot, share, exact: true }];
  }
  if (test.kind === 'prefix') {
    const [[first, last] = [FIRST_TEXT, FIRST_TEXT]] = setOf(test);
    // Values of longer prefixes and texts climb to this class, so one place is enough.
    return [{ kind: 'classes', classes: [first], slot, share, exact: isWhole(first, last) }];
  }
  if (test.kind === 'range') {
    const [range] = setOf(test);
    if (!range) return [];
    const [first, last] = range;
    const lower = slot.selectivity({ ...test, to: Number.POSITIVE_INFINITY });
    const upper = slot.selectivity({ ...test, from: Number.NEGATIVE_INFINITY });
    return [
      { kind: 'from' as const, first, slot, share: lower, exact: isWhole(first, count - 1) },
      { kind: 'to' as const, last, slot, share: upper, exact: isWhole(firstNumberOf(classes), last) },
    ];
  }
  const exact = test.kind === 'exists' && isWhole(1, count - 1);
  return [{ kind: 'present', slot, share: Math.max(share, 0.7), exact }];
};
