import { parseArgs } from 'node:util';
import { dueTimes } from '../../core/delivery/due-times.ts';
import {
  DAY_WEIGHT,
  HOUR_WEIGHT,
  type PopulationHours,
  personHours,
  populationHours,
  WEEK_HOURS,
} from '../../core/measurement/weekly-hours.ts';
import { seededRandom } from '../../local/random.ts';
import { makePeople, type Person, sightings } from './people.ts';

/**
 * `npm run bench -- send-time [--people N] [--window HOURS] [--json]`
 * How well the best hour of a window is found, of people who are made up and whose true hours are therefore known, by how often
 * each was seen before. Found: the hour is the best one. Near: it is that or one beside it. Worth: how likely they are active in the
 * hour that was found, as a share of the best one's. The last table tries other weights of the prior. And how fast that goes.
 */
const { values: options } = parseArgs({
  options: {
    people: { type: 'string', default: '4000' },
    window: { type: 'string', default: '24' },
    json: { type: 'boolean', default: false },
  },
});
const people = makePeople(Number(options.people), 1);
const windowHours = Number(options.window);
const TIMES = [0, 1, 2, 5, 10, 20, 50, 100];

type Scores = (cell: number) => number;
type Method = (seen: ReadonlyMap<number, number>, population: PopulationHours) => Scores;
const shrunk =
  (weights: [number, number]): Method =>
  (seen, population) =>
    personHours(seen, population, weights);
const METHODS: Record<string, Method> = {
  'shrunk, in two steps': shrunk([HOUR_WEIGHT, DAY_WEIGHT]),
  'shrunk, cells alone': (seen, { byCell }) => {
    return (cell) => (seen.get(cell) ?? 0) + 10 * (byCell[cell] ?? 0);
  },
  'not shrunk': (seen) => (cell) => seen.get(cell) ?? 0,
  "the population's":
    (_, { byCell }) =>
    (cell) =>
      byCell[cell] ?? 0,
};

/** What the lake of such a population would know: ten sightings of each. */
const population = (): PopulationHours => {
  const random = seededRandom(2);
  const seen = new Float64Array(WEEK_HOURS);
  for (const person of people) {
    for (const [cell, count] of sightings(person, 10, random)) seen[cell] = (seen[cell] ?? 0) + count;
  }
  return populationHours(seen) as PopulationHours;
};
const known = population();

const bestOf = (cells: readonly number[], scores: Scores): number =>
  cells.reduce((best, cell) => (scores(cell) > scores(best) ? cell : best));

type Figures = { found: number; near: number; worth: number };
const measure = (method: Method, times: number): Figures => {
  // The same draws for each method.
  const random = seededRandom(3);
  const figures = { found: 0, near: 0, worth: 0 };
  for (const person of people) {
    const start = Math.floor(random() * WEEK_HOURS);
    const cells = Array.from({ length: windowHours }, (_, n) => (start + n) % WEEK_HOURS);
    const truth: Scores = (cell) => (person as Person)[cell] ?? 0;
    const best = bestOf(cells, truth);
    const chosen = bestOf(cells, method(sightings(person, times, random), known));
    const away = Math.abs(cells.indexOf(best) - cells.indexOf(chosen));
    if (away === 0) figures.found += 1;
    if (away <= 1) figures.near += 1;
    figures.worth += truth(chosen) / truth(best);
  }
  const share = (total: number) => Number((total / people.length).toFixed(3));
  return { found: share(figures.found), near: share(figures.near), worth: share(figures.worth) };
};

/** How many recipients with 20 sightings each get their time in a second, on this machine. */
const recipientsPerSecond = (): number => {
  const random = seededRandom(4);
  const startMs = Date.UTC(2026, 10, 18, 12);
  const zones = ['Europe/Paris', 'America/New_York', 'Asia/Kolkata', 'UTC'];
  const recipients = Array.from({ length: 50_000 }, (_, n) => ({
    ...{ profile_id: `p${n}`, time_zone: zones[n % zones.length] ?? '' },
    active: Array.from({ length: 20 }, () => startMs - Math.floor(random() * 90 * 86_400_000)).join(','),
  }));
  const asked = { sendTime: { best: { within: { hours: windowHours } } }, runId: 'r', channels: [], settings: {} };
  const dueOf = dueTimes({ ...asked, startMs, population: known });
  const began = performance.now();
  for (const recipient of recipients) dueOf(recipient);
  return Math.round((recipients.length / (performance.now() - began)) * 1_000);
};
const perSecond = recipientsPerSecond();

const byMethod = Object.fromEntries(
  Object.entries(METHODS).map(([name, method]) => [name, TIMES.map((times) => measure(method, times))]),
);
const WEIGHTS = [1, 2, 4, 8].flatMap((hour) =>
  [25, 50, 100, 200, 400, 1000].map((day): [number, number] => [hour, day]),
);
const byWeights = WEIGHTS.map((weights) => ({
  weights,
  worth: [2, 5, 10, 20, 50].map((times) => measure(shrunk(weights), times).worth),
}));

if (options.json) {
  console.log(
    JSON.stringify(
      { people: people.length, windowHours, times: TIMES, byMethod, byWeights, recipientsPerSecond: perSecond },
      null,
      2,
    ),
  );
} else {
  const row = (name: string, cells: readonly (string | number)[]) =>
    console.log(name.padEnd(24) + cells.map((cell) => String(cell).padStart(7)).join(''));
  console.log(`${people.length} people, a window of ${windowHours} hours; by how often each was seen before`);
  console.log(`${perSecond} recipients with 20 sightings each get their time in a second`);
  for (const what of ['found', 'near', 'worth'] as const) {
    row(`\n${what}`, ['', ...TIMES].slice(1));
    for (const [name, figures] of Object.entries(byMethod))
      row(
        name,
        figures.map((one) => one[what].toFixed(3)),
      );
  }
  row('\nworth, by weights', ['', 2, 5, 10, 20, 50].slice(1));
  for (const { weights, worth } of byWeights)
    row(
      `hour ${weights[0]}, day ${weights[1]}`,
      worth.map((one) => one.toFixed(3)),
    );
}
