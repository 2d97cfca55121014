import { seededRandom } from '../../local/random.ts';
import { makePairs, type Pair } from './documents.ts';
import { BOOLEANS, NUMBERS, OPTIONAL, PREFIXES, TEXTS } from './fields.ts';
import { type BenchCondition, type BenchLeaf, type BenchRule, conditionHolds, fieldAt } from './rule.ts';
import { below, draw, pick, type Random } from './vocabulary.ts';

/** `mixed`: ten event types, a tenth of the rules for that of the events. `shared`: all rules for that one type. */
export type Variant = 'mixed' | 'shared';

const EVENT_TYPES =
  'order.placed page.viewed cart.updated product.viewed email.opened email.clicked signup.completed subscription.renewed review.posted refund.issued'.split(
    ' ',
  );
/** Limits as people set them: amounts to the whole, hundreds and more to the ten, dates to the millisecond. */
const rounded = (value: number): number => {
  if (value >= 1e6) return value;
  if (value > 1_000) return Math.round(value / 10) * 10;
  return value > 50 ? Math.round(value) : value;
};

type Sample = { pairs: Pair[]; sorted: Map<string, number[]> };
const sampleOf = (pairs: Pair[]): Sample => ({
  pairs,
  sorted: new Map(
    NUMBERS.map((field) => [field, pairs.map((pair) => fieldAt(pair, field) as number).sort((a, b) => a - b)]),
  ),
});

/** One condition. The limits of ranges are values that occur, so that they divide the events. */
const makeLeaf = (random: Random, { sorted }: Sample): BenchLeaf => {
  const kind = random();
  if (kind < 0.33) {
    const f = pick(random, NUMBERS);
    const quantile = 0.1 + 0.8 * random();
    const above = random() < 0.6;
    const v = rounded(sorted.get(f)?.[(quantile * 299) | 0] ?? 0);
    const inclusive = random() < 0.5;
    return { op: above ? (inclusive ? 'gte' : 'gt') : inclusive ? 'lt' : 'lte', f, v };
  }
  if (kind < 0.58) {
    const [f, values] = pick(random, TEXTS);
    return { op: 'eq', f, v: draw(random, values) };
  }
  if (kind < 0.78) {
    const [f, values] = pick(random, TEXTS);
    const count = 2 + below(random, 4);
    return { op: 'in', f, v: [...new Set(Array.from({ length: count }, () => draw(random, values)))] };
  }
  if (kind < 0.83) {
    const [f, values] = pick(random, TEXTS);
    return { op: 'ne', f, v: draw(random, values) };
  }
  if (kind < 0.87) return { op: 'eq', f: pick(random, BOOLEANS), v: random() < 0.6 };
  if (kind < 0.94) {
    const [f, prefixes] = pick(random, PREFIXES);
    return { op: 'prefix', f, v: pick(random, prefixes) };
  }
  return { op: random() < 0.7 ? 'exists' : 'missing', f: pick(random, OPTIONAL) };
};

/** The event type and one to four conditions more, some of them in an `any`. */
const makeConditions = (random: Random, type: string, sample: Sample): BenchCondition[] => {
  const conditions: BenchCondition[] = [];
  let left = 1 + below(random, 4);
  while (left > 0) {
    if (left < 2 || random() >= 0.18) {
      conditions.push(makeLeaf(random, sample));
      left -= 1;
      continue;
    }
    const first = makeLeaf(random, sample);
    const both = left >= 3 && random() < 0.4;
    const second = makeLeaf(random, sample);
    conditions.push({ any: [first, both ? { all: [second, makeLeaf(random, sample)] } : second] });
    left -= both ? 3 : 2;
  }
  return [{ op: 'eq', f: 'event.type', v: type }, ...conditions];
};

/**
 * `count` rules of which an event matches about 1.2 %: rules of the events' type that match too many or none of 300 sample
 * events are drawn again. The same for the same seed.
 */
export const makeRules = (count: number, variant: Variant, seed = 42): BenchRule[] => {
  const random = seededRandom(seed);
  const sample = sampleOf(makePairs(300, 99));
  const shared = variant === 'shared';
  const usual = EVENT_TYPES[0]!;
  const others = EVENT_TYPES.slice(1);
  const rules: BenchRule[] = [];
  while (rules.length < count) {
    const type = shared || rules.length % 10 === 0 ? usual : pick(random, others);
    const cond = { all: makeConditions(random, type, sample) };
    if (type === usual) {
      const share = sample.pairs.filter((pair) => conditionHolds(cond, pair)).length / sample.pairs.length;
      if (shared ? share <= 0 || share >= 0.024 : share <= 0.03 || share >= 0.21) continue;
    }
    rules.push({ id: `rule-${rules.length}`, cond });
  }
  return rules;
};

/** The hard corpus: the rules without any equality condition except the event type, where something else is left. */
export const hardRules = (rules: readonly BenchRule[]): BenchRule[] =>
  rules
    .map(({ id, cond }) => ({ id, cond: { all: cond.all.flatMap(withoutEqualities) } }))
    .filter(({ cond }) => cond.all.length > 1);

const withoutEqualities = (condition: BenchCondition): BenchCondition[] => {
  if ('all' in condition) {
    const all = condition.all.flatMap(withoutEqualities);
    return all.length > 0 ? [{ all }] : [];
  }
  if ('any' in condition) {
    const any = condition.any.flatMap(withoutEqualities);
    return any.length > 0 ? [{ any }] : [];
  }
  return (condition.op === 'eq' || condition.op === 'in') && condition.f !== 'event.type' ? [] : [condition];
};
