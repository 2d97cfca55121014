import { isMember, type Person } from '../../core/audience/segment-predicate.ts';
import { seededRandom } from '../../local/random.ts';
import type { Part } from '../part.ts';
import { spread, spreadText } from '../statistics.ts';
import { NOW_MS } from './made-lake.ts';
import { QUESTIONS } from './questions.ts';

const PEOPLE = 500;
const EVENTS = 100;
const WINDOWS = 5;
const TYPES = ['page.viewed', 'page.viewed', 'page.viewed', 'product.viewed', 'cart.updated', 'purchase'];
const CATEGORIES = ['shoes', 'books', 'toys', 'food'];
const TIERS = ['gold', 'silver', 'bronze', 'none'];
const CITIES = ['Paris', 'Berlin', 'Madrid', 'Rome'];
const DAY_MS = 86_400_000;

const makePeople = (): Person[] => {
  const random = seededRandom(7);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  return Array.from(
    { length: PEOPLE },
    (_, n): Person => ({
      profile: {
        profileId: `p${n}`,
        version: 1,
        updatedMs: NOW_MS,
        email: `p${n}@example.com`,
        attributes: {
          age: 18 + below(70),
          city: pick(CITIES),
          firstName: `Person ${n}`,
          lat: 36 + 22 * random(),
          lon: -10 + 35 * random(),
          orders: below(40),
          signedUp: new Date(NOW_MS - below(1_500) * DAY_MS).toISOString().slice(0, 10),
          tags: [pick(['new', 'vip', 'sale'])],
          tier: pick(TIERS),
        },
      },
      consents: { email: random() < 0.8 },
      lists: new Set(),
      events: Array.from({ length: EVENTS }, (__, k) => {
        const timeMs = NOW_MS - below(90 * DAY_MS);
        const properties = { amount: below(20_000) / 100, category: pick(CATEGORIES), sku: `sku-${below(5_000)}` };
        return { id: `e${n}-${k}`, source: 'shop', type: pick(TYPES), timeMs, receivedMs: timeMs, properties };
      }),
    }),
  );
};

/** How many times a second one core decides whether a person belongs to a segment. */
export const measurePredicate = async (windowMs: number): Promise<Part> => {
  const people = makePeople();
  const rows = QUESTIONS.map(({ name, segment }) => {
    let [done, members] = [0, 0];
    const runFor = (ms: number): number => {
      const [before, startedAt] = [done, performance.now()];
      do {
        for (let n = 0; n < 50; n += 1) if (isMember(segment, people[(done + n) % PEOPLE]!, NOW_MS)) members += 1;
        done += 50;
      } while (performance.now() - startedAt < ms);
      return ((done - before) * 1_000) / (performance.now() - startedAt);
    };
    runFor(windowMs);
    const perSecond = spread(
      Array.from({ length: WINDOWS }, () => runFor(windowMs)),
      0,
    );
    return { question: name, members: members / done, perSecond };
  });
  const text = rows.map(
    ({ question, members, perSecond }) =>
      `  ${question.padEnd(40)} ${spreadText(perSecond)} (${(100 * members).toFixed(1)} % belong)`,
  );
  return {
    figures: { predicate: rows },
    text: `Predicate: people decided a second on one core, each with ${EVENTS} events, median (lowest … highest)\n${text.join('\n')}`,
    bars: [],
  };
};
