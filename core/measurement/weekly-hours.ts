/**
 * When people open and click, by the 168 hours of their week: cell 0 is the hour from Monday 00:00 on, by the clock on their
 * wall (local-time.ts). All profiles sum up to 1.
 */
export const WEEK_HOURS = 168;
const DAY_HOURS = 24;
const HOUR_MS = 3_600_000;
/** 1970-01-01 was a Thursday. */
const THURSDAY = 3 * DAY_HOURS;

/** The cell of a wall time (see local-time.ts). */
export const weekHourOf = (wallMs: number): number => (Math.floor(wallMs / HOUR_MS) + THURSDAY) % WEEK_HOURS;

/** What was seen in an hour is half as likely seen in the next one, and the one before: people are not that punctual. */
const KERNEL = [0.25, 0.5, 0.25] as const;
const smoothed = (counts: ArrayLike<number>): Float64Array => {
  const { length } = counts;
  const [before, own, after] = KERNEL;
  const found = new Float64Array(length);
  // A plain loop: it runs once for each recipient.
  for (let cell = 0; cell < length; cell += 1) {
    const [previous, next] = [counts[(cell + length - 1) % length] ?? 0, counts[(cell + 1) % length] ?? 0];
    found[cell] = before * previous + own * (counts[cell] ?? 0) + after * next;
  }
  return found;
};

/** So much of the population's profile is spread evenly: an hour in which nobody was ever seen is not impossible. */
const UNIFORM = 0.05;

/**
 * So many sightings are what is known before worth: of a person's hour of the day what the population does, and of a cell what the hour
 * of the day says. Chosen by `npm run bench -- send-time`, which tries others beside them.
 */
export const HOUR_WEIGHT = 8;
export const DAY_WEIGHT = 200;

/** How a population spreads over the week. `byHour`: all days together, 24 cells. */
export type PopulationHours = { byCell: Float64Array; byHour: Float64Array };

/**
 * Of what was seen in each cell; undefined when nothing was. A cell is shrunk to its hour of the day: where nobody was ever written to
 * on a Saturday, Saturdays are taken to be as other days.
 */
export const populationHours = (seen: ArrayLike<number>): PopulationHours | undefined => {
  const total = sum(seen);
  if (total === 0) return undefined;
  const cells = smoothed(seen);
  const hours = hoursOf(cells);
  const byCell = cells.map((count, cell) => {
    const prior = (hours[cell % DAY_HOURS] ?? 0) / total / 7;
    return (1 - UNIFORM) * ((count + DAY_WEIGHT * prior) / (total + DAY_WEIGHT)) + UNIFORM / WEEK_HOURS;
  });
  return { byCell, byHour: hoursOf(byCell) };
};

/**
 * How likely one person is active in a cell: the mean of a Dirichlet-multinomial posterior, (count + k · prior) / (n + k), twice, as
 * back-off models of language do it (MacKay and Peto 1995, "A hierarchical Dirichlet language model"). First the hour of the day is
 * shrunk to the population's. Then the cell is shrunk to that hour, spread over the days as the population spreads it: who was
 * seen at eight on Monday is looked for at eight on Thursday, too. `seen`: how often the person was, by cell.
 */
export const personHours = (
  seen: ReadonlyMap<number, number>,
  { byCell, byHour }: PopulationHours,
  [hourWeight, dayWeight] = [HOUR_WEIGHT, DAY_WEIGHT],
): ((cell: number) => number) => {
  const counts = new Float64Array(DAY_HOURS);
  let total = 0;
  for (const [cell, count] of seen) {
    const hour = cell % DAY_HOURS;
    counts[hour] = (counts[hour] ?? 0) + count;
    total += count;
  }
  const own = smoothed(counts);
  return (cell) => {
    const hour = cell % DAY_HOURS;
    const population = byHour[hour] ?? 0;
    const atHour = ((own[hour] ?? 0) + hourWeight * population) / (total + hourWeight);
    const prior = (atHour * (byCell[cell] ?? 0)) / population;
    return ((seen.get(cell) ?? 0) + dayWeight * prior) / (total + dayWeight);
  };
};

const hoursOf = (byCell: Float64Array): Float64Array => {
  const hours = new Float64Array(DAY_HOURS);
  byCell.forEach((share, cell) => {
    hours[cell % DAY_HOURS] = (hours[cell % DAY_HOURS] ?? 0) + share;
  });
  return hours;
};
const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);
