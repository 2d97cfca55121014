import { WEEK_HOURS } from '../../core/measurement/weekly-hours.ts';
import { seededRandom } from '../../local/random.ts';

/** Somebody made up: how likely they are active in each cell of the week. Sums up to 1. */
export type Person = Float64Array;

/** Peaks of the day, and how many people have theirs there. The last kind keeps other hours than most. */
const PEAKS: readonly { share: number; hour: (random: () => number) => number }[] = [
  { share: 0.3, hour: (random) => 7 + 2 * random() },
  { share: 0.15, hour: (random) => 12 + 1.5 * random() },
  { share: 0.45, hour: (random) => 18 + 4 * random() },
  { share: 0.1, hour: (random) => 24 * random() },
];

/** How far apart two hours of a day are. */
const apart = (a: number, b: number): number => Math.min(Math.abs(a - b), 24 - Math.abs(a - b));
const bell = (hour: number, peak: number, width: number): number => Math.exp(-((apart(hour, peak) / width) ** 2) / 2);

const peakOf = (random: () => number): number => {
  let left = random();
  const kind = PEAKS.find(({ share }) => {
    left -= share;
    return left < 0;
  });
  return (kind ?? PEAKS[0]!).hour(random);
};

/**
 * A main peak, a second one that is weaker, a little at any hour of the day, days of the week that are liked more or less,
 * and weekends on which everything is later.
 */
const makePerson = (random: () => number): Person => {
  const [main, second, rest] = [peakOf(random), peakOf(random), 0.5 * random()];
  const [width, later] = [0.7 + 1.3 * random(), 2.5 * random()];
  const days = Array.from({ length: 7 }, () => 0.4 + random());
  const cells = Float64Array.from({ length: WEEK_HOURS }, (_, cell) => {
    const day = Math.floor(cell / 24);
    // The middle of the hour; at a weekend it feels earlier.
    const hour = (cell % 24) + 0.5 - (day >= 5 ? later : 0);
    const awake = hour > 7 && hour < 23 ? 0.03 : 0.003;
    return (days[day] ?? 1) * (bell(hour, main, width) + rest * bell(hour, second, width) + awake);
  });
  const total = cells.reduce((sum, value) => sum + value, 0);
  return cells.map((value) => value / total);
};

export const makePeople = (count: number, seed: number): Person[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => makePerson(random));
};

/** Cells in which the person was seen, `times` draws. */
export const sightings = (person: Person, times: number, random: () => number): Map<number, number> => {
  const seen = new Map<number, number>();
  for (let n = 0; n < times; n += 1) {
    let left = random();
    let cell = person.findIndex((share) => {
      left -= share;
      return left < 0;
    });
    if (cell < 0) cell = WEEK_HOURS - 1;
    seen.set(cell, (seen.get(cell) ?? 0) + 1);
  }
  return seen;
};
